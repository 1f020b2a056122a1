package view

import (
	"strings"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Profiles lists profiles, and every control of theirs where asked for.
func (h *Human) Profiles(s *provision.Standards, controls bool) {
	name := 0
	for _, p := range s.Profiles {
		name = max(name, len(p.Name))
	}
	for _, p := range s.Profiles {
		h.out.linef("%s  %s (%s)", h.out.paint(bold, pad(p.Name, name)), p.Title, count(len(s.Holds[p.Name]), "control"))
		if p.Kubernetes != "" {
			h.out.linef("%s  %s", pad("", name), h.out.paint(dim, "written for Kubernetes "+p.Kubernetes))
		}
	}
	if !controls {
		return
	}
	id := 0
	for _, c := range s.Controls {
		id = max(id, len(c.ID))
	}
	h.out.gap()
	for _, c := range s.Controls {
		h.out.linef("  %s  %s  %s", pad(c.ID, id), h.out.paint(dim, pad(kindOf(c), len("retired"))), c.Title)
	}
}

// kindOf says who decides a control.
func kindOf(c profiles.Control) string {
	switch {
	case c.Retired != "":
		return "retired"
	case c.Check == nil:
		return "person"
	}
	return "check"
}

// Control shows one control as it is written, and which profiles have it.
func (h *Human) Control(c profiles.Control, in *provision.Standards) {
	h.out.linef("%s  %s", h.out.paint(bold, c.ID), c.Title)
	if names := namesOf(in); len(names) > 0 {
		h.out.linef("%s", h.out.paint(dim, "in the profiles "+strings.Join(names, ", ")))
	}
	h.out.gap()
	for line := range strings.SplitSeq(c.Text, "\n") {
		h.out.linef("%s", line)
	}
}

func namesOf(in *provision.Standards) []string {
	var out []string
	for _, p := range in.Profiles {
		out = append(out, p.Name)
	}
	return out
}

// Explained says what a setting comes to, and why.
func (h *Human) Explained(e *cluster.Explained) {
	value := e.Value
	if value == "" {
		value = "not set: the component's own default holds"
	}
	h.out.linef("%s = %s", h.out.paint(bold, e.Path), value)
	h.out.linef("  from %s; %s", e.Origin, e.Rule)
	for _, a := range e.Asked {
		waived := ""
		if a.Waived {
			waived = " (waived, so that it counts for nothing)"
		}
		h.out.linef("  %s asks for %s%s", a.Control, a.Value, waived)
	}
	if len(e.Refs) > 0 {
		h.out.linef("  %s", h.out.paint(dim, "whatever the profiles, bulwark holds it for "+strings.Join(e.Refs, ", ")))
	}
}

// profileDoc and controlDoc are a profile and a control as a document has them.
type profileDoc struct {
	Name       string   `json:"name"`
	Title      string   `json:"title"`
	Kubernetes string   `json:"kubernetes,omitempty"`
	Controls   []string `json:"controls"`
}

type controlDoc struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Section  string   `json:"section,omitempty"`
	Level    int      `json:"level,omitempty"`
	Cat      int      `json:"cat,omitempty"`
	Scored   bool     `json:"scored,omitempty"`
	Refs     []string `json:"refs,omitempty"`
	Decided  string   `json:"decided_by"`
	Question string   `json:"question,omitempty"`
	Remedy   string   `json:"remedy,omitempty"`
	Text     string   `json:"text"`
}

type explainedDoc struct {
	Path   string     `json:"path"`
	Value  string     `json:"value"`
	Origin string     `json:"origin"`
	Rule   string     `json:"rule"`
	Asked  []askedDoc `json:"asked"`
	Refs   []string   `json:"refs,omitempty"`
}

type askedDoc struct {
	Control string `json:"control"`
	Value   string `json:"value"`
	Waived  bool   `json:"waived,omitempty"`
}

// Profiles puts profiles, and their controls where asked for, into the document.
func (j *JSON) Profiles(s *provision.Standards, controls bool) {
	j.edit(func(d *document) {
		for _, p := range s.Profiles {
			d.Profiles = append(d.Profiles, profileDoc{p.Name, Printable(p.Title), Printable(p.Kubernetes), s.Holds[p.Name]})
		}
		if controls {
			for _, c := range s.Controls {
				d.Controls = append(d.Controls, newControlDoc(c))
			}
		}
	})
}

func newControlDoc(c profiles.Control) controlDoc {
	return controlDoc{ID: c.ID, Title: Printable(c.Title), Section: Printable(c.Section), Level: c.Level, Cat: c.Cat, Scored: c.Scored, Refs: c.Refs, Decided: kindOf(c),
		Question: Printable(c.Question), Remedy: Printable(c.Remedy), Text: c.Text}
}

// Control puts one control and the profiles that have it into the document.
func (j *JSON) Control(c profiles.Control, in *provision.Standards) {
	j.Profiles(in, false)
	j.edit(func(d *document) { d.Controls = []controlDoc{newControlDoc(c)} })
}

// Explained puts a setting into the document.
func (j *JSON) Explained(e *cluster.Explained) {
	doc := &explainedDoc{Path: e.Path, Value: Printable(e.Value), Origin: Printable(e.Origin), Rule: e.Rule, Asked: []askedDoc{}, Refs: e.Refs}
	for _, a := range e.Asked {
		doc.Asked = append(doc.Asked, askedDoc{a.Control, Printable(a.Value), a.Waived})
	}
	j.edit(func(d *document) { d.Setting = doc })
}
