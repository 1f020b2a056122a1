package plan

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

const vipManifest = manifests + "kube-vip.yaml"

func vipWants(node string) state.Want {
	file := &state.File{Path: vipManifest, Origin: state.Written, Mode: 0o600, Owner: "root:root", Content: []byte("new"), Restarts: []string{"kube-vip"}}
	return state.Want{Node: node, Facts: []state.Fact{
		{ID: node + "/file" + vipManifest, Why: "endpoint.vip", File: file},
		{ID: node + "/process/kube-vip", Why: "kubernetes", Process: &state.WantProcess{Name: "kube-vip", Args: []string{"manager"}, Reads: []string{vipManifest}}},
	}}
}

func vipNode(name, text string) *state.Node {
	return &state.Node{Name: name, Clock: 2000,
		Files: map[string]state.HaveFile{kubeletConf: {Type: "file"},
			vipManifest: {Path: vipManifest, Type: "file", Mode: 0o600, Owner: "root:root", SHA256: state.SHA256([]byte(text)), Changed: 900}},
		Processes: map[string]state.Process{"kube-vip": {PID: 7, Started: 1000, Args: []string{"/kube-vip", "manager"}}}}
}

// No two control planes lose who holds the virtual address at the same time.
func TestKubeVIPChangesOnOneControlPlaneAfterTheOther(t *testing.T) {
	c := small()
	c.Nodes = append(c.Nodes, cluster.Node{Name: "cp-2", Role: cluster.ControlPlane, Address: netip.MustParseAddr("192.0.2.12")})
	have := &state.Cluster{Nodes: map[string]*state.Node{"cp-1": vipNode("cp-1", "old"), "cp-2": vipNode("cp-2", "old")}, API: state.API{Status: state.Answering}}
	got := steps(Compute(c, []state.Want{vipWants("cp-1"), vipWants("cp-2")}, have, never))
	want := []string{"cp-1/file" + vipManifest + " restarts kube-vip guarded", "cp-2/file" + vipManifest + " restarts kube-vip guarded after cp-1/file" + vipManifest}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestKubeVIPRunsWithWhatItsManifestSays(t *testing.T) {
	process := []string{"cp-1/process/kube-vip restarts kube-vip guarded"}
	for what, c := range map[string]struct {
		change func(*state.Node)
		want   []string
	}{
		"as it should be": {func(*state.Node) {}, nil},
		"an old process under a right manifest": {func(n *state.Node) {
			f := n.Files[vipManifest]
			f.Changed = 1500
			n.Files[vipManifest] = f
		}, process},
		"other arguments": {func(n *state.Node) {
			n.Processes["kube-vip"] = state.Process{PID: 7, Started: 1000, Args: []string{"/kube-vip", "service"}}
		}, process},
		"it does not run": {func(n *state.Node) { n.Processes = nil }, nil},
		// Nobody holds the address there, and the API server may wait for what comes before.
		"no manifest yet": {func(n *state.Node) {
			delete(n.Files, vipManifest)
			n.Processes, n.Derived = nil, map[string][]byte{}
		}, []string{"cp-1/file" + vipManifest}},
	} {
		n := vipNode("cp-1", "new")
		c.change(n)
		have := &state.Cluster{Nodes: map[string]*state.Node{"cp-1": n}, API: state.API{Status: state.Answering}}
		if got := steps(Compute(small(), []state.Want{vipWants("cp-1")}, have, never)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}
