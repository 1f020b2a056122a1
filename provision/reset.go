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
// their names. Machines that were nodes of this spec before it are fine too.
func Reset(ctx context.Context, in Input, confirm func(nodes []string) bool, events func(apply.Event)) error {
	c, wants, err := intended(ctx, in)
	if err != nil {
		return err
	}
	hosts, failed := connect(ctx, in, c)
	s := &Session{Cluster: c, hosts: hosts}
	defer func() { _ = s.Close() }()
	l := looker{in: in, cluster: c, hosts: hosts, wants: wants, failed: failed}
	nodes, err := l.nodes(ctx)
	if err != nil {
		return err
	}
	if rows := notSeen(c, l.failed); len(rows) > 0 {
		return &PreflightError{Problems: rows}
	}
	if rows := plan.ResetProblems(c, nodes); len(rows) > 0 {
		return &PreflightError{Problems: rows}
	}
	var names []string
	for _, n := range c.Nodes {
		names = append(names, fmt.Sprintf("%s (%s)", n.Name, n.Address))
	}
	if !confirm(names) {
		return ErrDeclined
	}
	if err := l.stop(ctx, nodes); err != nil {
		return err
	}
	if nodes, err = l.nodes(ctx); err != nil {
		return err
	}
	have := &state.Cluster{Nodes: nodes}
	r := apply.Runner{Cluster: c, Hosts: hosts, Have: have, Verb: "reset", Events: events}
	_, err = r.Run(ctx, plan.Reset(c, wants, have))
	return err
}
