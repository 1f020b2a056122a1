package plan

import (
	"fmt"
	"slices"
	"strings"

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

// undecided finds files that control planes share and of which no bytes are most
// of theirs: which are right is for a person to say.
func undecided(c *cluster.Cluster, wants []state.Want, have *state.Cluster) []Problem {
	var out []Problem
	seen := map[string]bool{}
	if e := unencrypted(c, wants, have); e != nil {
		seen[e.File.Path] = true // the step that encrypts compares their keys
	}
	for _, w := range wants {
		for _, f := range w.Facts {
			if f.File == nil || len(f.File.Shared) == 0 || seen[f.File.Path] {
				continue
			}
			seen[f.File.Path] = true
			holders := map[string][]string{} // by digest
			n := 0
			for _, name := range f.File.Shared {
				if sum := digest(have, name, f.File.Path); sum != "" {
					holders[sum] = append(holders[sum], name)
					n++
				}
			}
			most := 0
			for _, names := range holders {
				most = max(most, len(names))
			}
			if len(holders) < 2 || 2*most > n {
				continue
			}
			var groups []string
			for _, names := range holders {
				groups = append(groups, list(names))
			}
			slices.Sort(groups)
			out = append(out, Problem{Node: f.File.Shared[0], Check: "shared-file",
				Seen:   fmt.Sprintf("%s must be the same on every control plane, and differs between %s", f.File.Path, strings.Join(groups, " | ")),
				Remedy: "see which of them the running API servers use (`crictl logs` of kube-apiserver on each), and put that file on the others"})
		}
	}
	return out
}

// digest is that of a node's file, "" where there is none.
func digest(have *state.Cluster, node, path string) string {
	if n := have.Nodes[node]; n != nil {
		return n.Files[path].SHA256
	}
	return ""
}
