package provision

import (
	"context"
	"errors"
	"fmt"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// ErrDeclined is a person who did not say yes.
var ErrDeclined = errors.New("not confirmed, nothing was changed")

// Reset makes machines of a cluster's nodes again, once confirm said yes to
// their names, and says what was planned and how it ended; the plan is nil
// where nothing was begun. Machines that were nodes of this spec before it are
// fine too.
func Reset(ctx context.Context, in Input, confirm func(nodes []string) bool, events func(apply.Event)) (*plan.Plan, apply.Result, error) {
	var none apply.Result
	i, err := intended(ctx, in)
	if err != nil {
		return nil, none, err
	}
	c := i.cluster
	hosts := connect(in, c)
	s := &Session{Cluster: c, hosts: hosts}
	defer func() { _ = s.Close() }()
	l := looker{in: in, intent: i, hosts: hosts, failed: map[string]error{}}
	nodes, err := l.nodes(ctx)
	if err != nil {
		return nil, none, err
	}
	if rows := notSeen(c, l.failed); len(rows) > 0 {
		return nil, none, &PreflightError{Problems: rows}
	}
	if rows := plan.ResetProblems(c, nodes); len(rows) > 0 {
		return nil, none, &PreflightError{Problems: rows}
	}
	var names []string
	for _, n := range c.Nodes {
		names = append(names, fmt.Sprintf("%s (%s)", n.Name, n.Address))
	}
	if !confirm(names) {
		return nil, none, ErrDeclined
	}
	lock := locker(in, hosts, events)
	lock.Removes = true
	var p *plan.Plan
	result, err := underLock(ctx, lock, s.names(), "reset", nil, func(ctx context.Context, _ *apply.Locks) (apply.Result, error) {
		if err := errors.Join(l.stop(ctx, nodes), l.forgetGuards(ctx, nodes)); err != nil {
			return none, err
		}
		nodes, err := l.nodes(ctx)
		if err != nil {
			return none, err
		}
		have := &state.Cluster{Nodes: nodes}
		r := apply.Runner{Access: l.access(), Have: have, Verb: "reset", Events: events}
		p = plan.Reset(c, i.wants, have)
		return r.Run(ctx, p)
	})
	return p, result, err
}
