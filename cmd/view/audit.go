package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/report"
)

// mostEvidence is how many lines of evidence are shown of one finding.
const mostEvidence = 12

// Audited shows what controls say of a cluster: what has to be mended first. What is
// met or not applicable is counted, and named for who asked for more; what is met and
// means less than its text says, since Kubernetes has changed, is named too.
func (h *Human) Audited(d *report.Document) { h.audited(d, d.State()) }

// Tested shows the same of a recorded snapshot, which a file holds.
func (h *Human) Tested(snapshot string, d *report.Document) {
	h.out.gap()
	h.out.linef("%s", h.out.paint(bold, snapshot))
	h.audited(d, "as "+snapshot+" has it")
}

func (h *Human) audited(d *report.Document, state string) {
	h.AuditNotes(d)
	for _, v := range profiles.Verdicts() {
		groups := d.Groups(v)
		switch {
		case h.verbose:
		case v == profiles.Pass:
			groups = slices.DeleteFunc(groups, func(g report.Group) bool { return len(g.Notes) == 0 })
		case v == profiles.NotApplicable:
			continue
		}
		h.groups(groups, v)
	}
	h.out.gap()
	for _, x := range d.Deviations {
		h.out.linef("Deviation %s: %s", x.ID, x.Reason)
	}
	standards := d.Standards()
	if len(standards) > 1 {
		for _, s := range standards {
			h.out.linef("%s: %s.", s, counts(d, s))
		}
	}
	when := ""
	if d.Time != "" {
		when = ", looked at " + d.Time
	}
	h.out.linef("%s, %s%s: %s.", d.Cluster, state, when, counts(d, ""))
}

// AuditNotes shows what an audit could not look at, for formats that go elsewhere.
func (h *Human) AuditNotes(d *report.Document) {
	for _, n := range d.Notes {
		h.err.linef("Note: %s", n)
	}
}

// counts are the verdicts of a standard, or of all: those that there always are, and
// the others where there are any.
func counts(d *report.Document, standard string) string {
	var out []string
	for _, c := range []struct {
		verdict profiles.Verdict
		word    string
		always  bool
	}{{profiles.Pass, "passed", true}, {profiles.Fail, "failed", true}, {profiles.Waived, "waived", false}, {profiles.Unknown, "unknown", true},
		{profiles.Review, "to review", false}, {profiles.NotApplicable, "not applicable", true}} {
		if n := d.Count(standard, c.verdict); n > 0 || c.always {
			out = append(out, fmt.Sprintf("%d %s", n, c.word))
		}
	}
	return strings.Join(out, ", ")
}

// groups shows the findings of one verdict, the same of several nodes in one line.
func (h *Human) groups(all []report.Group, v profiles.Verdict) {
	if len(all) == 0 {
		return
	}
	h.out.gap()
	id := 0
	for _, g := range all {
		id = max(id, len([]rune(g.ID)))
	}
	for _, g := range all {
		on := ""
		if len(g.Nodes) > 0 {
			on = "  (" + strings.Join(g.Nodes, ", ") + ")"
		}
		mark := pad(h.mark(string(v), h.out), 4)
		h.out.linef("  %s %s  %s%s", h.out.paint(verdictStyle(string(v)), mark), pad(g.ID, id), g.Title, h.out.paint(dim, on))
		if v == profiles.Pass {
			h.notes(g.Notes)
		} else {
			h.below(g.Finding)
		}
	}
}

// below shows what a verdict rests on, and what to do.
func (h *Human) below(f report.Finding) {
	left := 0
	for i, e := range f.Evidence {
		switch {
		case f.Verdict == profiles.Unknown && e.Unread == "":
		case i >= mostEvidence && !h.verbose:
			left++
		default:
			h.out.linef("         %s", h.out.paint(dim, e.String()))
		}
	}
	if left > 0 {
		h.out.linef("         %s", h.out.paint(dim, fmt.Sprintf("and %d more (-v shows all)", left)))
	}
	h.notes(f.Notes)
	if f.Waiver != nil {
		h.out.linef("         %s", f.Waiver.String())
	}
	if a := f.Advice(); a != "" {
		h.out.linef("         %s", a)
	}
	if f.At != nil && f.Verdict != profiles.NotApplicable {
		h.out.linef("         %s", h.out.paint(dim, fmt.Sprintf("in the spec: %s:%d", f.At.File, f.At.Line)))
	}
}

// notes are what Kubernetes does otherwise than a text has it.
func (h *Human) notes(all []string) {
	for _, n := range all {
		h.out.linef("         %s", h.out.paint(dim, "Note: "+n))
	}
}

// AuditDiff shows what changed between two audits: what got worse first.
func (h *Human) AuditDiff(d *report.Diff) {
	if d.Before.Cluster != d.After.Cluster {
		h.err.linef("Note: these are audits of two clusters, %s and %s.", d.Before.Cluster, d.After.Cluster)
	}
	if d.Before.Rendered != d.After.Rendered {
		h.err.linef("Note: one of the two is of what was rendered, the other of a living cluster.")
	}
	worse := 0
	for _, part := range []struct {
		title string
		list  []report.Change
	}{{"New:", d.New}, {"Changed:", d.Changed}, {"Gone, and not known to be mended:", d.Gone}, {"Mended:", d.Mended}} {
		if len(part.list) == 0 {
			continue
		}
		h.out.gap()
		h.out.linef("%s", h.out.paint(bold, part.title))
		for _, c := range part.list {
			if c.Worse {
				worse++
			}
			h.change(c)
		}
	}
	h.out.gap()
	h.out.linef("%d new, %d changed, %d gone, %d mended; %d got worse.", len(d.New), len(d.Changed), len(d.Gone), len(d.Mended), worse)
}

func (h *Human) change(c report.Change) {
	on, style := "", style("")
	if c.Node != "" {
		on = " on " + c.Node
	}
	if c.Worse {
		style = red
	}
	word := func(v profiles.Verdict) string {
		if v == "" {
			return "not asked"
		}
		return string(v)
	}
	h.out.linef("  %s%s: %s -> %s  %s", h.out.paint(style, c.ID), on, word(c.Before), word(c.After), c.Title)
	for _, s := range c.Less {
		h.out.linef("      - %s", h.out.paint(dim, s))
	}
	for _, s := range c.More {
		h.out.linef("      + %s", h.out.paint(dim, s))
	}
}

// Audited puts the audit into the document.
func (j *JSON) Audited(d *report.Document) { j.edit(func(doc *document) { doc.Audit = d }) }

// testedDoc is the audit of a recorded snapshot.
type testedDoc struct {
	Snapshot string           `json:"snapshot"`
	Audit    *report.Document `json:"audit"`
}

// Tested puts the audit of a recorded snapshot into the document, beside others.
func (j *JSON) Tested(snapshot string, d *report.Document) {
	j.edit(func(doc *document) { doc.Tested = append(doc.Tested, testedDoc{Printable(snapshot), d}) })
}

// AuditNotes is nothing here: the document has them.
func (j *JSON) AuditNotes(*report.Document) {}

// AuditDiff puts what changed into the document.
func (j *JSON) AuditDiff(d *report.Diff) { j.edit(func(doc *document) { doc.AuditDiff = d }) }
