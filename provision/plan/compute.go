package plan

import (
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Compute is what is unmet: of every wanted fact that does not hold in have,
// the step that makes it hold, in the order of the facts. A plan for machines
// that have nothing is the same call with an empty state.
func Compute(c *cluster.Cluster, wants []state.Want, have *state.Cluster) *Plan {
	p := &Plan{Cluster: c.Name}
	for _, d := range c.Deviations {
		p.Deviations = append(p.Deviations, Deviation{ID: d.ID, Reason: d.Reason, Origin: d.Origin.String()})
	}
	for _, w := range wants {
		n := have.Nodes[w.Node]
		if n == nil {
			n = &state.Node{Name: w.Node}
		}
		for _, f := range w.Facts {
			if s, unmet := step(c, f, n, have); unmet {
				p.Steps = append(p.Steps, s)
			}
		}
	}
	p.Steps = prune(p.Steps)
	return p
}

// step is the step that makes a fact hold, and whether one is needed.
func step(c *cluster.Cluster, f state.Fact, n *state.Node, have *state.Cluster) (Step, bool) {
	s := Step{ID: f.ID, Node: n.Name, Title: f.Title, Why: c.Origin(f.Why).String(), After: f.After}
	if f.Why != "" {
		s.Why += " (" + f.Why + ")"
	}
	switch {
	case f.File != nil:
		return fileStep(s, *f.File, n, have)
	case f.Sysctl != nil:
		s.Kind, s.Sysctl = KindSysctl, f.Sysctl
		s.Action = Change
		return s, n.Sysctls[f.Sysctl.Key] != f.Sysctl.Value
	case f.Module != nil:
		s.Kind, s.Module, s.Action = KindModule, f.Module, Add
		return s, !n.Modules[f.Module.Name]
	case f.Unit != nil:
		return unitStep(s, *f.Unit, n)
	case f.Table != nil:
		s.Kind, s.Table = KindTable, f.Table
		s.Action = Add
		if n.Table != "" {
			s.Action = Change
		}
		return s, !tableMet(*f.Table, n)
	case f.Phase != nil:
		phase := resumed(*f.Phase, n)
		s.Kind, s.Phase, s.Action = KindPhase, &phase, Run
		return s, !phaseMet(*f.Phase, n, have)
	case f.Object != nil:
		return objectStep(s, *f.Object, have)
	case f.Approval != nil:
		s.Kind, s.Approval, s.Action = KindApproval, f.Approval, Run
		return s, !approvalMet(*f.Approval, n, have)
	case f.Wait != nil:
		s.Kind, s.Wait, s.Action = KindWait, f.Wait, Check
		return s, !waitMet(*f.Wait, have)
	}
	return s, false
}

// prune forgets what a step waits for when that already holds, so that After
// names steps of this plan only.
func prune(steps []Step) []Step {
	ids := make(map[string]bool, len(steps))
	for _, s := range steps {
		ids[s.ID] = true
	}
	for i := range steps {
		var after []string
		for _, id := range steps[i].After {
			if ids[id] {
				after = append(after, id)
			}
		}
		steps[i].After = after
	}
	return steps
}
