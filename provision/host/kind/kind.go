// Package kind makes and reaches kind's node containers, so that a spec can be
// tried as hard as in production on one machine. It is the only importer of
// sigs.k8s.io/kind outside of tests.
//
// kind makes the containers and stops before Kubernetes; no kubeadm
// configuration of kind's is used. From there on a node container is a machine
// like any other, reached by `exec` instead of SSH.
package kind

import (
	"context"
	"fmt"
	"slices"
	"strings"

	kindcluster "sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/log"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
)

// provider is the container runtime that is there, as kind finds it.
func provider(logger log.Logger) (*kindcluster.Provider, error) {
	detected, err := kindcluster.DetectNodeProvider()
	if err != nil {
		return nil, fmt.Errorf("%w: kind needs docker, podman or nerdctl, and the right to use it: install one, then run this again: %w", host.ErrUnreachable, err)
	}
	return kindcluster.NewProvider(detected, kindcluster.ProviderWithLogger(logger)), nil
}

// containerNames are the names kind gives the nodes of a cluster, in the order
// of the spec: the first control plane is kind's only one, since kind asks for
// a load balancer of its own as soon as it sees two.
func containerNames(c *cluster.Cluster) []string {
	first := slices.IndexFunc(c.Nodes, func(n cluster.Node) bool { return n.Role == cluster.ControlPlane })
	var out []string
	worker := 0
	for i := range c.Nodes {
		switch {
		case i == first:
			out = append(out, c.Name+"-control-plane")
		case worker == 0:
			out = append(out, c.Name+"-worker")
			worker = 1
		default:
			worker++
			out = append(out, fmt.Sprintf("%s-worker%d", c.Name, worker))
		}
	}
	return out
}

// containers are the node containers of a cluster, in the order of the spec.
func containers(c *cluster.Cluster) ([]nodes.Node, error) {
	p, err := provider(log.NoopLogger{})
	if err != nil {
		return nil, err
	}
	have, err := p.ListInternalNodes(c.Name)
	if err != nil {
		return nil, unanswered("list the kind nodes of "+c.Name, err)
	}
	var out []nodes.Node
	var missing []string
	for _, name := range containerNames(c) {
		i := slices.IndexFunc(have, func(n nodes.Node) bool { return n.String() == name })
		if i < 0 {
			missing = append(missing, name)
			continue
		}
		out = append(out, have[i])
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("kind has no node %s: make the nodes with `bulwark kind create`; a spec that gained nodes needs `bulwark kind delete` first",
			strings.Join(missing, ", "))
	}
	return out, nil
}

// Exists says whether kind has nodes of that cluster's name.
func Exists(_ context.Context, c *cluster.Cluster) (bool, error) {
	p, err := provider(log.NoopLogger{})
	if err != nil {
		return false, err
	}
	names, err := p.List()
	if err != nil {
		return false, unanswered("list the clusters of kind", err)
	}
	return slices.Contains(names, c.Name), nil
}
