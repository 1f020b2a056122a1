package apply

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// keyFiles are the key files that all API servers have one after the other: with
// reads they read what is encrypted and write as before, with final they encrypt.
type keyFiles struct {
	reads, final state.Secret
	// odd are nodes whose file has another key than most have.
	odd []string
}

// stages are made of the key files that are there, by node, and of what reads says
// of resources that all of them encrypt already: a node that was ahead of the
// others when a run was cut does not count. The key is the one that most of them have;
// one without any has none to lose. Files whose provider or resources the final one
// would not read are refused, and so are keys of which none is most; no error quotes one.
func stages(want state.Encryption, reads func(encrypted []string) ([]byte, error), files map[string]state.Secret) (keyFiles, error) {
	encrypted := slices.Clone(want.Resources)
	holders := map[string][]string{} // nodes by key
	for _, node := range slices.Sorted(maps.Keys(files)) {
		got, err := readKeyFile(files[node], want)
		if err != nil {
			return keyFiles{}, fmt.Errorf("%s on %s: %w", want.File.Path, node, err)
		}
		encrypted = slices.DeleteFunc(encrypted, func(r string) bool { return !slices.Contains(got.encrypted, r) })
		if len(got.key) > 0 {
			holders[string(got.key)] = append(holders[string(got.key)], node)
		}
	}
	key, odd, err := mostUsed(holders)
	if err != nil {
		return keyFiles{}, fmt.Errorf("%s: %w", want.File.Path, err)
	}
	text, err := reads(encrypted)
	if err != nil {
		return keyFiles{}, err
	}
	out := keyFiles{odd: odd}
	if out.reads, err = withKey(text, key); err != nil {
		return keyFiles{}, err
	}
	out.final, err = withKey(want.File.Content, key)
	return out, err
}

// mostUsed is the key that more than half of the nodes with a key have, and the nodes
// that have another.
func mostUsed(holders map[string][]string) (state.Secret, []string, error) {
	var key string
	var nodes, groups []string
	for k, some := range holders {
		if len(some) > len(holders[key]) {
			key = k
		}
		nodes = append(nodes, some...)
		groups = append(groups, names(some))
	}
	slices.Sort(nodes)
	slices.Sort(groups)
	switch {
	case len(nodes) == 0:
		return nil, nil, errors.New("it has no key on any control plane: put it back from a backup, since nobody else can read what is encrypted")
	case 2*len(holders[key]) <= len(nodes):
		return nil, nil, fmt.Errorf("its key differs between %s: keep a copy of each, see which of them the running API servers use (crictl logs of kube-apiserver on each), and put that file on the others",
			strings.Join(groups, " | "))
	}
	odd := slices.DeleteFunc(nodes, func(n string) bool { return slices.Contains(holders[key], n) })
	return state.Secret(key), odd, nil
}

// withKey puts the key that is in use into a text.
func withKey(text []byte, key state.Secret) (state.Secret, error) {
	return state.Resolve(text, func(name string) ([]byte, bool) { return key, name == encryptionKey })
}

// keyFile is what a key file says.
type keyFile struct {
	key state.Secret
	// encrypted are the resources that it has an API server encrypt.
	encrypted []string
}

// readKeyFile reads an EncryptionConfiguration with at most one key, of the provider
// that is wanted, and no other than that reads in the clear.
func readKeyFile(text state.Secret, want state.Encryption) (keyFile, error) {
	var file struct {
		Resources []struct {
			Resources []string `json:"resources"`
			Providers []map[string]struct {
				Keys []struct {
					Name   string `json:"name"`
					Secret string `json:"secret"`
				} `json:"keys"`
			} `json:"providers"`
		} `json:"resources"`
	}
	words := strings.Split(want.Prefix, ":") // k8s:enc:PROVIDER:v1:KEY:
	if err := yaml.Unmarshal(text, &file); err != nil || len(words) != 6 {
		return keyFile{}, errors.New("it is no EncryptionConfiguration that can be read; put it back from a backup or from another control plane")
	}
	var out keyFile
	for _, rule := range file.Resources {
		for i, p := range rule.Providers {
			for kind, with := range p {
				switch {
				case kind == "identity":
				case kind != words[2] || len(with.Keys) != 1 || with.Keys[0].Name != words[4]:
					return keyFile{}, fmt.Errorf("it encrypts with %s, and the spec has one key of %s: this version changes neither provider nor keys of a cluster that lives; put the spec back", kind, words[2])
				case out.key != nil && string(out.key) != with.Keys[0].Secret:
					return keyFile{}, errors.New("it has more than one key: this version changes no keys of a cluster that lives")
				default:
					out.key = state.Secret(with.Keys[0].Secret)
					if i == 0 {
						out.encrypted = append(out.encrypted, rule.Resources...)
					}
				}
			}
		}
	}
	for _, r := range out.encrypted {
		if !slices.Contains(want.Resources, r) {
			return keyFile{}, fmt.Errorf("it encrypts %s, which the spec does not: objects that are encrypted could not be read any more; name them in encryption { resources }", r)
		}
	}
	return out, nil
}
