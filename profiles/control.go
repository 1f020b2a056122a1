// Package profiles has the standards that bulwark knows, as data: a control for each
// of their rules, with what it asks of a node. Titles and remedies are our own words;
// ids are the standard's.
package profiles

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/profiles/check"
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
	// Scored says that the CIS benchmark has its automation decide the rule.
	Scored bool
	// Refs are ids of controls of other standards that ask the same.
	Refs []string
	// Applies says of which nodes it is asked; nil of all.
	Applies *check.Question
	// Check is what it asks.
	Check *check.Question
	// Remedy is what to do where it is not met, for who does it by hand.
	Remedy string
	// Range is where the control is written.
	Range hcl.Range
}

// Verdict is what an audit says of one control and one node.
type Verdict string

// The verdicts. What is unknown is never taken for passed.
const (
	Pass          Verdict = "pass"
	Fail          Verdict = "fail"
	NotApplicable Verdict = "not applicable"
	Unknown       Verdict = "unknown"
)

// Finding is what came of one control on one node.
type Finding struct {
	Control Control
	Node    string
	Verdict Verdict
	// Seen is what the verdict rests on.
	Seen []check.Seen
}

// Needs is what has to be read of a node to answer a control.
func (c Control) Needs() check.Needs {
	needs := c.Check.Needs()
	if c.Applies != nil {
		needs.Add(c.Applies.Needs())
	}
	return needs
}

// Audit asks a control of a node.
func (c Control) Audit(s check.Subject) Finding {
	f := Finding{Control: c, Node: s.Node.Name}
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
	a := c.Check.Ask(s)
	f.Verdict = map[check.Verdict]Verdict{check.True: Pass, check.False: Fail, check.Unknown: Unknown}[a.Verdict]
	f.Seen = a.Seen
	return f
}
