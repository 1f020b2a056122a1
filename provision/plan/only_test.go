package plan

import (
	"slices"
	"strings"
	"testing"
)

func TestOnlySomeNodes(t *testing.T) {
	// Steps as NODE.NAME, what they come after behind a colon.
	const all = "a.1 a.2 b.1:a.2 b.2 c.1 c.2:b.2 .x:a.1 a.3:.x c.3"
	for nodes, want := range map[string]struct{ kept, waiting string }{
		"a":   {"a.1 a.2", "a.3"},
		"b":   {"", "b.1 b.2"},
		"c":   {"c.1", "c.2 c.3"},
		"a b": {"a.1 a.2 b.1 b.2", "a.3"},
		"b c": {"c.1", "b.1 b.2 c.2 c.3"},
		"d":   {"", ""},
	} {
		p := &Plan{}
		for word := range strings.FieldsSeq(all) {
			id, after, _ := strings.Cut(word, ":")
			node, _, _ := strings.Cut(id, ".")
			s := Step{ID: id, Node: node}
			if after != "" {
				s.After = []string{after}
			}
			p.Steps = append(p.Steps, s)
		}
		waiting := p.Only(strings.Fields(nodes))
		slices.Sort(waiting)
		var kept []string
		for _, s := range p.Steps {
			kept = append(kept, s.ID)
		}
		if got := strings.Join(kept, " "); got != want.kept {
			t.Errorf("%s: %q is kept, want %q", nodes, got, want.kept)
		}
		if got := strings.Join(waiting, " "); got != want.waiting {
			t.Errorf("%s: %q waits, want %q", nodes, got, want.waiting)
		}
	}
}
