package provision

import (
	"context"
	"fmt"
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
		var at int64
		err := l.locked(ctx, w.Node, func(ctx context.Context) (err error) {
			at, err = machine.Restore(ctx, l.hosts[w.Node])
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("having %s put back what was before a change that nobody confirmed: %w", w.Node, err)
		}
		note := w.Node + " was in the middle of a change when an earlier run was cut, and is as it was before"
		if at > 0 {
			note += ", since " + time.Unix(at, 0).UTC().Format(time.TimeOnly) + " UTC by its clock"
		}
		notes = append(notes, note)
	}
	return notes, nil
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
