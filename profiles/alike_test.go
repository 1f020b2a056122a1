package profiles_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// What nodes share is what they have the same: one that differs from the others in
// whatever it may be is judged by its own, and so are all the others.
func TestANodeThatDiffersIsJudgedByItsOwn(t *testing.T) {
	controls, err := profiles.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	c, have := rendered(t, "three-control-planes", 2)
	of := check.ClusterOf(c)
	const manifest, kubelet = "/etc/kubernetes/manifests/kube-apiserver.yaml", "/var/lib/kubelet/config.yaml"
	for what, change := range map[string]func(n *state.Node){
		"was not reached": nil,
		"a mode":          func(n *state.Node) { f := n.Files[manifest]; f.Mode = 0o666; n.Files[manifest] = f },
		"an owner":        func(n *state.Node) { f := n.Files[kubelet]; f.Owner = "user:user"; n.Files[kubelet] = f },
		"unread":          func(n *state.Node) { n.Unread = map[string]string{kubelet: "permission denied"} },
		"another reason":  func(n *state.Node) { n.Unread = map[string]string{"kube-apiserver": "ps does not answer"} },
		"no table":        func(n *state.Node) { n.Table = "" },
		"a sysctl":        func(n *state.Node) { n.Sysctls["vm.overcommit_memory"] = "2" },
		"a document": func(n *state.Node) {
			f := n.Files[kubelet]
			f.Text = []byte("readOnlyPort: 10255\n")
			n.Files[kubelet] = f
		},
		"began before its file changed": func(n *state.Node) {
			for name, p := range n.Processes {
				p.Started = 1000
				n.Processes[name] = p
			}
			for at, f := range n.Files {
				f.Changed = 2000
				n.Files[at] = f
			}
		},
	} {
		for _, name := range []string{c.ControlPlanes()[1].Name, "more-0"} {
			changed := &state.Cluster{Nodes: maps.Clone(have.Nodes), API: have.API}
			delete(changed.Nodes, name)
			if change != nil {
				n := *have.Nodes[name]
				n.Files, n.Sysctls, n.Processes = maps.Clone(n.Files), maps.Clone(n.Sysctls), maps.Clone(n.Processes)
				change(&n)
				changed.Nodes[name] = &n
			}
			at := 0
			all := audited(t, controls, of, c.Nodes, changed)
			for _, control := range controls {
				nodes := c.Nodes
				if !control.PerNode() {
					nodes = []cluster.Node{{}}
				}
				for _, n := range nodes {
					got, want := all[at], control.Audit(t.Context(), check.Subject{Cluster: of, Node: n, Have: changed})
					if got.Control.ID != want.Control.ID || got.Node != want.Node || got.Verdict != want.Verdict || !slices.Equal(got.Seen, want.Seen) || !slices.Equal(got.Notes, want.Notes) {
						t.Errorf("%s of %s: %s on %s is %s by %+v, and asked alone %s by %+v", what, name, want.Control.ID, want.Node, got.Verdict, got.Seen, want.Verdict, want.Seen)
					}
					at++
				}
			}
		}
	}
}

// An audit that nobody waits for ends, and half of it is not taken for all.
func TestAnAuditIsStopped(t *testing.T) {
	controls, err := profiles.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	c, have := rendered(t, "quickstart", 0)
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(20*time.Millisecond, func() { cancel(errors.New("the operator went home")) })
	for range 100_000 { // one audit may be done before that
		var findings []profiles.Finding
		if findings, err = profiles.Audit(ctx, controls, check.ClusterOf(c), c.Nodes, have); err != nil {
			if findings != nil {
				t.Errorf("it has %d findings", len(findings))
			}
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), "the operator went home") || !strings.Contains(err.Error(), "run it again") {
		t.Errorf("it says %v", err)
	}
}
