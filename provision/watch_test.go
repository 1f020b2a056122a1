package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// fakeLook is a session that found what a test says.
type fakeLook struct {
	found    Seen
	applyErr error
	checks   []apply.Check
	calls    *[]string
	during   func()
}

func (f fakeLook) call(name string) { *f.calls = append(*f.calls, name) }

func (f fakeLook) seen() Seen { return f.found }

func (f fakeLook) Apply(ctx context.Context, _ ApplyOptions) (apply.Result, error) {
	f.call("apply")
	if f.during != nil {
		f.during()
	}
	var r apply.Result
	for i, s := range f.found.Plan.Steps {
		if i == 0 && f.applyErr != nil {
			r.Failed = append(r.Failed, s.ID)
			continue
		}
		r.Done = append(r.Done, s.ID)
	}
	if f.applyErr != nil {
		return r, &apply.PartialError{Result: r, Errs: []error{f.applyErr}}
	}
	return r, ctx.Err()
}

func (f fakeLook) Verify(context.Context) ([]apply.Check, error) {
	f.call("verify")
	return f.checks, nil
}

func (f fakeLook) Close() error {
	f.call("close")
	return nil
}

// steps are n files of one node.
func steps(n int) []plan.Step {
	var out []plan.Step
	for i := range n {
		out = append(out, plan.Step{ID: fmt.Sprintf("w-1/file/%d", i), Node: "w-1", Kind: plan.KindFile, Action: plan.Change})
	}
	return out
}

func drifted(all ...plan.Step) Seen {
	return Seen{Cluster: "prod", Nodes: []string{"cp-1", "w-1"}, API: true, Drift: all, Plan: &plan.Plan{Steps: all}, Verified: true}
}

func missedNode() Seen {
	s := drifted()
	s.NotReached, s.Verified = []string{"w-1"}, false
	s.Problems = []Problem{{Node: "w-1", Check: "reach", Err: host.ErrUnreachable}}
	return s
}

func TestOnePass(t *testing.T) {
	unread := drifted()
	unread.Unread, unread.Problems = 1, []Problem{{Node: "w-1", Check: "look"}}
	noAPI := drifted()
	noAPI.API = false
	clock := drifted()
	clock.Problems = []Problem{{Node: "w-1", Check: "clock"}}
	warned := drifted()
	warned.Problems = []Problem{{Node: "w-1", Check: "clock", Warning: true}}
	both := missedNode()
	both.Drift = steps(1)
	blocked := drifted(steps(1)...)
	blocked.Problems = clock.Problems
	unverified := drifted()
	unverified.Verified = false
	bad := []apply.Check{{ID: "x", Verdict: "fail"}}

	for name, c := range map[string]struct {
		look    fakeLook
		repair  bool
		state   State
		outcome RepairOutcome
		calls   string
		err     string // a part of it
	}{
		"in sync":                          {look: fakeLook{found: drifted()}, state: InSync, calls: "close"},
		"a warning":                        {look: fakeLook{found: warned}, state: InSync, calls: "close"},
		"drift":                            {look: fakeLook{found: drifted(steps(1)...)}, state: Drifted, calls: "close", err: ErrDrift.Error()},
		"a node not reached":               {look: fakeLook{found: missedNode()}, state: Unknown, calls: "close", err: "not reached: w-1"},
		"drift beside it":                  {look: fakeLook{found: both}, state: Drifted, calls: "close", err: "not reached: w-1"},
		"a thing not read":                 {look: fakeLook{found: unread}, state: Unknown, calls: "close", err: "1 things were not read"},
		"no API":                           {look: fakeLook{found: noAPI}, state: Unknown, calls: "close", err: "API was not read"},
		"a problem":                        {look: fakeLook{found: clock}, state: Troubled, calls: "close", err: "w-1 clock"},
		"repaired":                         {look: fakeLook{found: drifted(steps(2)...)}, repair: true, state: InSync, outcome: RepairDone, calls: "apply verify close"},
		"repaired, and a check not passed": {look: fakeLook{found: drifted(steps(2)...), checks: bad}, repair: true, state: Troubled, outcome: RepairDone, calls: "apply verify close", err: "1 failed"},
		"repaired in part":                 {look: fakeLook{found: drifted(steps(2)...), applyErr: errors.New("disk full")}, repair: true, state: Drifted, outcome: RepairFailed, calls: "apply close", err: "disk full"},
		"nothing to repair":                {look: fakeLook{found: drifted()}, repair: true, state: InSync, calls: "close"},
		"never verified":                   {look: fakeLook{found: unverified}, repair: true, state: InSync, calls: "verify close"},
		"never verified, and only watched": {look: fakeLook{found: unverified}, state: InSync, calls: "close"},
		"beyond the cap":                   {look: fakeLook{found: drifted(steps(4)...)}, repair: true, state: Drifted, outcome: RepairRefused, calls: "close", err: ErrDrift.Error()},
		"a problem stands in the way":      {look: fakeLook{found: blocked}, repair: true, state: Drifted, outcome: RepairRefused, calls: "close", err: ErrDrift.Error()},
		"no repair of what is half seen":   {look: fakeLook{found: both}, repair: true, state: Drifted, outcome: RepairRefused, calls: "close", err: "not reached"},
	} {
		t.Run(name, func(t *testing.T) {
			var calls []string
			var ended Pass
			c.look.calls = &calls
			w := watch{open: func(context.Context) (session, error) { return c.look, nil },
				WatchOptions: WatchOptions{Once: true, Repair: c.repair, MaxChanges: 3, Looked: func(Pass) {}, Ended: func(p Pass) { ended = p }}}
			err := w.run(t.Context())
			if ended.State() != c.state || ended.Repair.Outcome != c.outcome || strings.Join(calls, " ") != c.calls {
				t.Errorf("state %s, repair %q (%s), after %v", ended.State(), ended.Repair.Outcome, ended.Repair.Why, calls)
			}
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("it ended with %v", err)
			}
			if strings.Contains(c.err, "reach") && !errors.Is(err, host.ErrUnreachable) {
				t.Errorf("%v is of another kind", err)
			}
		})
	}
}

// What a plan may hold to be done without a person. A step of a kind that
// nobody thought of is not.
func TestWhatARepairMayConsistOf(t *testing.T) {
	phase := func(name string) plan.Step {
		return plan.Step{ID: "cp-1/phase/" + name, Kind: plan.KindPhase, Phase: &state.Phase{Name: name}}
	}
	for _, s := range []plan.Step{
		phase("join"), phase("join-etcd"), phase("init-certs"), phase("init-etcd"), phase("init-preflight"), phase("init-kubelet-start"), phase("reset"),
		{ID: "cluster/node/w-2", Kind: plan.KindNode, Leave: &plan.Leave{}}, {ID: "cluster/encryption/rewrite", Kind: plan.KindEncryption}, {ID: "x", Kind: "novelty"},
		{ID: "w-1/file/var/lib/kubelet/config.yaml", Kind: plan.KindFile, Drains: []string{"maxPods"}},
	} {
		if why := onlyReported(drifted(append(steps(1), s)...), 10); !strings.Contains(why, s.ID) {
			t.Errorf("%s would be done: %q", s.ID, why)
		}
	}
	wait := plan.Step{ID: "w-1/wait/x", Kind: plan.KindWait}
	for _, c := range []struct {
		steps []plan.Step
		most  int
		done  bool
	}{
		{steps(3), 3, true},
		{append(steps(3), wait, wait), 3, true}, // a wait changes nothing
		{append(steps(3), plan.Step{Kind: plan.KindApproval}), 3, false},
		{steps(4), 3, false},
		{[]plan.Step{phase("init-mark-control-plane"), phase("init-addon"), phase("init-kubeconfig-admin")}, 3, true},
	} {
		why := onlyReported(drifted(c.steps...), c.most)
		if (why == "") != c.done || !c.done && !strings.Contains(why, "4 changes are more than the 3") {
			t.Errorf("%d steps, %d allowed: %q", len(c.steps), c.most, why)
		}
	}
}

// What goes wrong in a pass does not end a watch; its end is a cancelled context.
func TestAWatchGoesOn(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	var calls []string
	var states []State
	passes := 0
	w := watch{
		open: func(ctx context.Context) (session, error) {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("a look may take for ever")
			}
			if passes++; passes == 1 {
				return nil, errors.New("the spec is refused")
			}
			return fakeLook{found: drifted(), calls: &calls}, nil
		},
		WatchOptions: WatchOptions{Interval: time.Microsecond, Looked: func(Pass) {}, Ended: func(p Pass) {
			states = append(states, p.State())
			if p.Number == 3 {
				cancel(stop)
			}
		}},
	}
	if err := w.run(ctx); !errors.Is(err, stop) || !slices.Equal(states, []State{Unknown, InSync, InSync}) {
		t.Errorf("%v after %v", err, states)
	}
}

// A repair that is under way when a person ends the watch is told.
func TestACutRepairIsTold(t *testing.T) {
	for _, repair := range []bool{true, false} {
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("stop")
		var calls []string
		var told []Pass
		look := fakeLook{found: drifted(steps(1)...), calls: &calls, during: func() { cancel(stop) }}
		w := watch{open: func(context.Context) (session, error) { return look, nil }, WatchOptions: WatchOptions{Repair: repair, MaxChanges: 1,
			Looked: func(Pass) {
				if !repair {
					cancel(stop)
				}
			},
			Ended: func(p Pass) { told = append(told, p) }}}
		if err := w.run(ctx); !errors.Is(err, stop) || (len(told) == 1) != repair {
			t.Errorf("repair %v: %v, %d passes told", repair, err, len(told))
		}
		if repair && (len(told) != 1 || len(told[0].Repair.Result.Done) != 1) {
			t.Errorf("%+v", told)
		}
	}
}

// The certificates of a control plane come to their end together.
func TestRenewalsOfANodeAreOneChange(t *testing.T) {
	var p plan.Plan
	for _, node := range []string{"cp-1", "cp-2"} {
		for _, name := range []string{"apiserver", "etcd-server", "front-proxy-client"} {
			p.Steps = append(p.Steps, plan.Step{ID: node + "/certificate/" + name, Node: node, Kind: plan.KindCertificate, Renewal: &plan.Renewal{}})
		}
		p.Steps = append(p.Steps, plan.Step{ID: node + "/file/copy", Node: node, Kind: plan.KindFile, File: &plan.FileStep{Want: state.File{CopyOf: "/a"}}})
	}
	if got := changes(&p); got != 2 {
		t.Errorf("%d changes", got)
	}
	// A copy that follows nothing, and what is no certificate, count as ever.
	p.Steps = append(p.Steps, plan.Step{ID: "w-1/file/copy", Node: "w-1", Kind: plan.KindFile, File: &plan.FileStep{Want: state.File{CopyOf: "/a"}}},
		plan.Step{ID: "cp-1/file/b", Node: "cp-1", Kind: plan.KindFile, File: &plan.FileStep{}}, plan.Step{ID: "w", Kind: plan.KindWait})
	if got := changes(&p); got != 4 {
		t.Errorf("%d changes", got)
	}
}
