package report

import (
	"encoding/json"
	"slices"

	"github.com/bulwark-k8s/bulwark/profiles"
)

// Group is what is the same of several nodes.
type Group struct {
	Finding
	// Nodes are those that it is said of; none where it is said of the cluster.
	Nodes []string
}

// Groups are the findings of a verdict, those that differ by their node alone as one.
// They are in the order of the document.
func (d *Document) Groups(v profiles.Verdict) []Group {
	var out []Group
	at := map[string]int{}
	for _, f := range d.Findings {
		if f.Verdict != v {
			continue
		}
		node := f.Node
		f.Node = ""
		key, _ := json.Marshal(f) // of texts and numbers: it cannot fail
		i, ok := at[string(key)]
		if !ok {
			i = len(out)
			at[string(key)] = i
			out = append(out, Group{Finding: f})
		}
		if node != "" {
			out[i].Nodes = append(out[i].Nodes, node)
		}
	}
	return out
}

// Count is how many findings have a verdict, of one standard, or of all where it is "".
func (d *Document) Count(standard string, v profiles.Verdict) int {
	n := 0
	for _, f := range d.Findings {
		if f.Verdict == v && (standard == "" || f.Standard == standard) {
			n++
		}
	}
	return n
}

// Has says that there is a finding of one of the verdicts, by the words of a command
// line: "fail", "unknown", "review".
func (d *Document) Has(words ...string) bool {
	verdicts := map[string]profiles.Verdict{"fail": profiles.Fail, "unknown": profiles.Unknown, "review": profiles.Review}
	return slices.ContainsFunc(words, func(w string) bool { return d.Count("", verdicts[w]) > 0 })
}

// Standards are those that were asked, in the order of the document.
func (d *Document) Standards() []string {
	var out []string
	for _, f := range d.Findings {
		if !slices.Contains(out, f.Standard) {
			out = append(out, f.Standard)
		}
	}
	return out
}

// State says in words what was asked.
func (d *Document) State() string {
	if d.Rendered {
		return "as it is rendered, with no look at a machine"
	}
	return "as it is"
}

// sentence is a verdict with what a reader has to know of it, for formats that have one
// line for it.
func (f Finding) sentence() string {
	s := f.Title
	if f.Node != "" {
		s = f.Node + ": " + s
	}
	switch f.Verdict {
	case profiles.Fail:
		return "Not met: " + s
	case profiles.Unknown:
		return "Not known: " + s
	case profiles.Review:
		return "For a person to judge: " + s
	case profiles.Waived:
		return "Waived: " + s
	case profiles.NotApplicable:
		return "Not applicable: " + s
	case profiles.Pass:
	}
	return "Met: " + s
}

// lines are what a finding says besides: evidence, notes, waiver, and what to do.
func (f Finding) lines() []string {
	var out []string
	for _, e := range f.Evidence {
		out = append(out, e.String())
	}
	for _, n := range f.Notes {
		out = append(out, "Note: "+n)
	}
	if f.Waiver != nil {
		out = append(out, f.Waiver.String())
	}
	if a := f.Advice(); a != "" {
		out = append(out, a)
	}
	return out
}

// Advice is what a person is to do about a finding, if anything.
func (f Finding) Advice() string {
	switch {
	case f.Verdict == profiles.Review && f.Question != "":
		return "To judge: " + f.Question
	case f.Verdict == profiles.Fail && f.Remedy != "":
		return "To mend it: " + f.Remedy
	}
	return ""
}
