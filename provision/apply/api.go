package apply

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
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

// adminConf is the kubeconfig kubeadm leaves on a control plane, superAdminConf
// the one that has rights before the other was given any; it is there only while
// a cluster begins. They are read into memory, and go nowhere from there.
const (
	adminConf      = "/etc/kubernetes/admin.conf"
	superAdminConf = "/etc/kubernetes/super-admin.conf"
)

// tokenTTL is how long a joining node's token lives at most; it is deleted as
// soon as the join has ended.
const tokenTTL = 20 * time.Minute

// Access is the way to a cluster's API: through those of its control planes that
// have one.
type Access struct {
	Cluster *cluster.Cluster
	// Hosts by node name.
	Hosts map[string]host.Host
	// First is the control plane that was there before the others.
	First string
}

// Server is the address of a control plane's own API server.
func Server(c *cluster.Cluster, n cluster.Node) string {
	return net.JoinHostPort(n.Address.String(), strconv.Itoa(int(c.Endpoint.Port)))
}

// Endpoint is the address that nodes and clients reach the API at.
func Endpoint(c *cluster.Cluster) string {
	return net.JoinHostPort(c.Endpoint.Host, strconv.Itoa(int(c.Endpoint.Port)))
}

// planes are the control planes that were connected to, First before the others.
func (a Access) planes() []cluster.Node {
	var out []cluster.Node
	for _, n := range a.Cluster.ControlPlanes() {
		switch {
		case a.Hosts[n.Name] == nil:
		case n.Name == a.First:
			out = slices.Insert(out, 0, n)
		default:
			out = append(out, n)
		}
	}
	return out
}

// Connect opens the API. Credentials are the first control plane's that has any;
// the connection is made to whichever of them takes it.
func (a Access) Connect(ctx context.Context) (*kube.Client, error) {
	var servers []kube.Server
	var kubeconfig []byte
	var errs []error
	for _, n := range a.planes() {
		h := a.Hosts[n.Name]
		servers = append(servers, kube.Server{Host: h, Address: Server(a.Cluster, n)})
		if kubeconfig != nil {
			continue
		}
		have, err := observe.Node(ctx, h, observe.Ask{Node: n.Name, Files: []observe.AskFile{{Path: adminConf, Text: true}, {Path: superAdminConf, Text: true}}})
		switch {
		case err != nil:
			errs = append(errs, err)
		case len(have.Files[superAdminConf].Text) > 0:
			kubeconfig = have.Files[superAdminConf].Text
		case len(have.Files[adminConf].Text) > 0:
			kubeconfig = have.Files[adminConf].Text
		default:
			errs = append(errs, fmt.Errorf("%s: %s is not there: the control plane is not initialised", h, adminConf))
		}
	}
	if kubeconfig == nil {
		return nil, errors.Join(errs...)
	}
	return kube.New(kubeconfig, servers...)
}

// api is the cluster's API, opened when the first step needs it: at the
// beginning of a bootstrap there is none.
type api struct {
	Access

	mu     sync.Mutex
	client *kube.Client
}

// open gives the client, opening it at first.
func (a *api) open(ctx context.Context) (*kube.Client, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.client != nil {
		return a.client, nil
	}
	client, err := a.Connect(ctx)
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
	return kube.Discovery(client.CA(), Endpoint(a.Cluster), token)
}

// forget deletes the tokens made for a node.
func (a *api) forget(ctx context.Context, node string) error {
	client, err := a.open(ctx)
	if err != nil {
		return err
	}
	return client.DeleteNodeTokens(ctx, node)
}
