package plan

import (
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// clusterCA is the certificate that says which cluster a machine belongs to.
const clusterCA = "/etc/kubernetes/pki/ca.crt"

// strangers finds nodes of another cluster: of one whose control planes have
// another CA, or none any more.
func strangers(c *cluster.Cluster, have *state.Cluster) []Problem {
	var of, ca string // what most control planes, or the first of them, have
	digests := map[string]int{}
	for _, n := range c.ControlPlanes() {
		got := have.Nodes[n.Name]
		if got == nil {
			return nil // not looked at, and said so
		}
		if sum := got.Files[clusterCA].SHA256; sum != "" {
			if digests[sum]++; digests[sum] > digests[ca] {
				of, ca = n.Name, sum
			}
		}
	}
	var out []Problem
	for _, n := range c.Nodes {
		got := have.Nodes[n.Name]
		if got == nil || !got.Files[kubeletConf].Exists() || got.Files[clusterCA].SHA256 == ca {
			continue
		}
		seen := "it is a node of a cluster with another CA than " + of + "'s"
		if of == "" {
			seen = "it is a node of a cluster, and no control plane of the spec is of any"
		}
		out = append(out, Problem{Node: n.Name, Check: "other-cluster", Seen: seen,
			Remedy: "correct its address, or take it out of that cluster and run kubeadm reset --force on it"})
	}
	return out
}
