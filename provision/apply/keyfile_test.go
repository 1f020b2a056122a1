package apply

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/etcd"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

const key1, key2 = "a2V5IG51bWJlciBvbmUsIG9mIDMyIGJ5dGVzIGluIGFsbA==", "a2V5IG51bWJlciB0d28sIG9mIDMyIGJ5dGVzIGluIGFsbA=="

// rule is one of an EncryptionConfiguration: "secretbox configmaps secrets" has
// that provider first, "identity configmaps" the other.
func rule(rule, provider, key string) string {
	words := strings.Fields(rule)
	keyed, identity := fmt.Sprintf("  - %s:\n      keys:\n      - name: key1\n        secret: %s\n", provider, key), "  - identity: {}\n"
	text := "- resources: [" + strings.Join(words[1:], ", ") + "]\n  providers:\n"
	if words[0] == "identity" {
		return text + identity + keyed
	}
	return text + keyed + identity
}

func keyText(provider, key string, rules ...string) state.Secret {
	text := "kind: EncryptionConfiguration\nresources:\n"
	for _, r := range rules {
		text += rule(r, provider, key)
	}
	return state.Secret(text)
}

// wanted are ConfigMaps and Secrets, with secretbox.
func wanted() (state.Encryption, func([]string) ([]byte, error)) {
	ref := state.Ref(encryptionKey)
	return state.Encryption{
			File:      state.File{Path: "/keys", Content: keyText("secretbox", ref, "secretbox configmaps secrets")},
			Resources: []string{"configmaps", "secrets"}, Prefix: "k8s:enc:secretbox:v1:key1:",
		}, func(encrypted []string) ([]byte, error) {
			var rules []string
			for _, r := range []string{"configmaps", "secrets"} {
				if slices.Contains(encrypted, r) {
					rules = append(rules, "secretbox "+r)
				} else {
					rules = append(rules, "identity "+r)
				}
			}
			return keyText("secretbox", ref, rules...), nil
		}
}

func TestStagesOfKeyFiles(t *testing.T) {
	const before, final = "secretbox secrets", "secretbox configmaps secrets"
	file := func(rules ...string) state.Secret { return keyText("secretbox", key1, rules...) }
	noKey := state.Secret("resources:\n- resources: [secrets]\n  providers: [{identity: {}}]\n")
	between := file("identity configmaps", before)
	for what, test := range map[string]struct {
		files []state.Secret
		reads state.Secret
		err   string
		odd   string // whose key is another than most have
	}{
		"resources are added":            {[]state.Secret{file(before), file(before)}, between, "", ""},
		"all can read it":                {[]state.Secret{between, between}, between, "", ""},
		"some can read it":               {[]state.Secret{between, file(before)}, between, "", ""},
		"one is ahead":                   {[]state.Secret{file(final), between}, between, "", ""},
		"one is behind":                  {[]state.Secret{between, file(final)}, between, "", ""},
		"nothing was encrypted":          {[]state.Secret{file("identity configmaps secrets")}, file("identity configmaps", "identity secrets"), "", ""},
		"some encrypted more":            {[]state.Secret{file("secretbox secrets", "secretbox configmaps"), file(before)}, between, "", ""},
		"another key":                    {[]state.Secret{file(before), keyText("secretbox", key2, before)}, nil, "/keys: its key differs between cp-1 | cp-2", ""},
		"another key on one of three":    {[]state.Secret{file(final), keyText("secretbox", key2, final), file(final)}, file("secretbox configmaps", "secretbox secrets"), "", "cp-2"},
		"another key, most are wrong":    {[]state.Secret{file("identity configmaps secrets"), file(final), keyText("secretbox", key2, final)}, file("identity configmaps", "identity secrets"), "", "cp-3"},
		"three keys":                     {[]state.Secret{file(final), keyText("secretbox", key2, final), keyText("secretbox", "a2V5", final)}, nil, "differs between cp-1 | cp-2 | cp-3", ""},
		"no key on one":                  {[]state.Secret{file(final), noKey}, file("identity configmaps", "identity secrets"), "", ""},
		"two keys":                       {[]state.Secret{append(file(before), rule("secretbox configmaps", "secretbox", key2)...)}, nil, "more than one key", ""},
		"another provider":               {[]state.Secret{keyText("aescbc", key1, "aescbc secrets")}, nil, "encrypts with aescbc", ""},
		"another provider behind":        {[]state.Secret{append(file(before), rule("identity configmaps", "aescbc", key1)...)}, nil, "encrypts with aescbc", ""},
		"more than the spec names":       {[]state.Secret{file(before, "secretbox leases.coordination.k8s.io")}, nil, "encrypts leases.coordination.k8s.io", ""},
		"no key":                         {[]state.Secret{noKey}, nil, "no key on any", ""},
		"what is no configuration":       {[]state.Secret{state.Secret("resources: " + key1)}, nil, "no EncryptionConfiguration", ""},
		"what would not be read anymore": {[]state.Secret{file(final), file(before, "secretbox events")}, nil, "encrypts events", ""},
	} {
		want, reads := wanted()
		files := map[string]state.Secret{}
		for i, f := range test.files {
			files[fmt.Sprintf("cp-%d", i+1)] = f
		}
		got, err := stages(want, reads, files)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: %v", what, err)
			}
			if err != nil && (strings.Contains(err.Error(), key1) || strings.Contains(err.Error(), key2)) {
				t.Errorf("%s: it says the key", what)
			}
			continue
		}
		if err != nil || string(got.final) != string(file(final)) || string(got.reads) != string(test.reads) || strings.Join(got.odd, " ") != test.odd {
			t.Errorf("%s: %v\nreads\n%s\nfinal\n%s", what, err, []byte(got.reads), []byte(got.final))
		}
	}
}

func TestTheReadsTextMayFail(t *testing.T) {
	want, _ := wanted()
	broken := errors.New("broken")
	_, err := stages(want, func([]string) ([]byte, error) { return nil, broken }, map[string]state.Secret{"cp-1": keyText("secretbox", key1, "secretbox secrets")})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestWhatLiesInEtcdOtherwiseIsSaid(t *testing.T) {
	const prefix = "k8s:enc:secretbox:v1:key1:"
	for what, test := range map[string]struct {
		got  etcd.Stored
		says string
	}{
		"all as wanted": {etcd.Stored{Resource: "secrets", Objects: 3, Under: map[string]int{prefix: 3}}, ""},
		"none":          {etcd.Stored{Resource: "configmaps"}, ""},
		"in the clear":  {etcd.Stored{Resource: "secrets", Objects: 3, Clear: 1, Named: []string{"/registry/secrets/a/b"}, Under: map[string]int{prefix: 2}}, "1 of 3 objects of secrets lie in etcd in the clear: /registry/secrets/a/b"},
		"another key":   {etcd.Stored{Resource: "secrets", Objects: 3, Under: map[string]int{prefix: 2, "k8s:enc:aescbc:v1:key1:": 1}}, "1 of 3 objects of secrets lie in etcd under k8s:enc:aescbc:v1:key1:"},
	} {
		err := asWanted(test.got, prefix)
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
