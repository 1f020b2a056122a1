package desired

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// One who joins, or is replaced, must change nothing on those that stay. So what
// lies on a control plane does not tell which of them was first, and not who the
// others are, but for the firewall and the routes.
func TestWhoWasFirstLeavesNoTrace(t *testing.T) {
	c := several(t)
	files := func(first string) map[string]string {
		out := map[string]string{}
		for _, w := range wantsFrom(t, c, first) {
			for _, f := range w.Facts {
				if f.File != nil && f.File.Origin == state.Written {
					out[f.ID] = string(f.File.Content)
				}
			}
		}
		return out
	}
	if diff := cmp.Diff(files("cp-1"), files("cp-3")); diff != "" {
		t.Errorf("files differ with the first control plane:\n%s", diff)
	}
	smaller := *c
	smaller.Nodes = slices.DeleteFunc(slices.Clone(c.Nodes), func(n cluster.Node) bool { return n.Name == "cp-3" || n.Name == "w-2" })
	with := files("cp-1")
	for _, w := range wants(t, &smaller) {
		for _, f := range w.Facts {
			if f.File == nil || f.File.Origin != state.Written || strings.HasSuffix(f.ID, "/firewall.nft") || strings.HasSuffix(f.ID, "/routes.batch") {
				continue
			}
			if diff := cmp.Diff(with[f.ID], string(f.File.Content)); diff != "" {
				t.Errorf("%s changes when nodes come or go:\n%s", f.ID, diff)
			}
		}
	}
}

// etcd takes one member at a time, and each waits for the one before.
func TestControlPlanesJoinOneAtATime(t *testing.T) {
	for first, want := range map[string]map[string]string{
		"cp-1": {"cp-2": "", "cp-3": "cp-2/wait/api"},
		"cp-2": {"cp-1": "", "cp-3": "cp-1/wait/api"},
		"cp-3": {"cp-1": "", "cp-2": "cp-1/wait/api"},
	} {
		got := map[string]string{}
		for _, w := range wantsFrom(t, several(t), first) {
			for _, f := range w.Facts {
				if !strings.HasSuffix(f.ID, "/phase/join-etcd") {
					continue
				}
				got[w.Node] = ""
				for _, id := range f.After {
					if strings.HasSuffix(id, "/wait/api") {
						got[w.Node] = id
					}
				}
				if !slices.Contains(f.After, first+"/phase/init-bootstrap-token") {
					t.Errorf("%s does not wait for %s: %v", f.ID, first, f.After)
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("first %s:\n%s", first, diff)
		}
	}
}
