package apply

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// adminConf is the kubeconfig kubeadm leaves on a control plane. It is read
// into memory, and goes nowhere from there.
const adminConf = "/etc/kubernetes/admin.conf"

// tokenTTL is how long a joining node's token lives at most; it is deleted as
// soon as the join has ended.
const tokenTTL = 20 * time.Minute

// api is the cluster's API through its first control plane, opened when the
// first step needs it: at the beginning of a bootstrap there is none.
type api struct {
	cluster *cluster.Cluster
	hosts   map[string]host.Host

	mu     sync.Mutex
	client *kube.Client
}

// server is where the API answers, as the control plane itself sees it.
func (a *api) server() string { return Server(a.cluster) }

// Server is the address of the first control plane's own API server.
func Server(c *cluster.Cluster) string {
	cp := c.ControlPlanes()[0]
	return net.JoinHostPort(cp.Address.String(), strconv.Itoa(int(c.Endpoint.Port)))
}

// Connect opens the API of a cluster through its first control plane.
func Connect(ctx context.Context, c *cluster.Cluster, h host.Host) (*kube.Client, error) {
	cp := c.ControlPlanes()[0]
	n, err := observe.Node(ctx, h, observe.Ask{Node: cp.Name, Files: []observe.AskFile{{Path: adminConf, Text: true}}})
	if err != nil {
		return nil, err
	}
	f := n.Files[adminConf]
	if !f.Exists() || len(f.Text) == 0 {
		return nil, fmt.Errorf("%s: %s is not there: the control plane is not initialised", h, adminConf)
	}
	return kube.New(h, f.Text, Server(c))
}

// open gives the client, opening it at first.
func (a *api) open(ctx context.Context) (*kube.Client, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.client != nil {
		return a.client, nil
	}
	client, err := Connect(ctx, a.cluster, a.hosts[a.cluster.ControlPlanes()[0].Name])
	if err != nil {
		return nil, err
	}
	a.client = client
	return client, nil
}

func (a *api) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.client != nil {
		_ = a.client.Close()
	}
}

// podCIDR is the pod prefix of one family that the controller manager gave to
// a node.
func (a *api) podCIDR(ctx context.Context, node string, six bool) ([]byte, error) {
	client, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	n, err := client.WaitNodeObject(ctx, node)
	if err != nil {
		return nil, err
	}
	for _, p := range n.PodCIDRs {
		if strings.Contains(p, ":") == six {
			return []byte(p), nil
		}
	}
	return nil, fmt.Errorf("node %s has no pod prefix of that family, only %s", node, strings.Join(n.PodCIDRs, ", "))
}

// discovery is the file a node joins with: the cluster's CA, and a token made
// for this node and this join.
func (a *api) discovery(ctx context.Context, node string) (state.Secret, error) {
	client, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	token, err := client.Token(ctx, node, tokenTTL)
	if err != nil {
		return nil, err
	}
	return kube.Discovery(client.CA(), a.server(), token)
}

// forget deletes the tokens made for a node.
func (a *api) forget(ctx context.Context, node string) error {
	client, err := a.open(ctx)
	if err != nil {
		return err
	}
	return client.DeleteNodeTokens(ctx, node)
}
