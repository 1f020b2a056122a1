package apply

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// drainage is a drainer that only remembers.
type drainage struct {
	calls           []string
	drain, uncordon error
}

func (d *drainage) DrainForChange(_ context.Context, node string, timeout time.Duration, _ func(string)) error {
	if timeout > leaveTimeout {
		return errors.New("it may take longer than its change")
	}
	d.calls = append(d.calls, "drain "+node)
	return d.drain
}

func (d *drainage) Uncordon(ctx context.Context, node string) error {
	d.calls = append(d.calls, "uncordon "+node)
	return errors.Join(d.uncordon, ctx.Err())
}

// A node takes pods again whatever came of its change, and is not changed while its
// pods do not go.
func TestADrainedNodeTakesPodsAgain(t *testing.T) {
	no := errors.New("no")
	for what, c := range map[string]struct {
		drainage
		change error
		calls  []string
		err    string
	}{
		"all well":          {calls: []string{"drain w-1", "change", "uncordon w-1"}},
		"pods do not go":    {drainage: drainage{drain: no}, calls: []string{"drain w-1", "uncordon w-1"}, err: "nothing was changed on w-1: no"},
		"the change fails":  {change: no, calls: []string{"drain w-1", "change", "uncordon w-1"}, err: "no"},
		"it stays cordoned": {drainage: drainage{uncordon: no}, calls: []string{"drain w-1", "change", "uncordon w-1"}, err: "w-1 takes no new pods until the next apply"},
	} {
		d := &c.drainage
		ctx, cancel := context.WithCancel(t.Context())
		var told []string
		err := drained(ctx, d, plan.Step{Node: "w-1", Drains: []string{"maxPods"}}, func(s string) { told = append(told, s) }, func(context.Context) error {
			d.calls = append(d.calls, "change")
			cancel() // its time is over: that is no reason to leave the node cordoned
			return c.change
		})
		cancel()
		if !slices.Equal(d.calls, c.calls) {
			t.Errorf("%s: %q, want %q", what, d.calls, c.calls)
		}
		if (err == nil) != (c.err == "") || err != nil && !strings.HasPrefix(err.Error(), c.err) {
			t.Errorf("%s: %v", what, err)
		}
		if !strings.Contains(told[0], "they may end for maxPods") {
			t.Errorf("%s: told %q", what, told)
		}
	}
}
