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
		{[]string{"secrets", "configmaps"}, []string{"aescbc", "identity"}}, {[]string{"events"}, []string{"identity"}},
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

// Where the API server's container sees the file is not where it lies.
func TestTheFileIsFoundOnTheMachine(t *testing.T) {
	seen := recorded(t, "tuned")
	look := seen.Machines[0].Look
	within, on, err := EncryptionFile(look)
	if err != nil || within != "/etc/kubernetes/enc/enc.yaml" || on != within {
		t.Errorf("%s, %s, %v", within, on, err)
	}
	f := look.Files[manifestsDir+"/kube-apiserver.yaml"]
	f.Text = []byte(strings.Replace(string(f.Text), "path: /etc/kubernetes/enc\n", "path: /srv/enc\n", 1))
	look.Files[f.Path] = f
	if _, on, err = EncryptionFile(look); err != nil || on != "/srv/enc/enc.yaml" {
		t.Errorf("%s, %v", on, err)
	}
	if within, on, err = EncryptionFile(recorded(t, "stock").Machines[0].Look); within != "" || on != "" || err != nil {
		t.Errorf("%s, %s, %v", within, on, err)
	}
}
