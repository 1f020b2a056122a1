// Package profiles has the standards that bulwark knows, as data: a control for each
// of their rules, with what it asks of a node. Titles and remedies are our own words;
// ids are the standard's.
package profiles

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Control is one rule of a standard.
type Control struct {
	// ID is the standard's name and its own number of the rule: "CIS-1.2.16".
	ID string
	// Title says what holds where the control is met.
	Title string
	// Section is the standard's own.
	Section string
	// Level is 1 or 2 of the CIS benchmark, 0 elsewhere.
	Level int
	// Cat is the category of the DISA STIG, 1 to 3, 1 the gravest; 0 elsewhere.
	Cat int
	// Scored says that the CIS benchmark has its automation decide the rule.
	Scored bool
	// Rule is the standard's other number of it: "CNTR-K8-000160".
	Rule string
	// Refs are ids of controls of other standards that ask the same.
	Refs []string
	// Retired says since when the standard does not ask it any more, and what does
	// instead; such a control has no check.
	Retired string
	// Changed says, by release ("1.34"), what Kubernetes does otherwise since than the
	// standard's text has it.
	Changed map[string]string
	// Applies says of what it is asked; nil of all.
	Applies *check.Question
	// Check is what it asks; nil where no machine can decide.
	Check *check.Question
	// Question is what a person has to judge where Check is nil, and Evidence shows what
	// there is to judge by. Beside a check it shows what of many things failed it.
	Question string
	Evidence *check.Question
	// Harden are the settings of a cluster that it asks for, as a spec has them.
	Harden *hclsyntax.Body
	// Settle says why it is not hardened without a word: the spec has to say whether, by
	// the setting or by a waiver.
	Settle string
	// Exactly says that the very values of Harden meet it alone, and stricter ones do not.
	Exactly bool
	// Remedy is what to do where it is not met, for who does it by hand.
	Remedy string
	// Range is where the control is written, and Text is all of it.
	Range hcl.Range
	Text  string
}

// Finding is what came of one control, on one node or of the cluster.
type Finding struct {
	// Control is one of those that were asked: of a large cluster there are too many
	// findings for each to have its own.
	Control *Control
	// Node is "" where the control is one of the cluster.
	Node    string
	Verdict Verdict
	// Seen is what the verdict rests on.
	Seen []check.Seen
	// Notes say what Kubernetes does otherwise than the standard's text has it.
	Notes []string
	// Waiver is what the spec says of it, nil where it says nothing.
	Waiver *Waiver
}

// Needs is what has to be read to answer a control.
func (c Control) Needs() check.Needs {
	var needs check.Needs
	for _, q := range []*check.Question{c.Applies, c.Check, c.Evidence} {
		if q != nil {
			needs.Add(q.Needs())
		}
	}
	return needs
}

// PerNode says that a control is one of each node, and not of the cluster as a whole.
func (c Control) PerNode() bool {
	for _, q := range [...]*check.Question{c.Applies, c.Check, c.Evidence} {
		if q != nil && q.Needs().Node {
			return true
		}
	}
	return false
}

// Audit asks a control of a node, or of the cluster where [Control.PerNode] is false.
func (c *Control) Audit(s check.Subject) Finding {
	f := Finding{Control: c, Notes: c.changes(s.Cluster.Kubernetes)}
	if c.PerNode() {
		f.Node = s.Node.Name
	}
	if c.Retired != "" {
		f.Verdict, f.Seen = NotApplicable, []check.Seen{{What: "retired", Value: c.Retired}}
		return f
	}
	if c.Applies != nil {
		switch a := c.Applies.Ask(s); a.Verdict {
		case check.False:
			f.Verdict, f.Seen = NotApplicable, a.Seen
			return f
		case check.Unknown:
			f.Verdict, f.Seen = Unknown, a.Seen
			return f
		case check.True:
		}
	}
	if c.Check == nil {
		f.Verdict = Review
		if c.Evidence != nil {
			f.Seen = c.Evidence.Show(s)
		}
		return f
	}
	a := c.Check.Ask(s)
	f.Verdict = map[check.Verdict]Verdict{check.True: Pass, check.False: Fail, check.Unknown: Unknown}[a.Verdict]
	f.Seen = a.Seen
	if f.Verdict == Fail && c.Evidence != nil {
		f.Seen = append(f.Seen, slices.DeleteFunc(c.Evidence.Show(s), func(e check.Seen) bool { return e.Unread != "" || e.Value == "none" })...)
	}
	return f
}

// changes are what Kubernetes does otherwise in a version than the text has it.
func (c Control) changes(version string) []string {
	if len(c.Changed) == 0 {
		return nil
	}
	v, err := cluster.ParseVersion(version)
	if err != nil {
		return nil
	}
	var out []string
	for _, release := range slices.Sorted(maps.Keys(c.Changed)) {
		if v.AtLeast(release) {
			out = append(out, "since "+release+" "+c.Changed[release])
		}
	}
	return out
}
