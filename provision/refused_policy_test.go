package provision

import (
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// A namespace is asked about by what its own label enforces now.
func TestTheStandardOfANamespaceIsItsLabels(t *testing.T) {
	for text, want := range map[string]string{
		`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"baseline","a":"b"}}}`: "baseline",
		`{"metadata":{"labels":{"pod-security.kubernetes.io/warn":"baseline"}}}`:            "",
		`{"metadata":{}}`: "",
		``:                "",
	} {
		if got := enforced(state.HaveObject{JSON: []byte(text)}); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}
