package plan

import (
	"reflect"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Uncordon lets new pods come to a node that a change which was cut had drained.
type Uncordon struct {
	Node string `json:"node"`
}

// endsPods are the fields of a kubelet's configuration for which pods that run may
// end when it starts again with others. A kubelet that starts admits all its pods
// anew, and those that what it has no longer allows fail (pkg/kubelet: HandlePodAdditions,
// lifecycle/predicate.go, sysctl/allowlist.go, cm/topologymanager); pods whose control
// groups it does not find are ended and started again (SyncPod). That it starts again
// with the same ends no pod.
var endsPods = [...]string{
	"maxPods", "podsPerCore", "systemReserved", "kubeReserved", "reservedSystemCPUs", "evictionHard", "enforceNodeAllocatable",
	"allowedUnsafeSysctls", "topologyManagerPolicy", "topologyManagerScope", "topologyManagerPolicyOptions",
	"cgroupDriver", "cgroupRoot", "cgroupsPerQOS",
}

// drains are the fields for which a worker is drained before its kubelet starts
// again with another configuration. Text that is no configuration has none: nobody
// knows what such a kubelet runs with.
func (r rules) drains(path string, before, after []byte, n *state.Node) []string {
	if node, _ := r.cluster.Node(n.Name); path != kubeletConfig || node.Role != cluster.Worker {
		return nil
	}
	var old, wanted map[string]any
	if yaml.Unmarshal(before, &old) != nil || yaml.Unmarshal(after, &wanted) != nil || old == nil {
		return nil
	}
	var out []string
	for _, field := range endsPods {
		if !reflect.DeepEqual(old[field], wanted[field]) && !roomier(field, old[field], wanted[field]) {
			out = append(out, field)
		}
	}
	return out
}

// defaultMaxPods is what a kubelet takes that is told nothing else
// (k8s.io/kubernetes/pkg/kubelet/apis/config/v1beta1/defaults.go).
const defaultMaxPods = 110

// roomier says whether a field only allows more pods than before.
func roomier(field string, before, after any) bool {
	number := func(v any) float64 {
		if v == nil {
			return defaultMaxPods
		}
		n, _ := v.(float64)
		return n
	}
	return field == "maxPods" && number(after) >= number(before)
}

// uncordons are the steps for nodes that an earlier run drained and was cut before
// it let pods come back. A change that drains does so itself.
func (r rules) uncordons(steps []Step) []Step {
	var out []Step
	for _, n := range r.cluster.Nodes {
		if !r.have.API.Nodes[n.Name].Cordoned {
			continue
		}
		if !slices.ContainsFunc(steps, func(s Step) bool { return s.Node == n.Name && len(s.Drains) > 0 }) {
			out = append(out, Step{ID: n.Name + "/uncordon/" + n.Name, Node: n.Name, Kind: KindUncordon, Action: Run,
				Title: n.Name + " takes pods again: a run that was cut had drained it", Why: r.why("defaults"), Uncordon: &Uncordon{Node: n.Name}})
		}
	}
	return out
}
