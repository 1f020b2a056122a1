// Package kube is the API side of a cluster, reached through a machine: every
// connection is made by [host.Host.Dial], so that no port of the API has to be
// open to the operator, and nothing of the operator's environment (proxies,
// kubeconfig files, plugins) takes part.
//
// Credentials are the node's own admin.conf, held in memory for as long as a
// [Client] lives. What a node hands us is judged before it is used: a
// kubeconfig that names files, programs or proxies is refused.
package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

const (
	// manager is the field manager of everything bulwark applies.
	manager = "bulwark"
	// callTimeout bounds one request; a call may be tried several times.
	callTimeout = 30 * time.Second
	// qps and burst are above client-go's 5 and 10: a manifest of a hundred
	// objects should not wait for its own client.
	qps   = 50
	burst = 100
)

// Server is one API server, and the machine it is reached through.
type Server struct {
	Host host.Host
	// Address is host:port ("10.0.0.11:6443", "https://…" works too) as Host sees it;
	// empty means the kubeconfig's own server.
	Address string
}

// Client talks to one cluster's API, through one of its servers at a time.
type Client struct {
	host host.Host
	// where names machine and address in errors.
	where string
	ca    []byte
	http  *http.Client

	typed     kubernetes.Interface
	dynamic   dynamic.Interface
	metadata  metadata.Interface
	discovery discovery.DiscoveryInterfaceWithContext
	// pause waits between polls and tries; a test makes it short.
	pause func(ctx context.Context, d time.Duration) error

	mu        sync.Mutex
	resources map[schema.GroupVersionKind]resource
}

// New makes a client from a node's admin.conf. A connection goes to the first of
// servers that takes one, and stays there while it does. The certificate is
// verified against the kubeconfig's CA and for the kubeconfig's own server name,
// which is in every API server's certificate, whatever address was dialled.
// Nothing is connected yet.
func New(kubeconfig []byte, servers ...Server) (*Client, error) {
	if len(servers) == 0 {
		return nil, errors.New("there is no API server to talk to")
	}
	h := servers[0].Host
	var ep endpoint
	targets := make([]Server, len(servers))
	for i, s := range slices.Backward(servers) {
		var err error
		if ep, err = parseEndpoint(kubeconfig, s.Address); err != nil {
			return nil, fmt.Errorf("%s: the kubeconfig of the node: %w", h, err)
		}
		targets[i] = Server{Host: s.Host, Address: ep.dial}
	}
	tlsConfig, err := ep.tls()
	if err != nil {
		return nil, fmt.Errorf("%s: the kubeconfig of the node: %w", h, err)
	}
	httpClient := &http.Client{
		Timeout:   callTimeout,
		Transport: newTransport(anyOf(targets), tlsConfig),
	}
	cfg := &rest.Config{Host: ep.url, QPS: qps, Burst: burst, UserAgent: "bulwark", Timeout: callTimeout}
	typed, err := kubernetes.NewForConfigAndClient(cfg, httpClient)
	if err != nil {
		return nil, fmt.Errorf("%s: making a client: %w", h, err)
	}
	dyn, err := dynamic.NewForConfigAndClient(cfg, httpClient)
	if err != nil {
		return nil, fmt.Errorf("%s: making a client: %w", h, err)
	}
	unhurried := *cfg
	unhurried.QPS = -1 // Rewrite is bounded by how many it writes at once
	meta, err := metadata.NewForConfigAndClient(&unhurried, httpClient)
	if err != nil {
		return nil, fmt.Errorf("%s: making a client: %w", h, err)
	}
	disco, err := discovery.NewDiscoveryClientForConfigAndClient(cfg, httpClient)
	if err != nil {
		return nil, fmt.Errorf("%s: making a client: %w", h, err)
	}
	return &Client{
		host:      h,
		where:     fmt.Sprintf("%s: API at %s", h, ep.dial),
		ca:        ep.ca,
		http:      httpClient,
		typed:     typed,
		dynamic:   dyn,
		metadata:  meta,
		discovery: disco,
		pause:     sleep,
		resources: map[schema.GroupVersionKind]resource{},
	}, nil
}

// CA is the cluster's CA certificate in PEM, from the kubeconfig.
func (c *Client) CA() []byte { return append([]byte(nil), c.ca...) }

// Close ends idle connections. The host stays open.
func (c *Client) Close() error {
	if c.http != nil {
		c.http.CloseIdleConnections()
	}
	return nil
}

// String names machine and address.
func (c *Client) String() string { return c.where }

// Format keeps credentials out of every verb: fmt would walk into the fields.
func (c *Client) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, c.where) }

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// dial connects to an address of its own, whatever was asked for: redirects and
// kubeconfigs do not choose where we connect to.
type dial func(ctx context.Context, network, asked string) (net.Conn, error)

// dialer connects to one address as h sees it.
func dialer(h host.Host, address string) dial {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return h.Dial(ctx, network, address)
	}
}

// anyOf connects to the first server that takes a connection, beginning with
// the one that did so last.
func anyOf(servers []Server) dial {
	var last atomic.Int64
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		first := int(last.Load())
		var errs []error
		for i := range servers {
			at := (first + i) % len(servers)
			conn, err := servers[at].Host.Dial(ctx, network, servers[at].Address)
			if err == nil {
				last.Store(int64(at))
				return conn, nil
			}
			errs = append(errs, err)
			if ctx.Err() != nil {
				break
			}
		}
		return nil, errors.Join(errs...)
	}
}
