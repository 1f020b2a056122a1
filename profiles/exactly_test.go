package profiles_test

import (
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
)

// A control that is met by its very values has values.
func TestExactlyWithoutAValue(t *testing.T) {
	const one = "control \"ACME-1\" {\n  title   = \"t\"\n  remedy  = \"r\"\n  check   = path(\"/etc/a\") == null\n  exactly = true\n"
	for more, fine := range map[string]bool{
		"":                                false,
		"  harden {}\n":                   false,
		"  harden {\n    audit {}\n  }\n": false,
		"  harden {\n    kubelet { config = {} }\n  }\n":               false,
		"  harden {\n    audit { max_age = 400 }\n  }\n":               true,
		"  harden {\n    kubelet { config = { maxPods = 60 } }\n  }\n": true,
	} {
		_, diags := profiles.Load("acme.hcl", []byte(one+more+"}\n"))
		if diags.HasErrors() == fine || !fine && (!strings.Contains(diags.Error(), "acme.hcl:5") || !strings.Contains(diags.Error(), "harden")) {
			t.Errorf("%q: %v", more, diags)
		}
	}
	if _, diags := profiles.Load("acme.hcl", []byte(strings.Replace(one, "true", "false", 1)+"}\n")); diags.HasErrors() {
		t.Error(diags)
	}
}
