package view

import (
	"strings"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/provision"
)

// Audited shows what controls say of a cluster: who fails first, then what is not
// known; what passed is counted, and named for who asked for more.
func (h *Human) Audited(a *provision.Audited) {
	for _, n := range a.Notes {
		h.err.linef("Note: %s", n)
	}
	for _, v := range []profiles.Verdict{profiles.Fail, profiles.Unknown, profiles.Pass} {
		if v == profiles.Pass && !h.verbose {
			continue
		}
		h.verdicts(a, v)
	}
	h.out.gap()
	of := "as it is"
	if a.Rendered {
		of = "as it is rendered, with no look at a machine"
	}
	h.out.linef("%s, %s: %d passed, %d failed, %d unknown, %d not applicable.", a.Cluster.Name, of,
		a.Count(profiles.Pass), a.Count(profiles.Fail), a.Count(profiles.Unknown), a.Count(profiles.NotApplicable))
}

// verdicts shows the findings of one verdict.
func (h *Human) verdicts(a *provision.Audited, v profiles.Verdict) {
	if a.Count(v) == 0 {
		return
	}
	h.out.gap()
	id, node := 0, 0
	for _, f := range a.Findings {
		if f.Verdict == v {
			id, node = max(id, len(f.Control.ID)), max(node, len([]rune(Printable(f.Node))))
		}
	}
	for _, f := range a.Findings {
		if f.Verdict != v {
			continue
		}
		mark := pad(h.mark(string(v), h.out), 4)
		h.out.linef("  %s %s  %s  %s", h.out.paint(verdictStyle(string(v)), mark), pad(f.Control.ID, id), pad(f.Node, node), f.Control.Title)
		if v == profiles.Pass {
			continue
		}
		for _, s := range f.Seen {
			if v == profiles.Unknown && s.Unread == "" {
				continue
			}
			what := s.What + ": " + s.Value
			if s.Unread != "" {
				what = s.What + " is not known: " + s.Unread
			}
			h.out.linef("         %s", h.out.paint(dim, what))
		}
		if v == profiles.Fail {
			h.out.linef("         to mend it: %s", f.Control.Remedy)
		}
	}
}

// findingDoc is one finding as a document has it.
type findingDoc struct {
	ID      string    `json:"id"`
	Title   string    `json:"title"`
	Section string    `json:"section,omitempty"`
	Level   int       `json:"level,omitempty"`
	Scored  bool      `json:"scored,omitempty"`
	Node    string    `json:"node"`
	Verdict string    `json:"verdict"`
	Seen    []seenDoc `json:"seen,omitempty"`
	Remedy  string    `json:"remedy,omitempty"`
}

type seenDoc struct {
	What   string `json:"what"`
	Value  string `json:"value,omitempty"`
	Unread string `json:"unread,omitempty"`
}

// auditDoc is an audit as a document has it.
type auditDoc struct {
	Rendered bool         `json:"rendered"`
	Findings []findingDoc `json:"findings"`
}

// Audited puts all findings into the document.
func (j *JSON) Audited(a *provision.Audited) {
	doc := &auditDoc{Rendered: a.Rendered, Findings: []findingDoc{}}
	for _, f := range a.Findings {
		d := findingDoc{ID: f.Control.ID, Title: f.Control.Title, Section: f.Control.Section, Level: f.Control.Level, Scored: f.Control.Scored,
			Node: f.Node, Verdict: strings.ReplaceAll(string(f.Verdict), " ", "-")}
		for _, s := range f.Seen {
			d.Seen = append(d.Seen, seenDoc{Printable(s.What), Printable(s.Value), Printable(s.Unread)})
		}
		if f.Verdict == profiles.Fail {
			d.Remedy = f.Control.Remedy
		}
		doc.Findings = append(doc.Findings, d)
	}
	j.edit(func(d *document) {
		d.Cluster, d.Audit = newClusterDoc(a.Cluster), doc
		for _, n := range a.Notes {
			d.Notes = append(d.Notes, Printable(n))
		}
	})
}
