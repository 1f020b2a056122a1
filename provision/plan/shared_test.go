package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Files that control planes share are copied from who has them: what most have
// counts, and where nobody has any, what their maker makes.
func TestASharedFileIsWhatMostHave(t *testing.T) {
	planes := []string{"a", "b", "c"}
	for name, test := range map[string]struct {
		have string // the bytes of a, b and c; a dot is none
		made bool   // the maker, a, has text to make it from
		want string // the steps, as node<from
		row  bool   // a person must say
	}{
		"nobody has it, a phase makes it":   {have: "...", want: "b<a c<a"},
		"nobody has it, a makes it itself":  {have: "...", made: true, want: "a< b<a c<a"},
		"all have it":                       {have: "111", made: true},
		"one has not":                       {have: "11.", want: "c<a"},
		"the maker has not":                 {have: ".11", made: true, want: "a<b"},
		"one differs":                       {have: "121", want: "b<a"},
		"the maker differs":                 {have: "211", made: true, want: "a<b"},
		"two differ and one has none":       {have: "12.", want: "b<a c<a", row: true},
		"all differ":                        {have: "123", want: "b<a c<a", row: true},
		"only the last has it":              {have: "..1", made: true, want: "a<c b<c"},
		"one differs and the maker has not": {have: ".12", want: "a<b c<b", row: true},
	} {
		t.Run(name, func(t *testing.T) {
			have := &state.Cluster{Nodes: map[string]*state.Node{}}
			var wants []state.Want
			for i, n := range planes {
				f := state.File{Path: "/keys", Origin: state.Adopted, Mode: 0o600, Owner: "root:root", Shared: planes, Maker: "a"}
				if n == "a" && test.made {
					f.Content = []byte("new")
				}
				wants = append(wants, state.Want{Node: n, Facts: []state.Fact{{ID: n + "/file/keys", File: &f}}})
				got := state.HaveFile{Path: "/keys", Type: "absent"}
				if b := test.have[i : i+1]; b != "." {
					got = state.HaveFile{Path: "/keys", Type: "file", Mode: 0o600, Owner: "root:root", SHA256: b}
				}
				have.Nodes[n] = &state.Node{Name: n, Files: map[string]state.HaveFile{"/keys": got}}
			}
			var steps []string
			for _, s := range Compute(&cluster.Cluster{}, wants, have, never).Steps {
				if s.File.Attributes {
					t.Errorf("%s only gets its attributes", s.ID)
				}
				steps = append(steps, fmt.Sprintf("%s<%s", s.Node, s.File.CopyFrom))
			}
			if got := strings.Join(steps, " "); got != test.want {
				t.Errorf("steps %q, want %q", got, test.want)
			}
			if rows := undecided(&cluster.Cluster{}, wants, have); (len(rows) == 1) != test.row {
				t.Errorf("rows %+v", rows)
			}
		})
	}
}
