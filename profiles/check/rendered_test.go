package check

import (
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/desired"
	"github.com/bulwark-k8s/bulwark/provision/spec"
)

// Of each list of the API a rendered cluster says what is so, or that nobody can know yet.
func TestListsOfWhatWasRendered(t *testing.T) {
	c, _, diags := spec.Load("../../examples/three-control-planes", spec.Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	wants, err := desired.Wants(c, nil, c.ControlPlanes()[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	have, err := desired.Rendered(c, wants)
	if err != nil {
		t.Fatal(err)
	}
	for name := range clusterLists {
		a := askOf(t, have.API, `all([for x in `+name+`() : 1 == 2])`)
		if name == "nodes" {
			continue
		}
		if a.Verdict != Unknown || len(a.Seen) != 1 || a.Seen[0].Unread != "only a living cluster has it" {
			t.Errorf("%s: %+v", name, a)
		}
	}
	for text, want := range map[string]Verdict{
		`count(nodes()) == 5 && all([for n in nodes() : n.kubelet == "v1.37.2" && n.ready])`:          True,
		`any([for n in nodes() : n.name == "cp-1" && n.labels["kubernetes.io/hostname"] == "cp-1"])`:  True,
		`any([for n in nodes() : has(n.taints, "node-role.kubernetes.io/control-plane:NoSchedule")])`: True,
		`all([for n in nodes() : has(n.taints, "node-role.kubernetes.io/control-plane:NoSchedule")])`: False,
	} {
		if a := askOf(t, have.API, text); a.Verdict != want {
			t.Errorf("%s: %+v", text, a)
		}
	}
}
