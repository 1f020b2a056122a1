package provision

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// isGuarded says whether a change of a machine's components waits to be confirmed.
func isGuarded(n *state.Node) bool { return n != nil && n.Files[machine.GuardedPath].Exists() }

// putBack has machines put back what a change replaced whose run was cut before it
// confirmed it, and says where it did. Nobody knows whether such a change works; what
// was before did. It is made again by the plan that follows, behind its gates.
func (l looker) putBack(ctx context.Context, nodes map[string]*state.Node) ([]string, error) {
	var notes []string
	for _, w := range l.wants {
		if !isGuarded(nodes[w.Node]) {
			continue
		}
		if l.in.ReadOnly {
			return nil, fmt.Errorf("%s is in the middle of a change of its components that nobody confirmed yet, and no plan is made of a machine that is worked on: "+
				"wait until it is confirmed, or until the machine has put back what was before, which takes %v, and plan again", w.Node, apply.GuardTime)
		}
		note, err := l.putBackOn(ctx, w.Node)
		if err != nil {
			return nil, fmt.Errorf("having %s put back what was before a change that nobody confirmed: %w", w.Node, err)
		}
		notes = append(notes, note)
	}
	return notes, nil
}

// leftByThemselves says what machines left that put back a change by themselves. They
// tell it until somebody who may write has heard it.
func (l looker) leftByThemselves(ctx context.Context, nodes map[string]*state.Node) ([]string, error) {
	var notes []string
	for _, w := range l.wants {
		n := nodes[w.Node]
		if n == nil || !n.Files[machine.LeftPath].Exists() {
			continue
		}
		left := machine.LeftPaths(string(n.Files[machine.LeftPath].Text))
		notes = append(notes, leftAlone(w.Node+" put back by itself what was before a change that nobody confirmed", left))
		if l.in.ReadOnly {
			continue
		}
		if err := l.locked(ctx, w.Node, func(ctx context.Context) error { return machine.ForgetGuard(ctx, l.hosts[w.Node]) }); err != nil {
			return nil, fmt.Errorf("ending what %s tells of a change that nobody confirmed: %w", w.Node, err)
		}
	}
	return notes, nil
}

// putBackOn has one machine put back what was before, and says what came of it.
func (l looker) putBackOn(ctx context.Context, node string) (string, error) {
	var at int64
	var left *machine.LeftError
	err := l.locked(ctx, node, func(ctx context.Context) (err error) {
		at, err = machine.Restore(ctx, l.hosts[node])
		if errors.As(err, &left) {
			at = left.At
			err = machine.ForgetGuard(ctx, l.hosts[node])
		}
		return err
	})
	if err != nil {
		return "", err
	}
	note := node + " was in the middle of a change when an earlier run was cut, and is as it was before"
	if at > 0 {
		note += ", since " + time.Unix(at, 0).UTC().Format(time.TimeOnly) + " UTC by its clock"
	}
	if left != nil {
		note = leftAlone(note, left.Paths)
	}
	return note, nil
}

// leftAlone says what a machine did not put back.
func leftAlone(note string, paths []string) string {
	return note + ", but for " + strings.Join(paths, ", ") + ": somebody else changed that meanwhile, and it was left as it is"
}

// forgetGuards ends what machines that are about to be reset would do by
// themselves: put back files, and start components, in the middle of it.
func (l looker) forgetGuards(ctx context.Context, nodes map[string]*state.Node) error {
	for _, w := range l.wants {
		if !isGuarded(nodes[w.Node]) {
			continue
		}
		if err := machine.ForgetGuard(ctx, l.hosts[w.Node]); err != nil {
			return fmt.Errorf("ending a change of %s that nobody confirmed: %w", w.Node, err)
		}
	}
	return nil
}
