package provision

import (
	"context"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/desired"
)

// Audited is what the controls of the catalogue say of a cluster.
type Audited struct {
	Cluster *cluster.Cluster
	// Findings are in the order of the catalogue, and of the spec's nodes for each
	// control.
	Findings []profiles.Finding
}

// AuditRendered asks all controls of what a spec comes to, without looking at any
// machine. What only a machine can tell is unknown.
func AuditRendered(ctx context.Context, in Input) (*Audited, error) {
	i, err := intended(ctx, in)
	if err != nil {
		return nil, err
	}
	have, err := desired.Rendered(i.cluster, i.wants)
	if err != nil {
		return nil, err
	}
	controls, err := profiles.Catalogue()
	if err != nil {
		return nil, err
	}
	out := &Audited{Cluster: i.cluster}
	for _, c := range controls {
		for _, n := range i.cluster.Nodes {
			out.Findings = append(out.Findings, c.Audit(check.Subject{Node: n, Kubernetes: i.cluster.Kubernetes, Have: have}))
		}
	}
	return out, nil
}
