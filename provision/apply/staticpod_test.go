package apply

import (
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// The kubelet starts kube-vip again by its manifest: who ended it before that was read
// would see it start twice, and take that for one that does not stay.
func TestKubeVIPIsLeftToTheKubelet(t *testing.T) {
	vip := plan.Step{ID: "a/file/m", Node: "a", Kind: plan.KindFile, Restarts: []string{"kube-vip"},
		File: &plan.FileStep{Want: state.File{Path: "/m/kube-vip.yaml", Origin: state.Written, Mode: 0o600, Owner: "root:root", Content: []byte("m")}}}
	kubeconfig := vip
	kubeconfig.File = &plan.FileStep{Want: state.File{Path: "/m/kube-vip.conf", Origin: state.Written, Mode: 0o600, Owner: "root:root", Content: []byte("m")}}
	for want, s := range map[bool]plan.Step{true: vip, false: kubeconfig} {
		c := &change{run: &run{Runner: &Runner{Have: &state.Cluster{}}, values: newValues(&state.Cluster{}, nil)}, restarts: []string{"kube-vip"}}
		ops, err := c.operations(t.Context(), []plan.Step{s})
		if err != nil {
			t.Fatal(err)
		}
		last := ops[len(ops)-1]
		if last.Kind != machine.EndProcess || last.Key != "kube-vip" || last.Later != want {
			t.Errorf("%s: %+v", s.File.Want.Path, ops)
		}
	}
}

// An API server ends with the etcd whose manifest changes, once that is gone, and both
// are waited for.
func TestAnAPIServerEndsWithItsEtcd(t *testing.T) {
	s := plan.Step{ID: "a/file/m", Node: "a", Kind: plan.KindFile, Restarts: []string{"etcd", "kube-apiserver"},
		File: &plan.FileStep{Want: state.File{Path: "/m/etcd.yaml", Origin: state.Derived, Mode: 0o600, Owner: "root:root", Content: []byte("m")}}}
	c := &change{run: &run{Runner: &Runner{Have: &state.Cluster{}}, values: newValues(&state.Cluster{}, nil)}, restarts: s.Restarts}
	ops, err := c.operations(t.Context(), []plan.Step{s})
	if err != nil {
		t.Fatal(err)
	}
	etcd, server := ops[len(ops)-2], ops[len(ops)-1]
	if etcd.Kind != machine.EndProcess || etcd.Key != "etcd" || !etcd.Later || server.Kind != machine.EndProcess || server.Key != "kube-apiserver" || server.Later {
		t.Errorf("%+v", ops)
	}
}
