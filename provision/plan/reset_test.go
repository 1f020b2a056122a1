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

// A reset takes no node from another cluster, goes on after a cut, and is not
// kept from its work by software that is broken.
func TestWhatSpeaksAgainstAReset(t *testing.T) {
	ca := func(n *state.Node, sum string) {
		n.Files[kubeletConf] = state.HaveFile{Type: "file"}
		n.Files[clusterCA] = state.HaveFile{Type: "file", SHA256: sum}
	}
	for name, test := range map[string]struct {
		arrange func(cp, w *state.Node)
		want    string
	}{
		"ours":             {func(cp, w *state.Node) { ca(cp, "a"); ca(w, "a") }, ""},
		"another's":        {func(cp, w *state.Node) { ca(cp, "a"); ca(w, "b") }, "other-cluster"},
		"cut":              {func(cp, w *state.Node) { ca(w, "a") }, ""},
		"broken software":  {func(cp, w *state.Node) { w.Unread = map[string]string{"Images": "x", "Kubelet": "y"} }, ""},
		"what cannot be":   {func(cp, w *state.Node) { w.Unread = map[string]string{"Images": "x", "/etc/kubernetes/pki": "y"} }, "look"},
		"another hostname": {func(cp, w *state.Node) { w.Facts.Hostname = "somebody" }, "hostname"},
	} {
		cp, w := fit("cp-1", ""), fit("w-1", "")
		test.arrange(cp, w)
		var got string
		for _, row := range ResetProblems(small(), map[string]*state.Node{"cp-1": cp, "w-1": w}) {
			got += row.Check
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
