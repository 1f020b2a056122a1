package apply

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// What is not there is only known by asking again: one answer that comes late says
// nothing. It is certain after so many questions in a row, or, where each takes long,
// after fewer of them and some time.
const (
	certainProbes = 10
	fewProbes     = 3
	certainTime   = 30 * time.Second
)

// row is how often, and since when, the same question was answered by no.
type row struct {
	probes int
	since  time.Time
}

// note counts one more no, or begins anew.
func (r *row) note(no bool) {
	switch {
	case !no:
		*r = row{}
	case r.probes == 0:
		*r = row{1, time.Now()}
	default:
		r.probes++
	}
}

func (r *row) certain() bool {
	return r.probes >= certainProbes || r.probes >= fewProbes && time.Since(r.since) >= certainTime
}

// carrying asks, again and again, whether the rest of a cluster can do without one
// control plane.
type carrying struct {
	node cluster.Node
	// others are the other control planes that can be reached.
	others []cluster.Node
	// api says that the API server of the node is to start again.
	api bool
	// members asks etcd, runs the machine whether its own etcd runs, and ready an API
	// server whether it is.
	members func(context.Context) ([]state.Member, error)
	runs    func(context.Context) (bool, error)
	ready   func(context.Context, cluster.Node) error

	// silent and stopped are that the node's own member does not answer, and that no
	// process of it runs; unready that its API server is not ready.
	silent, stopped, unready row
	// voters are the voting members that live, by name.
	voters []string
}

// ask says why the others could not do without the node now: etcd needs most of its
// members, and somebody has to answer for the API.
func (c *carrying) ask(ctx context.Context) error {
	return errors.Join(c.quorum(ctx), c.server(ctx))
}

// quorum says why etcd could not write without the node's member. That counts by
// being a member: only where it is certain that it is away already does nothing change
// when it goes.
func (c *carrying) quorum(ctx context.Context) error {
	members, err := c.members(ctx)
	if err != nil {
		c.silent, c.stopped = row{}, row{}
		if len(c.others) == 0 {
			return nil // one without others may be mended when nothing of it answers
		}
		return err
	}
	c.voters = nil
	var alarms []string
	voters, rest, member, answers := 0, 0, false, false
	for _, m := range members {
		for _, kind := range m.Alarms {
			alarms = append(alarms, raised(kind, m.Name))
		}
		if m.Learner {
			continue
		}
		voters++
		own := memberOf(m, c.node)
		member, answers = member || own, answers || own && m.Alive
		if m.Alive {
			c.voters = append(c.voters, m.Name)
		}
		if m.Alive && !own {
			rest++
		}
	}
	c.silent.note(!answers)
	if len(alarms) > 0 {
		return errors.New(strings.Join(alarms, "; "))
	}
	if !member || voters <= 2 || rest > voters/2 || c.away(ctx, answers) {
		return nil
	}
	return fmt.Errorf("of %d voting members of etcd %d live (%s), and without this one %d would, which could not write; bring the others back first",
		voters, len(c.voters), strings.Join(c.voters, ", "), rest)
}

// away says that the node's own member is certain to be away: no process of it runs,
// or nothing answered for as long as it takes to know.
func (c *carrying) away(ctx context.Context, answers bool) bool {
	if answers {
		c.stopped = row{}
		return false
	}
	runs, err := c.runs(ctx)
	c.stopped.note(err == nil && !runs)
	return c.stopped.probes >= fewProbes || c.silent.certain()
}

// server says why nobody would answer for the API without the node.
func (c *carrying) server(ctx context.Context) error {
	if len(c.others) == 0 || !c.api {
		return nil
	}
	var errs []error
	for _, n := range c.others {
		err := c.ready(ctx, n)
		if err == nil {
			c.unready = row{}
			return nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", n.Name, err))
	}
	if c.unready.note(c.ready(ctx, c.node) != nil); c.unready.certain() {
		return nil
	}
	return fmt.Errorf("no other API server is ready: %w", errors.Join(errs...))
}

// memberOf says whether a member of etcd is that of a node. Who made a cluster by hand
// may have called it anything.
func memberOf(m state.Member, n cluster.Node) bool {
	if m.Name == n.Name {
		return true
	}
	peer, err := url.Parse(m.Peer)
	if err != nil {
		return false
	}
	address, err := netip.ParseAddr(peer.Hostname())
	return err == nil && address == n.Address
}

// raised says which alarm a member raises, and what to do about it.
func raised(kind, member string) string {
	does := "see etcdctl alarm list"
	switch kind {
	case "NOSPACE":
		does = "it writes nothing any more: make room with etcdctl compact and etcdctl defrag, then etcdctl alarm disarm"
	case "CORRUPT":
		does = "its data is not that of the others: take that member out and let it join again, then etcdctl alarm disarm"
	}
	return fmt.Sprintf("etcd's member on %s raises the alarm %s; %s, and apply again", member, kind, does)
}

// carrying is what is asked before a control plane changes.
func (c *change) carrying() *carrying {
	out := &carrying{node: c.node, api: slices.Contains(c.restarts, "kube-apiserver"), members: c.members, runs: c.etcdRuns, ready: c.ready}
	for _, n := range c.Cluster.ControlPlanes() {
		if n.Name != c.node.Name && c.Hosts[n.Name] != nil {
			out.others = append(out.others, n)
		}
	}
	return out
}

// etcdRuns looks whether the node's own etcd runs. What could not be read may run.
func (c *change) etcdRuns(ctx context.Context) (bool, error) {
	now, err := c.look(ctx)
	if err != nil {
		return false, err
	}
	_, runs := now.Processes["etcd"]
	return runs || now.Unread["etcd"] != "", nil
}
