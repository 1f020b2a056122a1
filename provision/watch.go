package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// WatchOptions are the choices of a watch.
type WatchOptions struct {
	// Once means one pass; else passes follow each other until the context ends,
	// Interval after the end of the one before.
	Once     bool
	Interval time.Duration
	// Repair means that drift is applied where that is a repair and changes no
	// more than MaxChanges things in one pass.
	Repair     bool
	MaxChanges int
	// Looked is told what a look found before anything is repaired, and Ended
	// what the pass came to. A look that failed is told to Ended only.
	Looked, Ended func(Pass)
	// Events is told what happens in a repair, by many goroutines.
	Events func(apply.Event)
}

// lookLimit bounds one look, so that a machine which hangs does not end the
// watch; an API server that restarts has its time within.
const lookLimit = 10 * time.Minute

// Watch looks at a cluster again and again, says what drifted, and repairs it
// where asked. The spec is read anew for each pass. Nothing that goes wrong in a
// pass ends the watch. With Once it ends with what the pass came to as an error:
// [ErrDrift], or why that is not known. When ctx is cancelled no step is begun,
// steps under way are finished and told, and its cause is the answer.
func Watch(ctx context.Context, in Input, o WatchOptions) error {
	in.ReadOnly, in.again = !o.Repair, newMemories()
	w := watch{WatchOptions: o, open: func(ctx context.Context) (session, error) {
		s, err := Open(ctx, in)
		if err != nil {
			return nil, err
		}
		return s, nil
	}}
	return w.run(ctx)
}

// session is what a watch needs of a [Session].
type session interface {
	seen() Seen
	Apply(ctx context.Context, o ApplyOptions) (apply.Result, error)
	Verify(ctx context.Context) ([]apply.Check, error)
	Close() error
}

// watch is one call of [Watch].
type watch struct {
	WatchOptions
	open func(context.Context) (session, error)
}

func (w watch) run(ctx context.Context) error {
	for number := 1; ; number++ {
		p := w.pass(ctx, number)
		if ctx.Err() != nil {
			if p.Repair.Outcome == RepairDone || p.Repair.Outcome == RepairFailed {
				w.Ended(p)
			}
			return context.Cause(ctx)
		}
		w.Ended(p)
		if w.Once {
			return p.verdict()
		}
		select {
		case <-time.After(w.Interval):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// pass looks once, and repairs.
func (w watch) pass(ctx context.Context, number int) (p Pass) {
	p = Pass{Number: number, Began: time.Now(), Seen: Seen{Plan: &plan.Plan{}}}
	defer func() { p.Ended = time.Now() }()
	look, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	s, err := w.open(look)
	p.Looked = time.Now()
	if err != nil {
		p.Err = err
		return p
	}
	defer func() {
		if err := s.Close(); err != nil {
			p.Notes = append(p.Notes, "ending the connections: "+err.Error())
		}
	}()
	p.Seen = s.seen()
	p.Repair = w.decide(p.Seen)
	w.Looked(p)
	switch {
	case p.Repair.Outcome == RepairBegun:
		w.repair(ctx, s, &p)
	case w.Repair && p.State() == InSync && !p.Verified:
		// A repair that was cut, or that failed its verification, comes to this.
		p.verify(ctx, s)
	}
	return p
}

// repair applies the plan, and asks the cluster afterwards.
func (w watch) repair(ctx context.Context, s session, p *Pass) {
	p.Verified = false
	p.Repair.Result, p.Repair.Err = s.Apply(ctx, ApplyOptions{Events: w.Events})
	if p.Repair.Err != nil {
		p.Repair.Outcome = RepairFailed
		return
	}
	p.Repair.Outcome = RepairDone
	p.verify(ctx, s)
}

// verify asks the cluster whether it is as hardened as its spec says.
func (p *Pass) verify(ctx context.Context, s session) {
	p.Checks, p.Err = s.Verify(ctx)
	p.Verified = p.Err == nil && NotPassed(p.Checks) == nil
}

// decide is whether what drifted is repaired.
func (w watch) decide(s Seen) Repair {
	if !w.Repair || s.Plan.Empty() && len(s.Drift) == 0 {
		return Repair{}
	}
	if why := onlyReported(s, w.MaxChanges); why != "" {
		return Repair{Outcome: RepairRefused, Why: why}
	}
	return Repair{Outcome: RepairBegun}
}

// onlyReported is why what drifted is not repaired by itself, "" where it is.
func onlyReported(s Seen, most int) string {
	if standing := standing(s.Problems); len(standing) > 0 {
		return "a problem stands: " + names(standing)
	}
	if !s.Complete() {
		return "not everything was read"
	}
	var beyond []string
	for _, st := range s.Plan.Steps {
		if !repairs(st) {
			beyond = append(beyond, st.ID)
		}
	}
	changes := changes(s.Plan)
	switch {
	case len(beyond) > 0:
		return fmt.Sprintf("%s is more than the repair of drift; bulwark apply shows it and asks", listed(beyond))
	case changes > most:
		return fmt.Sprintf("%d changes are more than the %d that one pass may make (--max-changes); bulwark apply shows them and asks", changes, most)
	}
	return ""
}

// changes is how many there are in a plan. All leaf certificates of a node were
// signed together and come to their end together, so that to renew them is one
// change, with the copies of them that follow.
func changes(p *plan.Plan) int {
	renewed, count := map[string]bool{}, 0
	for _, st := range p.Steps {
		if st.Renewal != nil && !renewed[st.Node] {
			renewed[st.Node] = true
			count++
		}
	}
	for _, st := range p.Steps {
		follows := renewed[st.Node] && st.File != nil && st.File.Want.CopyOf != ""
		if st.Kind != plan.KindWait && st.Renewal == nil && !follows {
			count++
		}
	}
	return count
}

// repairPhases are kubeadm's phases that put back what a node that lives may
// have lost. All others make a node, its data or the authorities of a cluster.
var repairPhases = [...]string{"init-control-plane", "init-upload-config", "init-bootstrap-token", "init-addon", "init-mark-control-plane",
	"init-kubelet-finalize", "kubeconfig-kube-vip"}

// repairs says whether a step is of those that a repair may consist of. What
// this list does not know is not done without a person.
func repairs(s plan.Step) bool {
	if len(s.Drains) > 0 {
		return false
	}
	switch s.Kind {
	case plan.KindFile, plan.KindSysctl, plan.KindModule, plan.KindUnit, plan.KindTable, plan.KindObject, plan.KindApproval, plan.KindWait, plan.KindProcess, plan.KindCertificate, plan.KindUncordon:
		return true
	case plan.KindPhase:
		return slices.Contains(repairPhases[:], s.Phase.Name) || strings.HasPrefix(s.Phase.Name, "init-kubeconfig")
	case plan.KindNode, plan.KindEncryption:
	}
	return false
}

// listed is the first of some names and how many follow.
func listed(all []string) string {
	if len(all) == 1 {
		return all[0]
	}
	return fmt.Sprintf("%s (and %d more)", all[0], len(all)-1)
}
