package profiles_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/check"
)

// A snapshot of what is rendered has the verdicts of what is rendered, with all that
// they rest on, and they come in an order.
func TestASnapshotHasTheSameVerdicts(t *testing.T) {
	controls, err := profiles.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, example := range []string{"quickstart", "three-control-planes"} {
		c, have := rendered(t, example, 3)
		of := check.ClusterOf(c)
		want := audited(t, controls, of, c.Nodes, have)
		var text bytes.Buffer
		if err := check.Take(of, c.Nodes, have).Write(&text); err != nil {
			t.Fatal(err)
		}
		size := text.Len()
		read, err := check.ReadSnapshot(text.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		got := audited(t, controls, read.Cluster, read.Nodes, read.Have)
		if len(got) != len(want) || len(got) < len(controls) {
			t.Fatalf("%s: %d findings of %d controls, and %d of the snapshot", example, len(want), len(controls), len(got))
		}
		passed := 0
		for i, w := range want {
			g := got[i]
			if g.Control.ID != w.Control.ID || g.Node != w.Node || g.Verdict != w.Verdict || !slices.Equal(g.Seen, w.Seen) {
				t.Errorf("%s: %s on %s is %s by %+v, and of the snapshot %s by %+v", example, w.Control.ID, w.Node, w.Verdict, w.Seen, g.Verdict, g.Seen)
			}
			if w.Verdict == profiles.Pass {
				passed++
			}
		}
		if passed < 60 {
			t.Errorf("%s: only %d passed", example, passed)
		}
		t.Logf("%s: %d findings, %d bytes for %d nodes", example, len(want), size, len(c.Nodes))
	}
}

// One subject that keeps what it was asked answers as one that is asked anew.
func TestWhatIsKeptIsAsGood(t *testing.T) {
	controls, err := profiles.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	c, have := rendered(t, "quickstart", 0)
	of := check.ClusterOf(c)
	at := 0
	all := audited(t, controls, of, c.Nodes, have)
	for _, control := range controls {
		nodes := c.Nodes
		if !control.PerNode() {
			nodes = c.Nodes[:1]
		}
		for _, n := range nodes {
			got, want := all[at], control.Audit(t.Context(), check.Subject{Cluster: of, Node: n, Have: have})
			if got.Control.ID != want.Control.ID || got.Node != want.Node || got.Verdict != want.Verdict || !slices.Equal(got.Seen, want.Seen) {
				t.Errorf("%s on %s is %s by %+v, and asked alone %s by %+v", want.Control.ID, want.Node, got.Verdict, got.Seen, want.Verdict, want.Seen)
			}
			at++
		}
	}
}
