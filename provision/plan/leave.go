package plan

import (
	"fmt"
	"slices"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Left are the nodes of the cluster that the spec does not name, sorted: those
// the API knows, and members of etcd whose Node is gone already.
func Left(c *cluster.Cluster, have *state.Cluster) []string {
	var out []string
	add := func(name string) {
		if _, wanted := c.Node(name); !wanted && name != "" {
			out = append(out, name)
		}
	}
	for name := range have.API.Nodes {
		add(name)
	}
	for _, m := range have.API.Members {
		add(m.Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// AddLeaving puts before a plan the steps that take out of the cluster who left
// the spec, one after the other. A control plane that joins waits for them: etcd
// takes nobody in while one of its members does not answer.
func (p *Plan) AddLeaving(c *cluster.Cluster, have *state.Cluster) {
	var steps []Step
	for _, name := range Left(c, have) {
		leave := &Leave{Node: name, Drain: have.API.Nodes[name].Ready}
		s := Step{ID: "cluster/node/" + name, Kind: KindNode, Action: Remove, Why: "not in the spec (--remove)", Leave: leave,
			Title: name + " leaves the cluster"}
		if i := slices.IndexFunc(have.API.Members, func(m state.Member) bool { return m.Name == name }); i >= 0 {
			leave.Member = have.API.Members[i].ID
			s.Title += ", and etcd"
		}
		if len(steps) > 0 {
			s.After = []string{steps[len(steps)-1].ID}
		}
		steps = append(steps, s)
	}
	if len(steps) == 0 {
		return
	}
	for i := range p.Steps {
		if phase := p.Steps[i].Phase; phase != nil && phase.Name == "join-etcd" {
			p.Steps[i].After = append(slices.Clone(p.Steps[i].After), steps[len(steps)-1].ID)
		}
	}
	p.Steps = append(steps, p.Steps...)
}

// Quorum is why members of etcd must not be removed: one is removed by the
// agreement of more than half of all, and afterwards more than half of those
// that are left must live.
func Quorum(p *Plan, have *state.Cluster) []Problem {
	leaving := map[string]bool{}
	for _, s := range p.Steps {
		if s.Leave != nil && s.Leave.Member != "" {
			leaving[s.Leave.Member] = true
		}
	}
	if len(leaving) == 0 {
		return nil
	}
	voters, alive, left, leftAlive := 0, 0, 0, 0
	for _, m := range have.API.Members {
		if m.Learner {
			continue
		}
		voters++
		if m.Alive {
			alive++
		}
		if leaving[m.ID] {
			continue
		}
		left++
		if m.Alive {
			leftAlive++
		}
	}
	var seen string
	switch {
	case 2*alive <= voters:
		seen = fmt.Sprintf("of %d voting members of etcd %d live, and to remove one takes %d", voters, alive, voters/2+1)
	case 2*leftAlive <= left:
		seen = fmt.Sprintf("of the %d voting members of etcd that would be left %d live, and to write takes %d", left, leftAlive, left/2+1)
	default:
		return nil
	}
	return []Problem{{Node: "cluster", Check: "quorum", Seen: seen,
		Remedy: "bring members back first, or leave more of them in the spec; see their pods with crictl ps -a and crictl logs on the machines"}}
}
