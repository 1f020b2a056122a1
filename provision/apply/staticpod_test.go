package apply

import (
	"fmt"
	"strings"
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

// An API server ends once the etcd whose manifest changes is gone, whatever else of the
// change starts it again.
func TestAnAPIServerEndsAfterItsEtcd(t *testing.T) {
	file := func(path string, origin state.Origin, restarts ...string) plan.Step {
		return plan.Step{ID: "a/file" + path, Node: "a", Kind: plan.KindFile, Restarts: restarts,
			File: &plan.FileStep{Want: state.File{Path: path, Origin: origin, Mode: 0o600, Owner: "root:root", Content: []byte("m")}}}
	}
	etcd := file("/m/etcd.yaml", state.Derived, "etcd", "kube-apiserver")
	audit := file("/m/audit-policy.yaml", state.Written, "kube-apiserver")
	for name, c := range map[string]struct {
		steps    []plan.Step
		restarts []string
	}{
		"alone":               {[]plan.Step{etcd}, []string{"etcd", "kube-apiserver"}},
		"and its policy":      {[]plan.Step{audit, etcd}, []string{"kube-apiserver", "etcd"}},
		"and the scheduler's": {[]plan.Step{etcd}, []string{"kube-scheduler", "kube-apiserver", "etcd"}},
	} {
		change := &change{run: &run{Runner: &Runner{Have: &state.Cluster{}}, values: newValues(&state.Cluster{}, nil)}, restarts: c.restarts}
		ops, err := change.operations(t.Context(), c.steps)
		if err != nil {
			t.Fatal(err)
		}
		var ended []string
		for _, op := range ops {
			if op.Kind == machine.EndProcess && op.Key != "kube-scheduler" {
				ended = append(ended, fmt.Sprint(op.Key, " ", op.Later))
			}
		}
		if got := strings.Join(ended, ", "); got != "etcd true, kube-apiserver false" {
			t.Errorf("%s: %s", name, got)
		}
	}
}
