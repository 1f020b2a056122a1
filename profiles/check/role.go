package check

import (
	"context"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Only is the role that a node has to have for the question ever to be true of it, as far
// as that is plain: where nothing of a node is known but its role, it is false of the other
// role and not of this one.
func (q *Question) Only(ctx context.Context) (cluster.Role, bool) {
	if !q.alike || q.ofCluster {
		return "", false // it may rest on which node it is, or on what the cluster is
	}
	can := map[cluster.Role]bool{}
	for _, r := range [...]cluster.Role{cluster.ControlPlane, cluster.Worker} {
		can[r] = q.Ask(ctx, Subject{Node: cluster.Node{Role: r}, Have: &state.Cluster{}}).Verdict != False
	}
	switch {
	case can[cluster.ControlPlane] && !can[cluster.Worker]:
		return cluster.ControlPlane, true
	case can[cluster.Worker] && !can[cluster.ControlPlane]:
		return cluster.Worker, true
	}
	return "", false
}
