package plan_test

import (
	"slices"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// A run that was cut when the API answered already, and before kubeadm made
// what has to go, must not forget to take it away.
func TestWhatAPlannedPhaseMayMakeIsTakenAway(t *testing.T) {
	makes := state.ObjectRef{APIVersion: "v1", Kind: "ConfigMap", Namespace: "a", Name: "b"}
	const phase = "n/phase/p"
	wants := []state.Want{
		{Node: "n", Facts: []state.Fact{{ID: phase, Phase: &state.Phase{Name: "p", Objects: []state.ObjectRef{makes}}}}},
		{Facts: []state.Fact{
			{ID: "cluster/object/binding", After: []string{phase}, Object: &state.Object{Ref: state.ObjectRef{APIVersion: "v1", Kind: "Secret", Name: "c"}}},
			{ID: "cluster/object/tokens", After: []string{phase}, Object: &state.Object{Tokens: true}},
		}},
	}
	for name, c := range map[string]struct {
		there map[string]state.HaveObject
		want  []string
	}{
		"the phase is still to come": {nil, []string{phase, "cluster/object/binding", "cluster/object/tokens"}},
		"it was done":                {map[string]state.HaveObject{makes.String(): {}}, nil},
	} {
		have := &state.Cluster{Nodes: map[string]*state.Node{"n": {Name: "n"}}, API: state.API{Status: state.Answering, Objects: c.there}}
		var got []string
		for _, s := range plan.Compute(&cluster.Cluster{}, wants, have, nil).Steps {
			got = append(got, s.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, not %q", name, got, c.want)
		}
	}
}
