package kube

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// kubeletPort is where every kubelet serves.
const kubeletPort = "10250"

// WaitNodeObject waits until the Node exists and has its pod prefixes.
func (c *Client) WaitNodeObject(ctx context.Context, name string) (state.NodeObject, error) {
	var out state.NodeObject
	err := c.poll(ctx, "node "+name+" to have its pod prefixes", func(ctx context.Context) (bool, string, error) {
		n, seen, err := c.node(ctx, name)
		if n == nil {
			return false, seen, err
		}
		out = nodeObject(n)
		return len(out.PodCIDRs) > 0, "it is registered and has no podCIDRs; the controller manager gives them (is it running, and is there room left in network.pods?)", nil
	})
	return out, err
}

// WaitNodeReady waits until the node says it is Ready.
func (c *Client) WaitNodeReady(ctx context.Context, name string) error {
	return c.poll(ctx, "node "+name+" to be Ready", func(ctx context.Context) (bool, string, error) {
		n, seen, err := c.node(ctx, name)
		if n == nil {
			return false, seen, err
		}
		for _, cond := range n.Status.Conditions {
			if cond.Type == corev1.NodeReady {
				return cond.Status == corev1.ConditionTrue, fmt.Sprintf("Ready is %s (%s): %s", cond.Status, cond.Reason, cond.Message), nil
			}
		}
		return false, "it is registered and its kubelet has not said anything yet", nil
	})
}

// node reads one Node; nil with what was seen when there is none.
func (c *Client) node(ctx context.Context, name string) (*corev1.Node, string, error) {
	one, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	n, err := c.typed.CoreV1().Nodes().Get(one, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, "its kubelet has not registered it yet", nil
	case err != nil:
		return nil, "", err
	}
	return n, "", nil
}

// Renewed is when a node's kubelet last renewed its Lease, by the kubelet's own words
// and clock; "" where it has none. A Node goes on being Ready for the better part of a
// minute after its kubelet was last heard of: only that this moves says that it is
// heard of now.
func (c *Client) Renewed(ctx context.Context, node string) (string, error) {
	one, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	l, err := c.typed.CoordinationV1().Leases(corev1.NamespaceNodeLease).Get(one, node, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("%s: reading the lease of node %s: %w", c.where, node, err)
	case l.Spec.RenewTime == nil:
		return "", nil
	}
	return l.Spec.RenewTime.UTC().Format(metav1.RFC3339Micro), nil
}

// Nodes are the Node objects by name.
func (c *Client) Nodes(ctx context.Context) (map[string]state.NodeObject, error) { return c.nodes(ctx) }

// WaitServing waits until node's kubelet serves a certificate that the
// cluster's CA signed for its address and its name: until then the API server
// cannot read logs. The connection is made from this client's machine, which
// must be a control plane.
func (c *Client) WaitServing(ctx context.Context, node cluster.Node) error {
	address := net.JoinHostPort(node.Address.String(), kubeletPort)
	cfg, err := probeTLS(address, c.ca)
	if err != nil {
		return fmt.Errorf("%s: waiting for the serving certificate of %s: %w", c.where, node.Name, err)
	}
	return c.poll(ctx, "a serving certificate of "+node.Name+" signed by the cluster's CA", func(ctx context.Context) (bool, string, error) {
		certs, err := peerCertificates(ctx, c.host, address, cfg)
		if err != nil {
			return false, "", fmt.Errorf("%s: %w%s", address, err, c.requestHint(ctx, node.Name))
		}
		return servingFor(certs, node.Name, time.Now())
	})
}

// approvalPause is how long an approval waits for another request to come.
const approvalPause = 300 * time.Millisecond

// ApproveServing approves what node's kubelet asks for, as often as it asks,
// until it serves a certificate as [Client.WaitServing] wants it: a kubelet
// may give up its first request and make another. Requests that ask for
// anything else are left alone and said to refused, each time that changes:
// another request may still be the right one.
func (c *Client) ApproveServing(ctx context.Context, node cluster.Node, refused func(why string)) error {
	serving := make(chan error, 1)
	waitCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { serving <- c.WaitServing(waitCtx, node) }()
	said := ""
	for {
		if _, err := c.ApproveNode(ctx, node); err != nil && err.Error() != said {
			said = err.Error()
			refused(said)
		}
		select {
		case err := <-serving:
			return err
		case <-time.After(approvalPause):
		}
	}
}

// servingFor looks at a certificate whose chain and address are verified.
func servingFor(certs []*x509.Certificate, name string, now time.Time) (bool, string, error) {
	if len(certs) == 0 {
		return false, "it showed no certificate", nil
	}
	cert := certs[0]
	switch {
	case cert.Subject.CommonName != nodeUserPrefix+name:
		return false, fmt.Sprintf("the certificate at its address is %q's", cert.Subject.CommonName), nil
	case cert.NotAfter.Before(now):
		return false, "its certificate has expired", nil
	}
	return true, "", nil
}

// requestHint says how many requests of the node wait for a decision.
func (c *Client) requestHint(ctx context.Context, name string) string {
	one, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	reqs, err := c.Requests(one)
	if err != nil {
		return ""
	}
	var mine []string
	for _, r := range reqs {
		if r.User == nodeUserPrefix+name {
			mine = append(mine, r.Name)
		}
	}
	if len(mine) == 0 {
		return " (no request of it waits for a decision)"
	}
	return " (not approved yet: " + strings.Join(mine, ", ") + ")"
}
