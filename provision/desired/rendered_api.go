package desired

import (
	"fmt"
	"maps"
	"slices"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
)

// onlyLiving are lists of the API that a spec does not know the whole of: of what it
// wants there may be more.
var onlyLiving = []string{"admission_policies", "bootstrap_tokens", "grants", "limit_ranges", "namespaces", "network_policies",
	"pods", "quotas", "service_accounts", "things"}

// renderedAPI is the API of a cluster on which all that is wanted holds, without its
// objects: the nodes are those of the spec.
func renderedAPI(c *cluster.Cluster) state.API {
	out := state.API{Objects: map[string]state.HaveObject{}, Nodes: map[string]state.NodeObject{}, Unread: map[string]string{}}
	for _, name := range onlyLiving {
		out.Unread[name] = "only a living cluster has it"
	}
	for _, n := range c.Nodes {
		// The kubelet's own labels, of which the architecture is not known, then
		// kubeadm's (mark-control-plane) and the spec's.
		labels := map[string]string{"kubernetes.io/hostname": n.Name, "kubernetes.io/os": "linux"}
		if n.Role == cluster.ControlPlane {
			labels["node-role.kubernetes.io/control-plane"] = ""
			labels["node.kubernetes.io/exclude-from-external-load-balancers"] = ""
		}
		maps.Copy(labels, n.Labels)
		o := state.NodeObject{Name: n.Name, Ready: true, Labels: labels, KubeletVersion: c.Kubernetes.String()}
		for _, t := range kubeadm.Taints(n) {
			o.Taints = append(o.Taints, fmt.Sprintf("%s=%s:%s", t.Key, t.Value, t.Effect)) // as a look has them
		}
		slices.Sort(o.Taints)
		out.Nodes[n.Name] = o
	}
	return out
}
