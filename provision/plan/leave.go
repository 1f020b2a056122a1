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
// the spec, one after the other, members of etcd that do not answer first: etcd lets
// nobody go while those that would stay are too few of them alive. A control plane that joins waits for them: etcd
// takes nobody in while one of its members does not answer.
func (p *Plan) AddLeaving(c *cluster.Cluster, have *state.Cluster) {
	var steps []Step
	leaving := Left(c, have)
	slices.SortStableFunc(leaving, func(a, b string) int { return silent(have, b) - silent(have, a) })
	for _, name := range leaving {
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

// silent is 1 for a member of etcd that does not answer.
func silent(have *state.Cluster, name string) int {
	if slices.ContainsFunc(have.API.Members, func(m state.Member) bool { return m.Name == name && !m.Alive }) {
		return 1
	}
	return 0
}

// Quorum is why members of etcd must not be removed: one is removed by the
// agreement of more than half of all, and etcd lets it go only where enough of
// those that are left live to write (server/etcdserver, IsReadyToRemoveVotingMember).
// They go in the order of the plan.
func Quorum(p *Plan, have *state.Cluster) []Problem {
	voters := slices.DeleteFunc(slices.Clone(have.API.Members), func(m state.Member) bool { return m.Learner })
	for _, s := range p.Steps {
		if s.Leave == nil || s.Leave.Member == "" {
			continue
		}
		left := slices.DeleteFunc(slices.Clone(voters), func(m state.Member) bool { return m.ID == s.Leave.Member })
		if len(left) == len(voters) {
			continue // a learner has no vote to lose
		}
		var seen string
		switch {
		case 2*alive(voters) <= len(voters):
			seen = fmt.Sprintf("of %d voting members of etcd %d live, and to remove %s takes %d", len(voters), alive(voters), s.Leave.Node, len(voters)/2+1)
		case 2*alive(left) <= len(left):
			seen = fmt.Sprintf("of the %d voting members of etcd that would be left without %s %d live, and to write takes %d", len(left), s.Leave.Node, alive(left), len(left)/2+1)
		}
		if seen != "" {
			return []Problem{{Node: "cluster", Check: "quorum", Seen: seen,
				Remedy: "bring members back first, or leave more of them in the spec; see their pods with crictl ps -a and crictl logs on the machines"}}
		}
		voters = left
	}
	return nil
}

func alive(members []state.Member) (n int) {
	for _, m := range members {
		if m.Alive {
			n++
		}
	}
	return n
}
