package plan

import (
	"fmt"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// otherVersions warns of nodes whose kubelet, as it said when it started last, is not
// of the spec's version. bulwark installs no package, and what is planned is made for
// the version of the spec: which of the two is right is for a person to say.
func otherVersions(c *cluster.Cluster, have *state.Cluster) []Problem {
	var out []Problem
	for _, n := range c.Nodes {
		got := have.API.Nodes[n.Name].KubeletVersion
		if got == "" {
			continue // no node yet, or the API does not answer
		}
		v, err := cluster.ParseVersion(got)
		if err == nil && v == c.Kubernetes {
			continue
		}
		remedy := fmt.Sprintf("install kubelet and kubeadm %s on it and restart the kubelet", c.Kubernetes)
		if err == nil && v.Major == c.Kubernetes.Major && v.Minor == c.Kubernetes.Minor {
			remedy += fmt.Sprintf(", or, where all machines have them already, say kubernetes = %q", strings.TrimPrefix(got, "v"))
		}
		out = append(out, Problem{Node: n.Name, Check: "kubelet-version", Warning: true, Remedy: remedy,
			Seen: "the kubelet that runs is " + got + ", the spec is for " + c.Kubernetes.String()})
	}
	return out
}
