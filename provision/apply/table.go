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

	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// table loads a table behind the machine's own timer, and confirms it over a
// connection that did not exist before; where etcd runs, once its members still
// reach each other.
func (ru *run) table(ctx context.Context, s plan.Step) error {
	h := ru.Hosts[s.Node]
	if s.Action == plan.Remove {
		if err := machine.DropTable(ctx, h); err != nil {
			return err
		}
		return machine.Clean(ctx, h, ru.Cluster.Endpoint.VIP)
	}
	was := ru.peers(ctx, s.Node, h)
	if err := machine.LoadTable(ctx, h, s.Table.Text, time.Duration(s.Table.Revert)*time.Second); err != nil {
		return err
	}
	fresh, err := h.Fresh(ctx)
	if err != nil {
		return fmt.Errorf("the table was loaded and no new connection came through; the machine takes it away again within %d s: %w", s.Table.Revert, err)
	}
	defer func() { _ = fresh.Close() }()
	if err := ru.stillPeers(ctx, s.Node, fresh, was); err != nil {
		return fmt.Errorf("the table was loaded and cuts off etcd; the machine takes it away again within %d s: %w", s.Table.Revert, err)
	}
	// What is in force is read while it is confirmed: that changes nothing of it.
	var n *state.Node
	var looked error
	var look sync.WaitGroup
	look.Go(func() { n, looked = observe.Node(ctx, fresh, observe.Ask{Node: s.Node}) })
	err = machine.ConfirmTable(ctx, fresh)
	look.Wait()
	if err = errors.Join(err, looked); err != nil {
		return err
	}
	_, err = machine.Do(ctx, fresh, []machine.Op{{
		Kind: machine.PutFile, Path: state.ConfirmedTablePath, Mode: 0o600, Owner: "root:root",
		Content: state.ConfirmedTable(s.Table.Text, n.Table), Had: machine.AnyDigest,
	}})
	return err
}

// Times of the question whether etcd's members still reach each other. All of it
// has to fit into the time after which the machine takes the table away again.
const (
	// linkTime is how long one connection may take.
	linkTime = 3 * time.Second
	// peersTime is how long all may take to be as before, and peersSoak how long they
	// are watched: a member notices after a second that it hears no leader.
	peersTime = 20 * time.Second
	peersSoak = 4 * time.Second
)

// peerPort is where etcd's members talk to each other.
const peerPort = 2380

// link is a connection from the machine of one member of etcd to that of another.
type link struct{ from, to string }

// peers is what of etcd works at a moment: members that live, by the name of their
// control plane, and connections between it and a node that can be made.
type peers struct {
	alive []string
	links []link
}

// lost says what worked and does not any more.
func (was peers) lost(now peers) error {
	var gone []string
	for _, l := range was.links {
		if !slices.Contains(now.links, l) {
			gone = append(gone, fmt.Sprintf("%s cannot connect to port %d of %s", l.from, peerPort, l.to))
		}
	}
	for _, name := range was.alive {
		if !slices.Contains(now.alive, name) {
			gone = append(gone, "the member of "+name+" does not answer")
		}
	}
	if len(gone) > 0 {
		return errors.New(strings.Join(gone, ", "))
	}
	return nil
}

// peers asks what of etcd works, as seen from and by one node, which is reached
// over h. It is empty of a node that runs no etcd yet: nothing can be cut off there.
func (ru *run) peers(ctx context.Context, node string, h host.Host) peers {
	n, _ := ru.Cluster.Node(node)
	if n.Role != cluster.ControlPlane || ru.Have == nil || ru.Have.Nodes[node] == nil {
		return peers{}
	}
	if _, runs := ru.Have.Nodes[node].Processes["etcd"]; !runs {
		return peers{}
	}
	var out peers
	var mu sync.Mutex
	var all sync.WaitGroup
	try := func(from host.Host, at cluster.Node, l link) {
		all.Go(func() {
			if connects(ctx, from, at) {
				mu.Lock()
				defer mu.Unlock()
				out.links = append(out.links, l)
			}
		})
	}
	for _, other := range ru.Cluster.ControlPlanes() {
		if other.Name == node || ru.Hosts[other.Name] == nil {
			continue
		}
		try(ru.Hosts[other.Name], n, link{other.Name, node})
		try(h, other, link{node, other.Name})
	}
	// Who is not of the spec is on its way out, and may be cut off.
	members, err := ru.members(ctx)
	all.Wait()
	for _, m := range members {
		if _, known := ru.Cluster.Node(m.Name); err == nil && known && m.Alive {
			out.alive = append(out.alive, m.Name)
		}
	}
	return out
}

// connects says whether a connection to a member of etcd can be made from a machine.
func connects(ctx context.Context, from host.Host, to cluster.Node) bool {
	ctx, cancel := context.WithTimeout(ctx, linkTime)
	defer cancel()
	conn, err := from.Dial(ctx, "tcp", net.JoinHostPort(to.Address.String(), strconv.Itoa(peerPort)))
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// stillPeers says what of etcd a table cut off: what worked before has to work again
// soon, and to go on working.
func (ru *run) stillPeers(ctx context.Context, node string, h host.Host, was peers) error {
	if len(was.alive)+len(was.links) == 0 {
		return nil
	}
	began := time.Now()
	for {
		err := was.lost(ru.peers(ctx, node, h))
		switch {
		case err == nil && time.Since(began) > peersSoak:
			return nil
		case err != nil && time.Since(began) > peersTime:
			return err
		}
		if err2 := pause(ctx, gatePause); err2 != nil {
			return errors.Join(err, err2)
		}
	}
}
