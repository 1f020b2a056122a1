//go:build planes

package e2e_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// changing is what the runs of [TestChangeKilled] change: a flag of the API
// servers and one of etcd, so that a member of it starts again too.
func changing(s clusterSpec, n int) clusterSpec {
	s.More += fmt.Sprintf("\n  audit {\n    max_age = %d\n  }\n  etcd {\n    args = { \"snapshot-count\" = \"%d\" }\n  }\n", 400+n, 20000+n)
	return s
}

// TestChangeKilled has machines lose their power in the middle of a change. Then it
// changes all control planes in as many runs as that has moments: each goes on from
// where the last one was killed, and is killed a step further. After every one of
// these no member is lost and every Secret can be read; and once a run was left
// alone all is as wanted.
func TestChangeKilled(t *testing.T) {
	c, s := newPlanes(t)
	k := &changeKiller{labCluster: c, program: alternative(t, "kill"), before: members(t, c, "cp-1")}
	k.planFile = filepath.Join(c.dir, "plan.json")

	step(t, "a machine without power", func(t *testing.T) {
		to, was := changing(s, 1), k.flags(t, "cp-2")
		o := newOperator(t)
		o.patience = 15 * time.Minute
		var once sync.Once
		var off sync.WaitGroup
		o.onLine = func(line string, _ time.Time) {
			if strings.Contains(line, `"cp-2"`) && strings.Contains(line, "waiting for ") {
				once.Do(func() { off.Go(func() { k.powerOff(t, "cp-2") }) })
			}
		}
		if out := c.with(t, o, to, "-o", "json"); out.Code == 0 || !strings.Contains(out.Stderr, "cp-2/") {
			t.Errorf("it did not fail at cp-2: %v", out)
		}
		off.Wait()
		k.kept(t, "cp-1", "cp-3")
		k.powerOn(t, "cp-2", was)
		k.resumed(t, to, 1)
	})
	step(t, "a machine without power, and nobody there", func(t *testing.T) {
		to, was := changing(s, 2), k.flags(t, "cp-1")
		k.killed(t, to, "told-2 "+k.first(t, to, "cp-1"))
		k.powerOff(t, "cp-1")
		k.kept(t, "cp-2", "cp-3")
		k.powerOn(t, "cp-1", was)
		k.resumed(t, to, 2)
	})
	step(t, "killed at every step", func(t *testing.T) {
		to := changing(s, 3)
		for _, at := range k.moments(t, to) {
			step(t, strings.ReplaceAll(at, "/", "_"), func(t *testing.T) {
				k.killed(t, to, at)
				k.kept(t, "cp-1", "cp-2", "cp-3")
			})
		}
		k.resumed(t, to, 3)
	})
}

// changeKiller kills runs on a cluster.
type changeKiller struct {
	*labCluster
	program, planFile string
	before            []etcdMember
}

// killed is a run until a moment, or with none until before its first step. It must end so.
func (k *changeKiller) killed(t *testing.T, s clusterSpec, at string) {
	t.Helper()
	o := newOperator(t)
	o.patience = 10 * time.Minute
	o.program, o.env = k.program, []string{"BULWARK_KILL_AT=" + at, "BULWARK_KILL_PLAN=" + k.planFile}
	out := k.with(t, o, s)
	if out.Code == 1 && strings.Contains(out.Stderr, "no such step") {
		t.Skip("an earlier run did it while it was held elsewhere")
	}
	if out.Code != -1 {
		t.Fatalf("it was not killed: %v", out)
	}
}

// plan is what a run would do; it ends before it does any of it.
func (k *changeKiller) plan(t *testing.T, s clusterSpec) *plan.Plan {
	t.Helper()
	k.killed(t, s, "")
	return readPlan(t, k.planFile)
}

// first is the first step of a node's change.
func (k *changeKiller) first(t *testing.T, s clusterSpec, node string) string {
	t.Helper()
	p := k.plan(t, s)
	i := slices.IndexFunc(p.Steps, func(s plan.Step) bool { return s.Node == node && s.Guarded })
	if i < 0 {
		t.Fatalf("nothing of %s changes", node)
	}
	return p.Steps[i].ID
}

// moments are when runs are killed, in the order in which they come. A change has
// five: before all of it, once the node guards it, once it is written, once what
// started again is back, and once it is confirmed.
func (k *changeKiller) moments(t *testing.T, s clusterSpec) []string {
	t.Helper()
	var out []string
	begun := map[string]bool{}
	for _, s := range k.plan(t, s).Steps {
		switch {
		case !s.Guarded:
			out = append(out, killBefore+" "+s.ID, killAfter+" "+s.ID)
		case !begun[s.Node]:
			begun[s.Node] = true
			for _, moment := range []string{killBefore, "told-1", killDuring, "told-2", "told-3", killAfter} {
				out = append(out, moment+" "+s.ID)
			}
		}
	}
	if len(begun) != len(k.planes()) {
		t.Fatalf("the control planes that change are %v", begun)
	}
	return out
}

// kept reports a member that is lost, and a Secret that cannot be read through one
// of some control planes, once they had time to come back.
func (k *changeKiller) kept(t *testing.T, planes ...string) {
	t.Helper()
	for _, n := range planes {
		eventually(t, 4*time.Minute, n+" reads all Secrets", func() error {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			got, err := k.Exec(ctx, n, nil, "sh", "-euc", readSecret)
			if err == nil && got != "a2VwdA==" {
				err = fmt.Errorf("%q", got)
			}
			return err
		})
	}
	var was, now []string
	for _, m := range k.before {
		was = append(was, m.id+" "+m.name)
	}
	for _, m := range members(t, k.labCluster, planes[0]) {
		now = append(now, m.id+" "+m.name)
	}
	slices.Sort(was)
	slices.Sort(now)
	if !slices.Equal(was, now) {
		t.Errorf("etcd's members were %q, and are %q", was, now)
	}
}

// resumed applies with the real program, and reports what is not as wanted then.
func (k *changeKiller) resumed(t *testing.T, s clusterSpec, n int) {
	t.Helper()
	o := newOperator(t)
	o.patience = 10 * time.Minute
	k.with(t, o, s).want(t, 0)
	k.with(t, newOperator(t), s).want(t, 0).says(t, "Nothing to do")
	k.kept(t, k.planes()...)
	whole(t, k.labCluster)
	for _, node := range k.planes() {
		if got, want := k.flags(t, node), fmt.Sprintf("--audit-log-maxage=%d\n--snapshot-count=%d", 400+n, 20000+n); got != want {
			t.Errorf("%s runs with %q, want %q", node, got, want)
		}
	}
}

// flags are what a control plane runs with of what [changing] says.
func (k *changeKiller) flags(t *testing.T, node string) string {
	t.Helper()
	return shell(t, k, node, `for p in kube-apiserver etcd; do tr '\0' '\n' <"/proc/$(pgrep -xo $p)/cmdline"; done | grep -e --audit-log-maxage= -e --snapshot-count= | sort`)
}

func (k *changeKiller) powerOff(t *testing.T, node string) {
	t.Helper()
	if err := k.set.Machine(node).PowerOff(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

// powerOn starts a machine, which comes back with what it had before its change.
func (k *changeKiller) powerOn(t *testing.T, node, before string) {
	t.Helper()
	if err := k.set.Machine(node).PowerOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, 4*time.Minute, node+" is back", func() error { return answers(k.labCluster, node, readyz) })
	if got := k.flags(t, node); got != before {
		t.Errorf("%s runs with %q, and did with %q", node, got, before)
	}
	k.kept(t, node)
}
