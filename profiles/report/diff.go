package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Read is the document that `bulwark audit -o json` wrote; name is for errors.
func Read(name string, text []byte) (*Document, error) {
	var file struct {
		Command string    `json:"command"`
		Audit   *Document `json:"audit"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%s is no JSON document of an audit: %w; make one with \"bulwark audit SPEC -o json\"", name, err)
	}
	d := file.Audit
	if d == nil {
		return nil, fmt.Errorf("%s holds no audit; make one with \"bulwark audit SPEC -o json\"", name)
	}
	ours, _, _ := strings.Cut(FormatVersion, ".")
	if major, _, _ := strings.Cut(d.FormatVersion, "."); major != ours {
		return nil, fmt.Errorf("%s is an audit of format version %q, and this bulwark reads %s.x; make it anew", name, state.Printable(d.FormatVersion), ours)
	}
	d.clean()
	for _, f := range d.Findings {
		if f.ID == "" || f.Verdict == "" {
			return nil, fmt.Errorf("%s has a finding without id or verdict, and no bulwark wrote that; make it anew", name)
		}
	}
	return d, nil
}

// Diff is what changed from one audit to another. What holds, or does not apply, in both
// is not in it.
type Diff struct {
	Before Side `json:"before"`
	After  Side `json:"after"`
	// New are findings that were not there, or were met, before.
	New []Change `json:"new"`
	// Mended are met now, or do not apply any more.
	Mended []Change `json:"mended"`
	// Changed have another verdict, or rest on something else.
	Changed []Change `json:"changed"`
	// Gone were not asked any more: of a node that is gone, or of a profile that was left
	// out. That is not mending.
	Gone []Change `json:"gone"`
}

// Side is one of two audits.
type Side struct {
	Cluster  string `json:"cluster"`
	Rendered bool   `json:"rendered"`
	Time     string `json:"time,omitempty"`
}

// Change is one finding that is not what it was.
type Change struct {
	ID    string `json:"id"`
	Node  string `json:"node,omitempty"`
	Title string `json:"title"`
	// Before and After are the verdicts; one is empty where there is none.
	Before profiles.Verdict `json:"before,omitempty"`
	After  profiles.Verdict `json:"after,omitempty"`
	// Less and More are evidence that is not there any more, and that is there now.
	Less []string `json:"less,omitempty"`
	More []string `json:"more,omitempty"`
	// Worse says that it is not met, or not known, and was better before; what was not
	// asked before counts as met.
	Worse bool `json:"worse,omitempty"`
}

// Compare says what changed.
func Compare(before, after *Document) *Diff {
	type key struct{ id, node string }
	d := &Diff{Before: Side{before.Cluster, before.Rendered, before.Time}, After: Side{after.Cluster, after.Rendered, after.Time},
		New: []Change{}, Mended: []Change{}, Changed: []Change{}, Gone: []Change{}}
	was, is := map[key]Finding{}, map[key]bool{}
	for _, f := range before.Findings {
		was[key{f.ID, f.Node}] = f
	}
	for _, f := range after.Findings {
		is[key{f.ID, f.Node}] = true
		old := was[key{f.ID, f.Node}]
		c := Change{ID: f.ID, Node: f.Node, Title: f.Title, Before: old.Verdict, After: f.Verdict, Worse: rank(f.Verdict) > max(rank(old.Verdict), rank(profiles.Review))}
		switch {
		case settled(old.Verdict) && settled(f.Verdict):
		case settled(old.Verdict):
			c.More = lines(f, Finding{})
			d.New = append(d.New, c)
		case settled(f.Verdict):
			d.Mended = append(d.Mended, c)
		default:
			c.Less, c.More = lines(old, f), lines(f, old)
			if c.Before != c.After || len(c.Less)+len(c.More) > 0 {
				d.Changed = append(d.Changed, c)
			}
		}
	}
	for _, f := range before.Findings {
		if !is[key{f.ID, f.Node}] && f.Verdict != profiles.NotApplicable {
			d.Gone = append(d.Gone, Change{ID: f.ID, Node: f.Node, Title: f.Title, Before: f.Verdict})
		}
	}
	return d
}

// Worse says that something got worse, see [Change].
func (d *Diff) Worse() bool {
	return slices.ContainsFunc(slices.Concat(d.New, d.Changed), func(c Change) bool { return c.Worse })
}

// settled is a verdict that asks nothing of anybody; so is none.
func settled(v profiles.Verdict) bool {
	return v == "" || v == profiles.Pass || v == profiles.NotApplicable
}

// rank is how much a verdict asks for; what is not there asks nothing.
func rank(v profiles.Verdict) int {
	return slices.Index([]profiles.Verdict{profiles.NotApplicable, profiles.Pass, profiles.Waived, profiles.Review, profiles.Unknown, profiles.Fail}, v) + 1
}

// lines are the evidence and the waiver of a finding that another one does not have.
func lines(f, other Finding) []string {
	have := other.seen()
	return slices.DeleteFunc(f.seen(), func(s string) bool { return slices.Contains(have, s) })
}

func (f Finding) seen() []string {
	var out []string
	for _, e := range f.Evidence {
		out = append(out, e.String())
	}
	if f.Waiver != nil {
		out = append(out, f.Waiver.String())
	}
	return out
}
