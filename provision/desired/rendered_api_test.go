package desired

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Nodes of a spec are known before there is one, with the labels and taints that they
// will have.
func TestRenderedNodes(t *testing.T) {
	c := &cluster.Cluster{Kubernetes: cluster.Version{Major: 1, Minor: 37, Patch: 2}, Nodes: []cluster.Node{
		{Name: "cp-1", Role: cluster.ControlPlane},
		{Name: "cp-2", Role: cluster.ControlPlane, Taints: []cluster.Taint{}, Labels: map[string]string{"zone": "a"}},
		{Name: "w-1", Role: cluster.Worker},
		{Name: "w-2", Role: cluster.Worker, Taints: []cluster.Taint{{Key: "z", Effect: "NoSchedule"}, {Key: "dedicated", Value: "db", Effect: "NoExecute"}}},
	}}
	node := func(name string, taints []string, labels ...string) state.NodeObject {
		all := map[string]string{"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
		for i := 0; i < len(labels); i += 2 {
			all[labels[i]] = labels[i+1]
		}
		return state.NodeObject{Name: name, Ready: true, KubeletVersion: "v1.37.2", Labels: all, Taints: taints}
	}
	const plane, balancers = "node-role.kubernetes.io/control-plane", "node.kubernetes.io/exclude-from-external-load-balancers"
	want := map[string]state.NodeObject{
		"cp-1": node("cp-1", []string{plane + "=:NoSchedule"}, plane, "", balancers, ""),
		"cp-2": node("cp-2", nil, plane, "", balancers, "", "zone", "a"),
		"w-1":  node("w-1", nil),
		"w-2":  node("w-2", []string{"dedicated=db:NoExecute", "z=:NoSchedule"}),
	}
	if diff := cmp.Diff(want, renderedAPI(c).Nodes); diff != "" {
		t.Error(diff)
	}
}

// The API of what was rendered has the objects of the spec, and says of the rest that it
// is not known.
func TestRenderedAPI(t *testing.T) {
	c := several(t)
	have, err := Rendered(c, wants(t, c))
	if err != nil {
		t.Fatal(err)
	}
	if len(have.API.Nodes) != len(c.Nodes) || have.API.Objects["v1/ConfigMap/kube-system/kube-proxy"].JSON == nil || have.API.Inventory != nil {
		t.Errorf("%+v", have.API)
	}
	for _, name := range onlyLiving {
		if have.API.Unread[name] != "only a living cluster has it" {
			t.Errorf("%s: %q", name, have.API.Unread[name])
		}
	}
}
