package plan

import (
	"slices"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// A machine keeps the files of a pod network that this cluster did not have.
func TestResetTakesFlannelsFilesOfAManifestOnly(t *testing.T) {
	c := small()
	name := c.Nodes[0].Name
	for kind, want := range map[cluster.CNIKind]bool{cluster.CNIManifest: true, cluster.CNIBridge: false} {
		c.Network.CNI.Kind = kind
		p := Reset(c, []state.Want{{Node: name}}, &state.Cluster{Nodes: map[string]*state.Node{name: {Name: name}}})
		for _, path := range manifested {
			if got := slices.ContainsFunc(p.Steps, func(s Step) bool { return s.ID == name+"/file"+path }); got != want {
				t.Errorf("with cni %q it removes %s: %v, want %v", kind, path, got, want)
			}
		}
	}
}
