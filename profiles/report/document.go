// Package report turns an audit into one versioned document, and that document, and
// nothing else, into what auditors and their tools read: CSV, SARIF, JUnit, OSCAL and
// HTML. Text, JSON and YAML of the same document are package view's.
//
// Whatever came from a machine, from a spec or from somebody's own profile is made
// printable when the document is made, so that no format has to think of it again.
package report

import (
	"path/filepath"
	"time"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// FormatVersion is of every document. Its major number changes when a field goes away
// or changes its meaning, its minor when one is added.
const FormatVersion = "1.0"

// Document is an audit.
type Document struct {
	FormatVersion string `json:"format_version"`
	Cluster       string `json:"cluster"`
	Kubernetes    string `json:"kubernetes,omitempty"`
	// Rendered says that no machine was looked at.
	Rendered bool `json:"rendered"`
	// Time is when machines were looked at, in UTC; empty where none was.
	Time string `json:"time,omitempty"`
	// Profiles are those that were asked.
	Profiles []string `json:"profiles,omitempty"`
	// Spec is where the cluster is written, nil of a cluster without a spec.
	Spec *Place `json:"spec,omitempty"`
	// Nodes are all of the cluster, asked or not.
	Nodes []string `json:"nodes"`
	// Deviations are what these machines cannot have as hardened as others.
	Deviations []Deviation `json:"deviations,omitempty"`
	// Notes are for people: which machines could not be looked at, and why.
	Notes    []string  `json:"notes,omitempty"`
	Findings []Finding `json:"findings"`
}

// Finding is one control of one node, or of the cluster where Node is empty.
type Finding struct {
	ID       string           `json:"id"`
	Standard string           `json:"standard"`
	Title    string           `json:"title"`
	Section  string           `json:"section,omitempty"`
	Level    int              `json:"level,omitempty"`
	Cat      int              `json:"cat,omitempty"`
	Scored   bool             `json:"scored,omitempty"`
	Refs     []string         `json:"refs,omitempty"`
	Node     string           `json:"node,omitempty"`
	Verdict  profiles.Verdict `json:"verdict"`
	Evidence []Evidence       `json:"evidence,omitempty"`
	// Notes say what Kubernetes does otherwise than the standard's text has it.
	Notes    []string `json:"notes,omitempty"`
	Waiver   *Waiver  `json:"waiver,omitempty"`
	Remedy   string   `json:"remedy,omitempty"`
	Question string   `json:"question,omitempty"`
	// At is where the spec has a setting that the control is about, if it does.
	At *Place `json:"at,omitempty"`
}

// Evidence is one thing that a verdict rests on. Nothing secret is ever asked for.
type Evidence struct {
	What  string `json:"what"`
	Value string `json:"value,omitempty"`
	// Unread says why it is not known.
	Unread string `json:"unread,omitempty"`
}

// String is the evidence in a line. What was gathered for a person has no name.
func (e Evidence) String() string {
	switch {
	case e.Unread != "":
		return e.What + " is not known: " + e.Unread
	case e.What == "evidence":
		return e.Value
	}
	return e.What + ": " + e.Value
}

// Waiver is what the spec says of a control that is known not to be met.
type Waiver struct {
	Reason  string `json:"reason"`
	Expires string `json:"expires,omitempty"`
	By      string `json:"by,omitempty"`
	Expired bool   `json:"expired,omitempty"`
}

// String is the waiver in a line.
func (w Waiver) String() string {
	s, until := "waived", " until "
	if w.Expired {
		s, until = "no longer waived", ", since "
	}
	if w.By != "" {
		s += " by " + w.By
	}
	if w.Expires != "" {
		s += until + w.Expires
	}
	return s + ": " + w.Reason
}

// Place is a line of the spec.
type Place struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"`
}

// Deviation is something that these machines cannot have.
type Deviation struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// Audit is what a document is made of.
type Audit struct {
	Cluster *cluster.Cluster
	// Dir is the folder of the spec, as whoever asked named it.
	Dir      string
	Rendered bool
	// Looked is when machines were looked at.
	Looked          time.Time
	Profiles, Notes []string
	Findings        []profiles.Finding
}

// New makes the document of an audit.
func New(a Audit) *Document {
	d := &Document{FormatVersion: FormatVersion, Cluster: a.Cluster.Name, Rendered: a.Rendered,
		Profiles: a.Profiles, Notes: a.Notes, Nodes: []string{}, Findings: make([]Finding, 0, len(a.Findings))}
	if a.Cluster.Kubernetes != (cluster.Version{}) { // of what was found it may not be known
		d.Kubernetes = a.Cluster.Kubernetes.String()
	}
	if !a.Rendered && !a.Looked.IsZero() {
		d.Time = a.Looked.UTC().Format(time.RFC3339)
	}
	for _, n := range a.Cluster.Nodes {
		d.Nodes = append(d.Nodes, n.Name)
	}
	for _, x := range a.Cluster.Deviations {
		d.Deviations = append(d.Deviations, Deviation{x.ID, x.Reason})
	}
	o := origins{a.Cluster, a.Dir, map[string]*Place{}}
	d.Spec = o.at("name")
	for _, f := range a.Findings {
		d.Findings = append(d.Findings, finding(f, o))
	}
	d.clean()
	return d
}

func finding(f profiles.Finding, o origins) Finding {
	c := f.Control
	out := Finding{ID: c.ID, Standard: c.Standard(), Title: c.Title, Section: c.Section, Level: c.Level, Cat: c.Cat, Scored: c.Scored, Refs: c.Refs,
		Node: f.Node, Verdict: f.Verdict, Notes: f.Notes, Remedy: c.Remedy, Question: c.Question, At: o.of(c)}
	for _, s := range f.Seen {
		out.Evidence = append(out.Evidence, Evidence{s.What, s.Value, s.Unread})
	}
	if w := f.Waiver; w != nil {
		out.Waiver = &Waiver{w.Reason, w.Expires, w.By, w.Expired}
	}
	return out
}

// place is a line of a spec as its reader can open it.
func place(dir string, o cluster.Origin) *Place {
	if o.File == "" {
		return nil
	}
	return &Place{filepath.ToSlash(filepath.Join(dir, o.File)), o.Line}
}
