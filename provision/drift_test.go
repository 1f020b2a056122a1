package provision

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// half is a cluster of two machines that have nothing of what they should, as a
// look at all or one of them finds it.
func half(t *testing.T, reached ...string) *Session {
	t.Helper()
	c := &cluster.Cluster{Name: "prod", Nodes: []cluster.Node{{Name: "cp-1", Role: cluster.ControlPlane}, {Name: "w-1", Role: cluster.Worker}}}
	var facts []state.Want
	have := &state.Cluster{Nodes: map[string]*state.Node{}}
	for _, n := range c.Nodes {
		id := func(s string) string { return n.Name + "/" + s }
		file := func(path string, f state.File) state.Fact {
			f.Path, f.Origin = path, state.Written
			return state.Fact{ID: id("file" + path), File: &f}
		}
		facts = append(facts, state.Want{Node: n.Name, Facts: []state.Fact{
			file("/own", state.File{Content: []byte("a")}),
			file("/shared", state.File{Shared: []string{"cp-1", "w-1"}, Maker: "cp-1"}),
			file("/routes", state.File{Content: []byte(state.Ref("pod-cidr/w-1")), Holds: []string{"pod-cidr"}}),
			{ID: id("unit/routes.service"), Unit: &state.WantUnit{Name: "routes.service", Active: true, Follows: []string{"/routes"}}},
			{ID: id("sysctl/vm.a"), Sysctl: &state.Sysctl{Key: "vm.a", Value: "1"}},
			{ID: id("phase/x"), Phase: &state.Phase{Name: "x", Makes: []string{"/made"}}},
			{ID: id("wait/ready"), Wait: &state.Wait{For: state.WaitNodeReady, Subject: n.Name}},
		}})
		have.Nodes[n.Name] = &state.Node{Name: n.Name, Unread: map[string]string{},
			Units: map[string]state.Unit{"routes.service": {Name: "routes.service", Active: "active"}}}
	}
	s := &Session{Cluster: c, wants: facts, have: have, Plan: &plan.Plan{}}
	if len(reached) > 0 {
		s.missed = map[string]error{}
		for _, n := range c.Nodes {
			if n.Name != reached[0] {
				s.missed[n.Name] = errors.New("no route")
				delete(have.Nodes, n.Name)
			}
		}
		return s
	}
	s.have.API = state.API{Status: state.Answering, Nodes: map[string]state.NodeObject{"w-1": {PodCIDRs: []string{"10.244.1.0/24"}}}}
	s.Plan = plan.Compute(c, facts, have, func(state.Object, state.HaveObject) bool { return true })
	return s
}

func ids(all []plan.Step) []string {
	var out []string
	for _, s := range all {
		out = append(out, s.ID)
	}
	return out
}

// Of a machine that was reached everything is told that it answers for alone;
// what others, or the API, have a say in is not known.
func TestOneMachineThatIsDownHidesNothingOfTheOthers(t *testing.T) {
	s := half(t, "w-1")
	if d := cmp.Diff([]string{"w-1/file/own", "w-1/sysctl/vm.a"}, ids(s.drift())); d != "" {
		t.Error(d)
	}
	seen := s.seen()
	if d := cmp.Diff([]string{"cp-1"}, seen.NotReached); d != "" || seen.Complete() {
		t.Errorf("complete %v\n%s", seen.Complete(), d)
	}
}

// What was not read is no drift, though a plan could not be made without it.
func TestWhatWasNotReadIsNoDrift(t *testing.T) {
	s := half(t)
	if got := len(s.drift()); got != len(s.Plan.Steps) || got == 0 || !s.seen().Complete() {
		t.Fatalf("%d of %d steps drifted when all was read", got, len(s.Plan.Steps))
	}
	// The API answers for the pod prefixes, so that /routes is judged too; and
	// w-1's bytes have a say in what is shared.
	for name, c := range map[string]struct {
		change func()
		open   []string
	}{
		"things of a node": {func() {
			s.have.Nodes["w-1"].Unread = map[string]string{"/own": "permission", "vm.a": "silent", "/made": "io"}
		}, []string{"w-1/file/own", "w-1/phase/x", "w-1/sysctl/vm.a"}},
		"what is shared": {func() { s.have.Nodes["w-1"].Unread = map[string]string{"/shared": "io"} }, []string{"w-1/file/shared"}},
		// The unit is fine by itself: it would start again because of /routes.
		"the API": {func() { s.have.API = state.API{Status: state.NoAPI} },
			[]string{"cp-1/file/routes", "cp-1/unit/routes.service", "cp-1/wait/ready", "w-1/file/routes", "w-1/unit/routes.service", "w-1/wait/ready"}},
	} {
		s = half(t)
		all := ids(s.drift())
		c.change()
		left := ids(s.drift())
		open := slices.DeleteFunc(slices.Clone(all), func(id string) bool { return slices.Contains(left, id) })
		slices.Sort(open)
		if d := cmp.Diff(c.open, open); d != "" || s.seen().Complete() {
			t.Errorf("%s: complete %v\n%s", name, s.seen().Complete(), d)
		}
	}
}
