package apply

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// settleTime is how long the rest of a cluster may take to be well enough for a
// change, and askTime bounds one question.
const (
	settleTime = 90 * time.Second
	askTime    = 8 * time.Second
)

// podTime is how long a kubelet may take to see that a manifest says something else:
// it looks every 20 s (fileCheckFrequency), where nothing tells it. The uid of a
// static pod is a digest of what its manifest says, so until then the same uid may
// mean that the pod is still the old one. Afterwards it means that for the kubelet
// both manifests say the same, as where one names a default.
const podTime = 30 * time.Second

// mayBegin says why a node must not change now: a file that what it will run refers
// to is not there, or nobody would be left to do its work meanwhile. What will
// settle by itself is waited for.
func (c *change) mayBegin(ctx context.Context, writes []plan.FileStep) error {
	now, err := c.look(ctx)
	if err != nil {
		return err
	}
	c.before = now.Processes
	if err := c.references(ctx, writes); err != nil {
		return err
	}
	if c.node.Role != cluster.ControlPlane {
		return nil
	}
	rest := c.carrying()
	for deadline := time.Now().Add(settleTime); ; {
		if err = rest.ask(ctx); err == nil || time.Now().After(deadline) {
			c.voters = rest.voters
			return err
		}
		if err := pause(ctx, gatePause); err != nil {
			return err
		}
	}
}

func (ru *run) members(ctx context.Context) ([]state.Member, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	client, err := ru.Etcd(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }()
	return client.Members(ctx)
}

// look reads what runs on the node.
func (c *change) look(ctx context.Context) (*state.Node, error) {
	return observe.Node(ctx, c.Hosts[c.node.Name], observe.Ask{Node: c.node.Name, Again: &c.last})
}

// well says what of the change is not as it should be yet.
func (c *change) well(ctx context.Context) error {
	now, err := c.look(ctx)
	if err != nil {
		return err
	}
	for _, name := range c.restarts {
		p, runs := now.Processes[name]
		was := c.before[name]
		switch want := c.wants[name]; {
		case !runs && now.Unread[name] != "":
			return fmt.Errorf("%s: %s", name, now.Unread[name])
		case !runs:
			return fmt.Errorf("%s does not run", name)
		case p.PID == was.PID:
			return fmt.Errorf("%s has not started again", name)
		case want != nil && !slices.Equal(p.Args, want):
			return fmt.Errorf("%s runs with other arguments than its file says", name)
		case c.manifests[name] && was.Pod != "" && (p.Pod == was.Pod) != c.back && time.Since(c.acted) < podTime:
			return fmt.Errorf("%s runs in a pod of another manifest", name)
		}
	}
	if slices.Contains(c.restarts, kubelet) {
		if err := c.kubeletWell(ctx, now.Processes[kubelet].PID); err != nil {
			return err
		}
	}
	if c.node.Role != cluster.ControlPlane {
		return nil
	}
	if err := c.ready(ctx, c.node); err != nil {
		return err
	}
	members, err := c.members(ctx)
	if err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	for _, m := range members {
		switch {
		case !memberOf(m, c.node) && !slices.Contains(c.voters, m.Name):
		case !m.Alive:
			return fmt.Errorf("etcd's member on %s does not answer", m.Name)
		case len(m.Alarms) > 0:
			return errors.New(raised(m.Alarms[0], m.Name))
		}
	}
	return nil
}

// ready asks one control plane's own API server.
func (c *change) ready(ctx context.Context, n cluster.Node) error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	client, err := c.api.open(ctx)
	if err != nil {
		return err
	}
	status, err := kube.Anonymous(ctx, c.Hosts[n.Name], Server(c.Cluster, n), "/readyz", client.CA())
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("its API server's /readyz is %d", status)
	}
	return err
}

// kubeletHealth is where a kubelet says on its own machine that it is well
// (healthzPort of its configuration).
const kubeletHealth = "127.0.0.1:10248"

// beat is the first that the API knew of a kubelet's Lease while one process of it
// ran, and whether that has moved since: then this process has the API.
type beat struct {
	pid   int
	first string
	moved bool
}

// heard notes what the API knows now.
func (b *beat) heard(pid int, renewed string) {
	if b.pid != pid {
		*b = beat{pid: pid, first: renewed}
	}
	b.moved = b.moved || renewed != b.first
}

// kubeletWell asks the kubelet itself, and the API for its Node, and for a sign of it
// that is newer than the process that runs now.
func (c *change) kubeletWell(ctx context.Context, pid int) error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	client, err := c.api.open(ctx)
	if err != nil {
		return err
	}
	// First, since the kubelet renews it as soon as it is there.
	renewed, err := client.Renewed(ctx, c.node.Name)
	if err != nil {
		return err
	}
	c.beat.heard(pid, renewed)
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		return c.Hosts[c.node.Name].Dial(ctx, network, address)
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+kubeletHealth+"/healthz", nil)
	if err != nil {
		return err
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("the kubelet does not answer: %w", err)
	}
	_, _ = io.CopyN(io.Discard, res.Body, 4096)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the kubelet's /healthz is %d", res.StatusCode)
	}
	if err := client.WaitNodeReady(ctx, c.node.Name); err != nil {
		return fmt.Errorf("its Node is not Ready: %w", err)
	}
	if !c.beat.moved {
		return fmt.Errorf("the API has not heard of the kubelet since it started again: its lease (kubectl get lease -n kube-node-lease %s) is not renewed", c.node.Name)
	}
	return nil
}
