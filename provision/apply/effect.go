package apply

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Deadlines of steps that name none. Operations travel together, so their
// deadline is that of the longest, a unit that the machine itself gives up
// after its reload and five minutes, and some time for each.
const (
	opsTimeout   = 8 * time.Minute
	opTimeout    = 15 * time.Second
	phaseTimeout = 15 * time.Minute
	tableTimeout = 2 * time.Minute
	apiTimeout   = 5 * time.Minute
	leaveTimeout = drainTimeout + 5*time.Minute
)

// batched says whether a step is one operation of a program that does several.
func batched(s plan.Step) bool {
	switch s.Kind {
	case plan.KindFile, plan.KindSysctl, plan.KindModule, plan.KindUnit:
		return true
	default:
		return false
	}
}

// effect brings steps about, and says how many of them were done.
func (ru *run) effect(ctx context.Context, steps []plan.Step) (int, error) {
	if steps[0].Guarded {
		limit := changeTime
		if len(drains(steps)) > 0 {
			limit += leaveTimeout
		}
		err := ru.inTurn(ctx, steps[0], func() error {
			return within(ctx, limit, func(ctx context.Context) error { return ru.change(ctx, steps) })
		})
		if err != nil {
			return 0, err
		}
		return len(steps), nil
	}
	if batched(steps[0]) {
		ctx, cancel := context.WithTimeout(ctx, opsTimeout+time.Duration(len(steps))*opTimeout)
		defer cancel()
		return ru.operations(ctx, steps)
	}
	s := steps[0]
	var err error
	switch s.Kind {
	case plan.KindTable:
		err = within(ctx, tableTimeout, func(ctx context.Context) error { return ru.table(ctx, s) })
	case plan.KindPhase:
		err = within(ctx, phaseTimeout, func(ctx context.Context) error { return ru.phase(ctx, s) })
	case plan.KindCertificate:
		err = within(ctx, phaseTimeout, func(ctx context.Context) error { return ru.renew(ctx, s) })
	case plan.KindObject:
		err = within(ctx, apiTimeout, func(ctx context.Context) error { return ru.object(ctx, s) })
	case plan.KindApproval:
		err = within(ctx, apiTimeout, func(ctx context.Context) error { return ru.approval(ctx, s) })
	case plan.KindWait:
		err = within(ctx, time.Duration(s.Wait.Seconds)*time.Second, func(ctx context.Context) error { return ru.wait(ctx, *s.Wait) })
	case plan.KindNode:
		err = within(ctx, leaveTimeout, func(ctx context.Context) error { return ru.leaving(ctx, s) })
	case plan.KindUncordon:
		err = within(ctx, apiTimeout, func(ctx context.Context) error { return ru.uncordon(ctx, s) })
	case plan.KindEncryption:
		err = within(ctx, encryptTimeout, func(ctx context.Context) error { return ru.encrypt(ctx, s) })
	default:
		err = fmt.Errorf("no way to do a step of kind %q", s.Kind)
	}
	if err != nil {
		return 0, err
	}
	return 1, nil
}

func within(ctx context.Context, d time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return f(ctx)
}

// operations does file, sysctl, module and unit steps of one node in one exec.
func (ru *run) operations(ctx context.Context, steps []plan.Step) (int, error) {
	var ops []machine.Op
	var ends []int // of each step, the number of operations up to its end
	var unresolved error
	for _, s := range steps {
		some, err := ru.stepOperations(ctx, s)
		if err != nil {
			unresolved = err
			break
		}
		ops = append(ops, ru.withoutReload(s.Node, some)...)
		ends = append(ends, len(ops))
	}
	outcomes, err := machine.Do(ctx, ru.Hosts[steps[0].Node], ops)
	if err == nil {
		return len(ends), unresolved
	}
	reached := 0
	for reached < len(outcomes) && outcomes[reached].Status == machine.Done {
		reached++
	}
	done := 0
	for done < len(ends) && ends[done] <= reached {
		done++
	}
	return done, err
}

// unitFiles is where the units that bulwark writes lie.
const unitFiles = "/etc/systemd/system/"

// withoutReload leaves out reloads of systemd that change nothing, each a tenth
// of a second and more: before the enabling of a unit, which is one itself, and
// after an earlier one of this run, when no unit was written since. Otherwise
// the first one stays: a run that was cut may have written a unit and not come
// to its reload.
func (ru *run) withoutReload(node string, ops []machine.Op) []machine.Op {
	ru.mu.Lock()
	defer ru.mu.Unlock()
	var out []machine.Op
	for i, op := range ops {
		if strings.HasPrefix(op.Path, unitFiles) {
			ru.reloaded[node] = false
		}
		if op.Kind == machine.DoUnit && op.Value == "daemon-reload" {
			again := ru.reloaded[node]
			ru.reloaded[node] = true
			if again || i+1 < len(ops) && ops[i+1].Kind == machine.DoUnit && ops[i+1].Value == "enable" {
				continue
			}
		}
		out = append(out, op)
	}
	return out
}

// object applies or deletes what the API holds.
func (ru *run) object(ctx context.Context, s plan.Step) error {
	client, err := ru.api.open(ctx)
	if err != nil {
		return err
	}
	if s.Object.Tokens {
		return client.DeleteJoinTokens(ctx)
	}
	return client.Apply(ctx, *s.Object)
}

// approval approves a kubelet's serving certificate once it asks for exactly
// what the spec says of it, and waits until it serves with it.
func (ru *run) approval(ctx context.Context, s plan.Step) error {
	client, err := ru.api.open(ctx)
	if err != nil {
		return err
	}
	node, _ := ru.Cluster.Node(s.Approval.Node)
	return client.ApproveServing(ctx, node, func(why string) { ru.note(s, "%s", why) })
}

// wait waits for what comes about by itself.
func (ru *run) wait(ctx context.Context, w state.Wait) error {
	client, err := ru.api.open(ctx)
	if err != nil {
		return err
	}
	switch w.For {
	case state.WaitAPI:
		n, _ := ru.Cluster.Node(w.Subject)
		return kube.WaitReady(ctx, ru.Hosts[n.Name], Server(ru.Cluster, n), client.CA())
	case state.WaitNodeObject:
		_, err := client.WaitNodeObject(ctx, w.Subject)
		return err
	case state.WaitNodeReady:
		return client.WaitNodeReady(ctx, w.Subject)
	case state.WaitDeployment:
		return client.WaitDeployment(ctx, w.Subject)
	}
	return fmt.Errorf("no way to wait for %q", w.For)
}
