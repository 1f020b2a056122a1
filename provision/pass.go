package provision

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// Pass is one look of a watch, and what came of it.
type Pass struct {
	// Number counts from 1.
	Number int
	// Began is when the look began, Looked when it had ended, Ended when the
	// repair had too.
	Began, Looked, Ended time.Time
	// Err is why there is no answer at all, or none after a repair.
	Err error
	Seen
	Repair Repair
	// Checks are what was verified; none where nothing was.
	Checks []apply.Check
}

// Seen is what a look found.
type Seen struct {
	// Cluster is the name of the cluster, Nodes those of its nodes.
	Cluster string
	Nodes   []string
	// NotReached are nodes that could not be looked at, in the order of the spec.
	NotReached []string
	// Unread counts what was asked of the other nodes and not read.
	Unread int
	// API says whether the cluster's API was asked and answered.
	API bool
	// Drift are the steps for facts that were read and do not hold. Plan is all
	// that apply would do; it is empty where a node was not reached.
	Drift    []plan.Step
	Plan     *plan.Plan
	Problems []Problem
	Notes    []string
	// Certificates are the leaf certificates that were read, by node and path.
	Certificates []CertificateEnd
	// Verified says that the cluster passed verification as it is wanted now.
	Verified bool
}

// CertificateEnd is when a certificate in a file of a node ends.
type CertificateEnd struct {
	Node, Path string
	Ends       time.Time
}

// certificates are those that the look read and something is wanted of.
func (s *Session) certificates() []CertificateEnd {
	var out []CertificateEnd
	for _, w := range s.wants {
		n := s.have.Nodes[w.Node]
		for _, f := range w.Facts {
			if n == nil || f.Certificate == nil {
				continue
			}
			if c := n.Certificates[f.Certificate.Path]; c != nil {
				out = append(out, CertificateEnd{Node: w.Node, Path: f.Certificate.Path, Ends: c.NotAfter})
			}
		}
	}
	return out
}

// seen is what opening a session found.
func (s *Session) seen() Seen {
	out := Seen{Cluster: s.Cluster.Name, Nodes: s.names(), Unread: s.unread(), API: s.apiRead(), Drift: s.drift(), Plan: s.Plan,
		Problems: s.Problems, Notes: s.Notes, Certificates: s.certificates(), Verified: s.Verified()}
	for _, name := range out.Nodes {
		if s.missed[name] != nil {
			out.NotReached = append(out.NotReached, name)
		}
	}
	return out
}

// Complete says that everything was read, so that no drift means none.
func (s Seen) Complete() bool { return len(s.NotReached) == 0 && s.Unread == 0 && s.API }

// RepairOutcome is what became of drift in a pass.
type RepairOutcome string

// The outcomes. A pass that found nothing to repair, or was not to, has none.
const (
	// RepairBegun is the outcome while it is under way.
	RepairBegun RepairOutcome = "begun"
	// RepairDone: all steps were done.
	RepairDone RepairOutcome = "done"
	// RepairRefused: nothing was changed, what drifted is only reported.
	RepairRefused RepairOutcome = "refused"
	// RepairFailed: some steps were not done, see [Repair.Result].
	RepairFailed RepairOutcome = "failed"
)

// Repair is what a pass did about drift.
type Repair struct {
	Outcome RepairOutcome
	// Why says why it was refused.
	Why    string
	Result apply.Result
	// Err is why it failed.
	Err error
}

// State is what a pass comes to in a word.
type State string

// The states. What is not known is never in sync.
const (
	// InSync: everything was read, and is as the spec wants it.
	InSync State = "in-sync"
	// Drifted: something is not as the spec wants it, after a repair too.
	Drifted State = "drift"
	// Troubled: nothing drifted, but a problem stands or a check was not passed.
	Troubled State = "problem"
	// Unknown: no drift was found, but not everything was read.
	Unknown State = "unknown"
)

// State is what the pass comes to.
func (p Pass) State() State {
	switch {
	case p.Err != nil:
		return Unknown
	case len(p.Left()) > 0:
		return Drifted
	case !p.Complete():
		return Unknown
	case len(standing(p.Problems)) > 0 || NotPassed(p.Checks) != nil:
		return Troubled
	}
	return InSync
}

// Left are the steps of [Seen.Drift] that no repair has done.
func (p Pass) Left() []plan.Step {
	return slices.DeleteFunc(slices.Clone(p.Drift), func(s plan.Step) bool { return slices.Contains(p.Repair.Result.Done, s.ID) })
}

// ErrDrift is a cluster that is not as its spec wants it.
var ErrDrift = errors.New("something is not as the spec wants it")

// verdict is the pass as an error of the kind that a caller acts on: why there
// is no answer, how a repair failed, who was not reached, [ErrDrift], and then
// what else keeps it from being in sync.
func (p Pass) verdict() error {
	standing := standing(p.Problems)
	switch {
	case p.Err != nil:
		return p.Err
	case p.Repair.Err != nil:
		return p.Repair.Err
	case len(p.NotReached) > 0:
		return &unsoundError{why: "not reached: " + strings.Join(p.NotReached, ", ") + "; what is there is not known", problems: standing}
	case len(p.Left()) > 0:
		return ErrDrift
	case p.Unread > 0:
		return &unsoundError{why: fmt.Sprintf("%d things were not read; whether they are as the spec wants them is not known", p.Unread), problems: standing}
	case !p.Complete():
		return errors.New("the cluster's API was not read; whether it has what the spec wants is not known")
	case len(standing) > 0:
		return &unsoundError{why: "a problem stands: " + names(standing), problems: standing}
	}
	return NotPassed(p.Checks)
}

// unsoundError is a pass that found no drift and is not in sync.
type unsoundError struct {
	why      string
	problems []Problem
}

// Error says why.
func (e *unsoundError) Error() string { return e.why }

// Unwrap gives the errors that rows stand for.
func (e *unsoundError) Unwrap() []error { return (&PreflightError{Problems: e.problems}).Unwrap() }

// standing are the problems that stop a run.
func standing(all []Problem) []Problem {
	return slices.DeleteFunc(slices.Clone(all), func(p Problem) bool { return p.Warning })
}

// names lists problems by node and check.
func names(all []Problem) string {
	var out []string
	for _, p := range all {
		out = append(out, strings.TrimSpace(p.Node+" "+p.Check))
	}
	return strings.Join(out, ", ")
}
