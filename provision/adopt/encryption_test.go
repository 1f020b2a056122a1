package adopt

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const key = "c2VjcmV0LWtleS1vZi0zMi1ieXRlcy1leGFjdGx5ISE="

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
		{[]string{"secrets", "configmaps"}, []string{"aescbc", "identity"}, []string{"key1"}}, {[]string{"events"}, []string{"identity"}, nil},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
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
