// Package profiles has the standards that bulwark knows, as data: a control for each
// of their rules, with what it asks of a node. Titles and remedies are our own words;
// ids are the standard's.
package profiles

import (
	"context"
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
// Where the context ends, the verdict is unknown, and says so. What is seen may be shared
// with other findings, and must not be changed.
func (c *Control) Audit(ctx context.Context, s check.Subject) Finding {
	f := Finding{Control: c}
	if c.PerNode() {
		f.Node = s.Node.Name
	}
	f.Notes = c.changes(s.Cluster.Kubernetes)
	f.Verdict, f.Seen = c.judge(ctx, s)
	return f
}

// judge is a verdict with what it rests on.
func (c *Control) judge(ctx context.Context, s check.Subject) (Verdict, []check.Seen) {
	if c.Retired != "" {
		return NotApplicable, []check.Seen{{What: "retired", Value: c.Retired}}
	}
	if c.Applies != nil {
		switch a := c.Applies.Ask(ctx, s); a.Verdict {
		case check.False:
			return NotApplicable, a.Seen
		case check.Unknown:
			return Unknown, a.Seen
		case check.True:
		}
	}
	if c.Check == nil {
		if c.Evidence == nil {
			return Review, nil
		}
		return Review, c.Evidence.Show(ctx, s)
	}
	switch a := c.Check.Ask(ctx, s); a.Verdict {
	case check.True:
		return Pass, a.Seen
	case check.False:
		if c.Evidence == nil {
			return Fail, a.Seen
		}
		seen := slices.Clone(a.Seen)
		for _, e := range c.Evidence.Show(ctx, s) {
			if e.Unread == "" && e.Value != "none" {
				seen = append(seen, e)
			}
		}
		return Fail, seen
	default:
		return Unknown, a.Seen
	}
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
