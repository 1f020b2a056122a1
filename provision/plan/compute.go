package plan

import (
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Compute is what is unmet: of every wanted fact that does not hold in have,
// the step that makes it hold, in the order of the facts. A plan for machines
// that have nothing is the same call with an empty state.
func Compute(c *cluster.Cluster, wants []state.Want, have *state.Cluster, missing Missing) *Plan {
	facts := 0 // of fresh machines, where nearly each is a step
	for _, w := range wants {
		if have.Nodes[w.Node] == nil {
			facts += len(w.Facts)
		}
	}
	r := rules{cluster: c, have: have, missing: missing, planned: make(map[string]bool, facts), whys: map[string]string{},
		encryption: unencrypted(c, wants, have), adopted: adoptedKeys(c, have)}
	if e := encryptionOf(wants); e != nil {
		r.masked, r.wrongKeys = maskedText(e), wrongKeyFiles(c, e, have)
	}
	p := &Plan{Cluster: c.Name, Steps: make([]Step, 0, facts)}
	for _, d := range c.Deviations {
		p.Deviations = append(p.Deviations, Deviation{ID: d.ID, Reason: d.Reason, Origin: d.Origin.String()})
	}
	for _, w := range wants {
		n := have.Nodes[w.Node]
		if n == nil {
			n = &state.Node{Name: w.Node}
		}
		for _, f := range w.Facts {
			if f.Folder != nil {
				p.Steps = append(p.Steps, r.strays(f, n)...)
				continue
			}
			if f.Object != nil && f.Object.Retired {
				p.Steps = append(p.Steps, r.retired(wants)...)
				continue
			}
			if s, unmet := r.step(f, n); unmet {
				p.Steps = append(p.Steps, s)
				r.planned[s.ID] = true
				if s.File != nil && !s.File.Attributes {
					r.planned[rewritten(n.Name, s.File.Want.Path)] = true
				}
				for _, name := range s.Restarts {
					r.planned[restart(n.Name, name)] = true
				}
			}
		}
	}
	p.Steps = append(p.Steps, r.uncordons(p.Steps)...)
	p.Steps = tablesFirst(c, have, roll(c, have, oneTable(c, have, prune(p.Steps))))
	return p
}

// Missing says whether an object that is there lacks anything of the wanted
// one. Only who knows the API's types can tell, so it is handed in.
type Missing func(want state.Object, have state.HaveObject) bool

// rules decide, kind by kind, whether a fact holds.
type rules struct {
	cluster *cluster.Cluster
	have    *state.Cluster
	missing Missing
	// planned are the ids of steps the plan already has.
	planned map[string]bool
	// whys is what was said of each setting, see [rules.why].
	whys map[string]string
	// encryption is set where objects have to be encrypted again.
	encryption *state.Encryption
	// masked is the digest of the key file that is wanted, without its key, and
	// wrongKeys are those that control planes have otherwise.
	masked    string
	wrongKeys []wrongKeyFile
	// adopted are key files of somebody else's that are taken over, by node.
	adopted map[string]string
}

// step is the step that makes a fact hold, and whether one is needed.
func (r rules) step(f state.Fact, n *state.Node) (Step, bool) {
	s := Step{ID: f.ID, Node: n.Name, Title: f.Title, Why: r.why(f.Why), After: f.After}
	unknown := r.have.API.Status == state.Unreachable
	switch {
	case unknown && (f.Object != nil || f.Approval != nil || f.Wait != nil || f.Encryption != nil):
		return s, false // said by preflight, once
	case f.File != nil:
		return r.fileStep(s, *f.File, n)
	case f.Sysctl != nil:
		s.Kind, s.Sysctl = KindSysctl, f.Sysctl
		s.Action = Change
		return s, n.Sysctls[f.Sysctl.Key] != f.Sysctl.Value
	case f.Module != nil:
		s.Kind, s.Module, s.Action = KindModule, f.Module, Add
		return s, !n.Modules[f.Module.Name]
	case f.Unit != nil:
		return r.unitStep(s, *f.Unit, n)
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
		return s, !r.phaseMet(*f.Phase, n)
	case f.Object != nil:
		return r.objectStep(s, *f.Object)
	case f.Approval != nil:
		s.Kind, s.Approval, s.Action = KindApproval, f.Approval, Run
		return s, !r.approvalMet(*f.Approval, n)
	case f.Certificate != nil:
		return r.certificateStep(s, *f.Certificate, n)
	case f.Process != nil:
		return r.startedStep(s, *f.Process, n)
	case f.Wait != nil:
		s.Kind, s.Wait, s.Action = KindWait, f.Wait, Check
		return s, !r.waitMet(*f.Wait)
	case f.Encryption != nil:
		s.Kind, s.Encryption, s.Action = KindEncryption, f.Encryption, Run
		for _, w := range r.wrongKeys {
			s.Title += "; " + w.node + ": " + encryptionFile + " " + w.why
		}
		return s, r.encryption != nil
	}
	return s, false
}

// why says where in the spec, or by which default, a setting was decided.
func (r rules) why(setting string) string {
	why, said := r.whys[setting]
	if !said {
		why = r.cluster.Origin(setting).String()
		if setting != "" {
			why += " (" + setting + ")"
		}
		r.whys[setting] = why
	}
	return why
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
