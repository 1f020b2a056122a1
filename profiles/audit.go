package profiles

import (
	"context"
	"fmt"
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
// so that of each what it was asked is kept for no longer. Where the context ends before
// all is asked, there are no findings: half of them would look like all.
func Audit(ctx context.Context, controls []Control, c check.Cluster, nodes []cluster.Node, have *state.Cluster) ([]Finding, error) {
	first := make([]int, len(controls)+1) // where the findings of a control begin
	perNode := make([]bool, len(controls))
	notes := make([][]string, len(controls)) // the same for every node
	for i := range controls {
		perNode[i], notes[i] = controls[i].PerNode(), controls[i].changes(c.Kubernetes)
		first[i+1] = first[i] + 1
		if perNode[i] {
			first[i+1] = first[i] + len(nodes)
		}
	}
	out := make([]Finding, first[len(controls)])
	subjects := check.NewSubjects(c, have)
	// The cluster is one more to be asked, behind the last node.
	ask := func(at int) {
		var node cluster.Node
		if at < len(nodes) {
			node = nodes[at]
		}
		s := subjects.Of(node)
		for i := range controls {
			if ctx.Err() != nil {
				return
			}
			f := Finding{Control: &controls[i], Node: node.Name, Notes: notes[i]}
			switch {
			case perNode[i] && at < len(nodes):
				f.Verdict, f.Seen = controls[i].judge(ctx, s)
				out[first[i]+at] = f
			case !perNode[i] && at == len(nodes):
				f.Verdict, f.Seen = controls[i].judge(ctx, s)
				out[first[i]] = f
			}
		}
	}
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(nodes)+1) {
		all.Go(func() {
			for at := int(next.Add(1)) - 1; at <= len(nodes) && ctx.Err() == nil; at = int(next.Add(1)) - 1 {
				ask(at)
			}
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("the audit was stopped before all %d controls had an answer, and says nothing: %w; run it again", len(controls), context.Cause(ctx))
	}
	return out, nil
}
