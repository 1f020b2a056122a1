package plan

import (
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// A kubelet of another version than the spec's is warned of, and stops nothing.
func TestKubeletsOfAnotherVersionAreWarnedOf(t *testing.T) {
	c, have := small(), fitCluster()
	node := c.Nodes[0].Name
	for version, warned := range map[string]bool{"": false, c.Kubernetes.String(): false, "v1.36.9": true, "v9.9.9-x+y": true, "nonsense": true} {
		have.API.Nodes = map[string]state.NodeObject{node: {Name: node, KubeletVersion: version}}
		got := Preflight(c, wantedImages(), have)
		if (len(got) == 1) != warned || len(got) > 1 {
			t.Errorf("%q: %+v", version, got)
			continue
		}
		if warned && (got[0].Node != node || got[0].Check != "kubelet-version" || !got[0].Warning || !strings.Contains(got[0].Seen, version) || !strings.Contains(got[0].Remedy, "say kubernetes =")) {
			t.Errorf("%q: %+v", version, got[0])
		}
	}
}
