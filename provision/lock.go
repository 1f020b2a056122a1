package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// locker takes the locks of machines for a verb.
func locker(in Input, hosts map[string]host.Host, events func(apply.Event)) *apply.Locker {
	return &apply.Locker{Hosts: hosts, Owner: apply.NewOwner(in.Version), Take: in.TakeLock, Parallelism: parallelism(in), Events: events}
}

// underLock does something to some machines while it holds their locks, and
// writes into their journals that it began and how it ended.
func underLock(ctx context.Context, l *apply.Locker, nodes []string, verb string, p *plan.Plan, do func(context.Context, *apply.Locks) (apply.Result, error)) (apply.Result, error) {
	begin := l.Owner.Begin(script.Nonce(), verb, p)
	locks, running, err := l.Lock(ctx, nodes, begin)
	if err != nil {
		return apply.Result{}, err
	}
	result, err := do(running, locks)
	locks.Release(ctx, func(node string) *apply.Entry { return begin.End(node, result, err) })
	return result, err
}

// touched are the nodes that a plan works on, in the order of the spec: control
// planes too where a step is the API's.
func touched(c *cluster.Cluster, p *plan.Plan) []string {
	on := map[string]bool{}
	for _, s := range p.Steps {
		on[s.Node] = true
	}
	var out []string
	for _, n := range c.Nodes {
		if on[n.Name] || on[""] && n.Role == cluster.ControlPlane {
			out = append(out, n.Name)
		}
	}
	return out
}

// moved says whether somebody worked on machines since they were looked at.
func moved(locks *apply.Locks, have *state.Cluster) error {
	var names []string
	for node, journal := range locks.Journals {
		if journal != have.Nodes[node].Files[apply.JournalFile].SHA256 {
			names = append(names, node)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return &StaleError{Moved: names}
}

// held looks whether somebody works on the machines, whose locks the look saw.
// Who only reads is told so by notes; nobody else plans with a moving machine.
func (l looker) held(ctx context.Context, nodes map[string]*state.Node) ([]string, error) {
	var notes []string
	for _, w := range l.wants {
		if n := nodes[w.Node]; n == nil || !n.Files[apply.LockFile].Exists() {
			continue
		}
		held, err := locker(l.in, l.hosts, nil).Held(ctx, w.Node)
		switch {
		case err != nil:
			return nil, err
		case held == nil:
		case l.in.ReadOnly:
			notes = append(notes, fmt.Sprintf("%s is being worked on by %s, and may be another one when that has ended", w.Node, held.Lock.Owner))
		case !l.in.TakeLock:
			return nil, held
		}
	}
	return notes, nil
}

// locked does something about one machine under its lock, without a word in its
// journal: what an earlier run left is part of that run.
func (l looker) locked(ctx context.Context, node string, do func(context.Context) error) error {
	locks, running, err := locker(l.in, l.hosts, nil).Lock(ctx, []string{node}, nil)
	if err != nil {
		return err
	}
	defer locks.Release(ctx, func(string) *apply.Entry { return nil })
	err = do(running)
	if cause := context.Cause(running); err != nil && cause != nil {
		err = errors.Join(cause, err)
	}
	return err
}
