package profiles

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Audit asks controls of every node of a cluster, and those that are of no node in
// particular once of the cluster. Findings are in the order of the controls, and of the
// nodes for each of them. Nodes are asked side by side, each all its questions at once,
// so that of each what it was asked is kept for no longer.
func Audit(controls []Control, c check.Cluster, nodes []cluster.Node, have *state.Cluster) []Finding {
	first := make([]int, len(controls)+1) // where the findings of a control begin
	perNode := make([]bool, len(controls))
	for i := range controls {
		perNode[i] = controls[i].PerNode()
		first[i+1] = first[i] + 1
		if perNode[i] {
			first[i+1] = first[i] + len(nodes)
		}
	}
	out := make([]Finding, first[len(controls)])
	subjects := check.NewSubjects(c, have)
	// The cluster is one more to be asked, behind the last node.
	ask := func(at int) {
		s := subjects.Of(cluster.Node{})
		if at < len(nodes) {
			s = subjects.Of(nodes[at])
		}
		for i := range controls {
			switch {
			case perNode[i] && at < len(nodes):
				out[first[i]+at] = controls[i].Audit(s)
			case !perNode[i] && at == len(nodes):
				out[first[i]] = controls[i].Audit(s)
			}
		}
	}
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(nodes)+1) {
		all.Go(func() {
			for at := int(next.Add(1)) - 1; at <= len(nodes); at = int(next.Add(1)) - 1 {
				ask(at)
			}
		})
	}
	all.Wait()
	return out
}
