package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// A kubelet of another version than the spec's is warned of, and stops nothing.
func TestKubeletsOfAnotherVersionAreWarnedOf(t *testing.T) {
	c, have := small(), fitCluster()
	node := c.Nodes[0].Name
	patch := fmt.Sprintf("v%d.%d.99", c.Kubernetes.Major, c.Kubernetes.Minor)
	for _, r := range []struct {
		version         string
		warned, another bool
	}{
		{"", false, false}, {c.Kubernetes.String(), false, false}, {patch, true, true}, {"v1.36.9", true, false}, {"v9.9.9-x+y", true, false}, {"nonsense", true, false},
	} {
		have.API.Nodes = map[string]state.NodeObject{node: {Name: node, KubeletVersion: r.version}}
		got := Preflight(c, wantedImages(), have)
		if (len(got) == 1) != r.warned || len(got) > 1 {
			t.Errorf("%q: %+v", r.version, got)
			continue
		}
		if r.warned && (got[0].Node != node || got[0].Check != "kubelet-version" || !got[0].Warning || !strings.Contains(got[0].Seen, r.version) ||
			strings.Contains(got[0].Remedy, "say kubernetes =") != r.another) {
			t.Errorf("%q: %+v", r.version, got[0])
		}
	}
}
