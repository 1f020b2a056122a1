package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// digest is that of a node's file, "" where there is none.
func digest(have *state.Cluster, node, path string) string {
	if n := have.Nodes[node]; n != nil {
		return n.Files[path].SHA256
	}
	return ""
}

// holders are the nodes of some that have a file, by the digest of its bytes. Of the
// key file only those count that say what is wanted, beside their key, where any
// does: what is wrong does not become right by being on most. masked is the digest
// of that.
func holders(have *state.Cluster, nodes []string, path, masked string) map[string][]string {
	all, right := map[string][]string{}, map[string][]string{}
	for _, name := range nodes {
		sum := digest(have, name, path)
		if sum == "" {
			continue
		}
		all[sum] = append(all[sum], name)
		if have.Nodes[name].Files[path].Masked == masked {
			right[sum] = append(right[sum], name)
		}
	}
	if path == encryptionFile && len(right) > 0 {
		return right
	}
	return all
}

// most is the digest that more than half of the holders of a file have, "" where
// none is.
func most(holders map[string][]string) string {
	count := 0
	for _, names := range holders {
		count += len(names)
	}
	for sum, names := range holders {
		if 2*len(names) > count {
			return sum
		}
	}
	return ""
}

// source is the node whose bytes count at a path that several share: the first
// of those with the bytes that most of them have, or who makes the file where
// none has it. That no bytes have a majority is for [Preflight] to say.
func (r rules) source(want state.File) string {
	if len(want.Shared) == 0 {
		return want.Maker // as of nearly all files
	}
	holders := holders(r.have, want.Shared, want.Path, r.masked)
	best, most := want.Maker, 0
	for _, name := range want.Shared {
		if same := holders[digest(r.have, name, want.Path)]; slices.Contains(same, name) && len(same) > most {
			best, most = name, len(same)
		}
	}
	return best
}

// undecided finds files that control planes share and of which no bytes are most
// of theirs: which are right is for a person to say.
func undecided(c *cluster.Cluster, wants []state.Want, have *state.Cluster) []Problem {
	var out []Problem
	seen := map[string]bool{}
	if e := unencrypted(c, wants, have); e != nil {
		seen[e.File.Path] = true // the step that encrypts compares their keys
	}
	masked := maskedText(encryptionOf(wants))
	for _, w := range wants {
		for _, f := range w.Facts {
			if f.File == nil || len(f.File.Shared) == 0 || seen[f.File.Path] {
				continue
			}
			seen[f.File.Path] = true
			holders := holders(have, f.File.Shared, f.File.Path, masked)
			if len(holders) < 2 || most(holders) != "" {
				continue
			}
			var groups []string
			for _, names := range holders {
				groups = append(groups, list(names))
			}
			slices.Sort(groups)
			out = append(out, Problem{Node: f.File.Shared[0], Check: "shared-file",
				Seen:   fmt.Sprintf("%s must be the same on every control plane, and differs between %s", f.File.Path, strings.Join(groups, " | ")),
				Remedy: "keep a copy of each, see which of them the running API servers use (`crictl logs` of kube-apiserver on each), and put that file on the others"})
		}
	}
	return out
}
