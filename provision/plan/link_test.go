package plan

import (
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// apply may take away the link that the plan saw, and nothing else.
func TestAPlanKeepsWhereALinkLeads(t *testing.T) {
	got := state.HaveFile{Path: "/etc/f", Type: "symlink", LeadsTo: "link:aa"}
	have := &state.Cluster{Nodes: map[string]*state.Node{"cp-1": {Name: "cp-1", Files: map[string]state.HaveFile{got.Path: got}}}}
	for _, origin := range []state.Origin{state.Written, state.Forbidden} {
		f := state.Fact{ID: "cp-1/file/etc/f", File: &state.File{Path: got.Path, Origin: origin, Mode: 0o600, Owner: "root:root", Content: []byte("x")}}
		p := Compute(small(), []state.Want{{Node: "cp-1", Facts: []state.Fact{f}}}, have, never)
		if len(p.Steps) != 1 {
			t.Fatalf("%+v", p.Steps)
		}
		step := p.Steps[0].File
		seen := step.Link
		if origin == state.Forbidden {
			seen = step.Had
		}
		if seen != got.LeadsTo {
			t.Errorf("%s: %+v", origin, step)
		}
	}
}
