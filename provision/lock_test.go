package provision

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

func TestWhichMachinesAreLocked(t *testing.T) {
	c := &cluster.Cluster{Nodes: []cluster.Node{{Name: "cp-1", Role: cluster.ControlPlane}, {Name: "w-1"}, {Name: "cp-2", Role: cluster.ControlPlane}, {Name: "w-2"}}}
	for _, test := range []struct{ steps, want []string }{
		{nil, nil},
		{[]string{"w-2", "w-1", "w-2"}, []string{"w-1", "w-2"}},
		{[]string{"w-1", ""}, []string{"cp-1", "w-1", "cp-2"}},
		{[]string{"cp-2"}, []string{"cp-2"}},
	} {
		p := &plan.Plan{}
		for _, node := range test.steps {
			p.Steps = append(p.Steps, plan.Step{Node: node})
		}
		if got := touched(c, p); !slices.Equal(got, test.want) {
			t.Errorf("%q: %q", test.steps, got)
		}
	}
}

// Who came and went between look and lock has written into the journal.
func TestAJournalThatGrewMakesAPlanStale(t *testing.T) {
	have := &state.Cluster{Nodes: map[string]*state.Node{
		"cp-1": {Files: map[string]state.HaveFile{apply.JournalFile: {Type: "file", SHA256: "a"}}},
		"w-1":  {Files: map[string]state.HaveFile{apply.JournalFile: {}}},
	}}
	if err := moved(&apply.Locks{Journals: map[string]string{"cp-1": "a", "w-1": ""}}, have); err != nil {
		t.Error(err)
	}
	err := moved(&apply.Locks{Journals: map[string]string{"cp-1": "b", "w-1": "c"}}, have)
	if e, ok := errors.AsType[*StaleError](err); !ok || !strings.Contains(e.Error(), "cp-1, w-1 moved since") {
		t.Errorf("%v", err)
	}
}

// A lock comes and goes, and a saved plan is not stale for it; a journal that
// grew says that somebody worked there.
func TestASavedPlanAndTheLock(t *testing.T) {
	s := planned(t, "../examples/quickstart")
	was := s.looks["w-1"]
	files := map[string]state.HaveFile{apply.LockFile: {Type: "file", SHA256: "a"}}
	s.have.Nodes["w-1"].Files = files
	if looks(s.have)["w-1"] != was {
		t.Error("the lock counts")
	}
	files[apply.JournalFile] = state.HaveFile{Type: "file", SHA256: "a"}
	if looks(s.have)["w-1"] == was {
		t.Error("the journal does not count")
	}
}

// An empty plan asks no machine anything: there is none here.
func TestAnEmptyPlanTakesNoLock(t *testing.T) {
	s := planned(t, "../examples/quickstart")
	s.Plan = &plan.Plan{}
	if _, err := s.Apply(t.Context(), ApplyOptions{}); err != nil {
		t.Error(err)
	}
}
