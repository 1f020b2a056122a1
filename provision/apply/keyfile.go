package apply

import (
	"bytes"
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
type keyFiles struct{ reads, final state.Secret }

// stages are made of the key files that are there, by node, and of what reads says
// of resources that all of them encrypt already: a node that was ahead of the
// others when a run was cut does not count. Files whose key, provider or resources
// the final one would not read are refused; no error quotes one.
func stages(want state.Encryption, reads func(encrypted []string) ([]byte, error), files map[string]state.Secret) (keyFiles, error) {
	var key state.Secret
	var encrypted []string
	var first string
	for _, node := range slices.Sorted(maps.Keys(files)) {
		got, err := readKeyFile(files[node], want)
		if err != nil {
			return keyFiles{}, fmt.Errorf("%s on %s: %w", want.File.Path, node, err)
		}
		if key == nil {
			first, key, encrypted = node, got.key, got.encrypted
		}
		if !bytes.Equal(key, got.key) {
			return keyFiles{}, fmt.Errorf("%s on %s has another key than on %s: see which of them the running API servers use (crictl logs of kube-apiserver on each), and put that file on the others",
				want.File.Path, node, first)
		}
		encrypted = slices.DeleteFunc(encrypted, func(r string) bool { return !slices.Contains(got.encrypted, r) })
	}
	if key == nil {
		return keyFiles{}, errors.New("there is no control plane")
	}
	text, err := reads(encrypted)
	if err != nil {
		return keyFiles{}, err
	}
	var out keyFiles
	if out.reads, err = withKey(text, key); err != nil {
		return keyFiles{}, err
	}
	out.final, err = withKey(want.File.Content, key)
	return out, err
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

// readKeyFile reads an EncryptionConfiguration with one key of the provider that is
// wanted, and no other than that reads in the clear.
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
		return keyFile{}, errors.New("it is no EncryptionConfiguration that can be read")
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
	if len(out.key) == 0 {
		return keyFile{}, errors.New("it has no key")
	}
	return out, nil
}
