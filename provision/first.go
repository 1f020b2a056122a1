package provision

import (
	"context"
	"net/http"
	"slices"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/desired"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// firstOf is the control plane that others join: the first of those whose API
// server is ready, since one that is not may be on its way into the cluster
// itself. Where none is, it is the first that ever had one; else the first with
// etcd's data, or with the cluster's authority; else the first of the spec.
func (l looker) firstOf(ctx context.Context, nodes map[string]*state.Node) string {
	serving := having(l.cluster, nodes, desired.APIServerManifest, desired.AdminConf)
	if len(serving) > 1 {
		for _, n := range serving {
			if l.isReady(ctx, n) {
				return n.Name
			}
		}
	}
	for _, some := range [][]cluster.Node{serving, having(l.cluster, nodes, desired.EtcdData), having(l.cluster, nodes, desired.ClusterCA), l.cluster.ControlPlanes()} {
		if len(some) > 0 {
			return some[0].Name
		}
	}
	return ""
}

// having are the control planes that have all of some paths, in the order of the spec.
func having(c *cluster.Cluster, nodes map[string]*state.Node, paths ...string) []cluster.Node {
	return slices.DeleteFunc(c.ControlPlanes(), func(n cluster.Node) bool {
		got := nodes[n.Name]
		return got == nil || slices.ContainsFunc(paths, func(path string) bool { return !got.Files[path].Exists() })
	})
}

// isReady asks one control plane's own API server.
func (l looker) isReady(ctx context.Context, n cluster.Node) bool {
	a := l.access()
	a.First = n.Name
	client, err := a.Connect(ctx)
	if err != nil {
		return false
	}
	defer func() { _ = client.Close() }()
	status, err := kube.Anonymous(ctx, l.hosts[n.Name], apply.Server(l.cluster, n), "/readyz", client.CA())
	return err == nil && status == http.StatusOK
}
