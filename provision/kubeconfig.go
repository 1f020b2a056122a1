package provision

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Kubeconfig makes a kubeconfig for a person, with a client certificate of its
// own that expires. The API is asked for it through the control plane.
func (s *Session) Kubeconfig(ctx context.Context, o KubeconfigOptions) ([]byte, error) {
	h := s.hosts[s.Cluster.ControlPlanes()[0].Name]
	if h == nil {
		return nil, &PreflightError{Problems: s.Problems}
	}
	client, err := apply.Connect(ctx, s.Cluster, h)
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }()
	secret, err := client.Kubeconfig(ctx, kube.Operator{
		User: o.User, TTL: time.Duration(o.TTLSeconds) * time.Second, Context: s.Cluster.Name,
		Server: "https://" + net.JoinHostPort(s.Cluster.Endpoint.Host, strconv.Itoa(int(s.Cluster.Endpoint.Port))),
	})
	return []byte(secret), err
}

// MergeKubeconfig puts the context of a kubeconfig into the operator's own, as
// kubectl's rules have it, and answers which files were written. The current
// context is only changed when use is set.
func MergeKubeconfig(ctx context.Context, kubeconfig []byte, paths []string, use bool) ([]string, error) {
	return kube.Merge(ctx, state.Secret(kubeconfig), paths, use)
}
