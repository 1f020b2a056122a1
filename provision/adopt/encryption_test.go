package adopt

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const key = "c2VjcmV0LWtleS1vZi0zMi1ieXRlcy1leGFjdGx5ISE="

// keys are some that a configuration has, each as "PROVIDER NAME SECRET".
func keys(texts ...string) []EncryptionKey {
	var out []EncryptionKey
	for _, text := range texts {
		words := strings.Fields(text)
		sum := sha256.Sum256([]byte(words[2]))
		out = append(out, EncryptionKey{Provider: words[0], Name: words[1], Digest: sum[:]})
	}
	return out
}

// Who encrypts is read, and the keys are not.
func TestProvidersAreReadWithoutKeys(t *testing.T) {
	text := `kind: EncryptionConfiguration
resources:
- resources: [secrets, configmaps]
  providers:
  - aescbc: {keys: [{name: key1, secret: ` + key + `}]}
  - identity: {}
- resources: [events]
  providers: [{identity: {}}]
`
	got, err := ReadEncryption("/enc.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := &Encryption{Path: "/enc.yaml", Rules: []EncryptionRule{
		{[]string{"secrets", "configmaps"}, []string{"aescbc", "identity"}, keys("aescbc key1 " + key)}, {[]string{"events"}, []string{"identity"}, nil},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	text2, err := json.Marshal(got)
	sum := sha256.Sum256([]byte(key))
	for _, shown := range []string{string(text2), fmt.Sprintf("%v %+v %#v", *got, got.Rules, got.Rules)} {
		if err != nil || strings.Contains(shown, key[:8]) || strings.Contains(shown, fmt.Sprintf("%x", sum[:4])) || strings.Contains(shown, fmt.Sprint(sum[0], sum[1])) {
			t.Errorf("it tells of the key: %s, %v", shown, err)
		}
	}
}

// Several keys are not taken for one because they go by one name: API servers could
// not read what one of them has encrypted.
func TestKeysAreNotToldApartByTheirNames(t *testing.T) {
	for name, c := range map[string]struct {
		file string // what "[N]" stands for is a key's name and secret
		says string // "" where it is one key
	}{
		"one":                          {"{resources: [secrets], providers: [{aescbc: {keys: [[1]]}}, {identity: {}}]}", ""},
		"one in two rules":             {"{resources: [secrets], providers: [{aescbc: {keys: [[1]]}}]}, {resources: [configmaps], providers: [{aescbc: {keys: [[1]]}}]}", ""},
		"two rules":                    {"{resources: [secrets], providers: [{aescbc: {keys: [[1]]}}]}, {resources: [configmaps], providers: [{aescbc: {keys: [[2]]}}]}", "keys aescbc key1, another aescbc key1 for configmaps"},
		"two of a provider":            {"{resources: [secrets], providers: [{secretbox: {keys: [[1], [2]]}}]}", "keys secretbox key1, another secretbox key1 for secrets"},
		"one twice in a provider":      {"{resources: [secrets], providers: [{secretbox: {keys: [[1], [1]]}}]}", "keys secretbox key1 for secrets"},
		"two providers":                {"{resources: [secrets], providers: [{aescbc: {keys: [[1]]}}, {secretbox: {keys: [[2]]}}]}", "keys aescbc key1, secretbox key1 for secrets"},
		"two providers with one":       {"{resources: [secrets], providers: [{aescbc: {keys: [[1]]}}, {secretbox: {keys: [[1]]}}]}", "keys aescbc key1, secretbox key1 for secrets"},
		"two providers, one of a rule": {"{resources: [secrets], providers: [{aescbc: {keys: [[1]]}}]}, {resources: [configmaps], providers: [{identity: {}}, {secretbox: {keys: [[1]]}}]}", "secretbox for configmaps"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.NewReplacer("[1]", "{name: key1, secret: "+key+"}", "[2]", "{name: key1, secret: b3RoZXI=}").Replace("resources: [" + c.file + "]")
			e, err := ReadEncryption("/enc.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			seen := recorded(t, "stock")
			seen.Machines[0].Encryption = e
			got := describe(t, seen)
			f := finding(got, "encryption.key_name")
			if f.Kind == "" {
				f = finding(got, "encryption.provider")
			}
			if got.Refused() != (c.says != "") || f.Seen != c.says {
				t.Errorf("%q, want %q; refused: %t", f.Seen, c.says, got.Refused())
			}
			if c.says == "" && (got.Cluster.Encryption.KeyName != "key1" || got.Cluster.Encryption.Provider != "aescbc") {
				t.Errorf("%+v", got.Cluster.Encryption)
			}
		})
	}
}

// All control planes encrypt alike, or some of them cannot read what others write.
func TestControlPlanesEncryptAlike(t *testing.T) {
	for what, c := range map[string]struct {
		other   EncryptionRule
		refused bool
	}{
		"alike":       {EncryptionRule{[]string{"secrets"}, []string{"aescbc"}, keys("aescbc key1 a")}, false},
		"another key": {EncryptionRule{[]string{"secrets"}, []string{"aescbc"}, keys("aescbc key1 b")}, true},
		"others":      {EncryptionRule{[]string{"configmaps"}, []string{"aescbc"}, keys("aescbc key1 a")}, true},
	} {
		seen := recorded(t, "planes")
		for i := range seen.Machines {
			seen.Machines[i].Encryption = &Encryption{Rules: []EncryptionRule{{[]string{"secrets"}, []string{"aescbc"}, keys("aescbc key1 a")}}}
		}
		seen.Machines[1].Encryption.Rules[0] = c.other
		f := finding(describe(t, seen), "encryption")
		if (f.Kind == Refused) != c.refused || c.refused && strings.Join(f.Nodes, " ") != seen.Machines[1].Name {
			t.Errorf("%s: %+v", what, f)
		}
	}
}

func TestAFileThatIsNoneSaysNothingOfItsText(t *testing.T) {
	for _, text := range []string{
		"", "[]", "resources: " + key, "resources: [{providers: [" + key + "]}]", "resources: [{resources: [secrets], providers: []}]",
		"resources:\n- resources: [secrets]\n  providers:\n  - aescbc: " + key + "\n    secretbox: " + key, "a: *" + key, "\x00" + key, strings.Repeat("[", 100000) + key,
	} {
		got, err := ReadEncryption("/enc.yaml", []byte(text))
		if err == nil {
			t.Errorf("%.60q is read as %v", text, got)
		} else if strings.Contains(err.Error(), key[:8]) {
			t.Errorf("the text is in the error: %v", err)
		}
	}
}
