package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// drainer moves the pods of a node elsewhere, and lets them come back.
type drainer interface {
	DrainForChange(ctx context.Context, node string, timeout time.Duration, told func(string)) error
	Uncordon(ctx context.Context, node string) error
}

// drains are the settings for which the node of a change is drained.
func drains(steps []plan.Step) []string {
	var out []string
	for _, s := range steps {
		out = append(out, s.Drains...)
	}
	return out
}

// drained does a change of a node, drained before where the change asks for it.
func (c *change) drained(ctx context.Context, steps []plan.Step, f func(context.Context) error) error {
	if len(drains(steps)) == 0 {
		return f(ctx)
	}
	client, err := c.api.open(ctx)
	if err != nil {
		return err
	}
	first := steps[slices.IndexFunc(steps, func(s plan.Step) bool { return len(s.Drains) > 0 })]
	return drained(ctx, client, first, func(what string) { c.note(first, "%s", what) }, f)
}

// drained does f while the node of a step has no pods that can run elsewhere.
// Whatever comes of it, the node takes pods again: with the new settings, or with
// those from before.
func drained(ctx context.Context, d drainer, s plan.Step, told func(string), f func(context.Context) error) error {
	told(fmt.Sprintf("its pods go elsewhere first, within %v: they may end for %s", drainTimeout, strings.Join(s.Drains, ", ")))
	err := d.DrainForChange(ctx, s.Node, drainTimeout, told)
	if err != nil {
		err = fmt.Errorf("nothing was changed on %s: %w", s.Node, err)
	} else {
		err = f(ctx)
	}
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), apiTimeout)
	defer cancel()
	if again := d.Uncordon(after, s.Node); again != nil {
		return errors.Join(err, fmt.Errorf("%s takes no new pods until the next apply, or kubectl uncordon %s: %w", s.Node, s.Node, again))
	}
	told(s.Node + " takes pods again")
	return err
}

// uncordon lets pods come back to a node that a run which was cut had drained.
func (ru *run) uncordon(ctx context.Context, s plan.Step) error {
	client, err := ru.api.open(ctx)
	if err != nil {
		return err
	}
	return client.Uncordon(ctx, s.Uncordon.Node)
}
