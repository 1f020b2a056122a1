package provision

import (
	"context"
	"slices"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Kubeconfig makes a kubeconfig for a person, with a client certificate of its
// own that expires. The API is asked for it through the control plane.
func (s *Session) Kubeconfig(ctx context.Context, o KubeconfigOptions) ([]byte, error) {
	if !slices.ContainsFunc(s.Cluster.ControlPlanes(), func(n cluster.Node) bool { return s.hosts[n.Name] != nil }) {
		return nil, &PreflightError{Problems: s.Problems}
	}
	client, err := s.access.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }()
	secret, err := client.Kubeconfig(ctx, kube.Operator{
		User: o.User, TTL: time.Duration(o.TTLSeconds) * time.Second, Context: s.Cluster.Name,
		Server: "https://" + apply.Endpoint(s.Cluster),
	})
	return []byte(secret), err
}

// MergeKubeconfig puts the context of a kubeconfig into the operator's own, as
// kubectl's rules have it, and answers which files were written. The current
// context is only changed when use is set.
func MergeKubeconfig(ctx context.Context, kubeconfig []byte, paths []string, use bool) ([]string, error) {
	return kube.Merge(ctx, state.Secret(kubeconfig), paths, use)
}
