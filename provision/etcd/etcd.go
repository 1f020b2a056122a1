// Package etcd speaks with the cluster's etcd through the machines it runs on:
// who its members are, whether they are well, how one leaves, and how much of
// what lies there is encrypted. Credentials are a control plane's own client
// certificate, held in memory for as long as a [Client] lives.
package etcd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// callTimeout bounds one request, aliveTimeout the question whether a member lives.
const (
	callTimeout  = 15 * time.Second
	aliveTimeout = 3 * time.Second
)

// Server is one member's machine and its client address, host:port.
type Server struct {
	Host    host.Host
	Address string
}

// Credentials are PEM texts: etcd's authority, and a client certificate of it
// with its key.
type Credentials struct {
	CA, Cert []byte
	Key      state.Secret
}

// Client talks to one etcd.
type Client struct {
	client *clientv3.Client
	where  string
}

// Connect makes a client. A connection to a server is made through its own
// machine, one to a member that is none of them through the first. Nothing is
// connected yet.
func Connect(ctx context.Context, c Credentials, servers ...Server) (*Client, error) {
	if len(servers) == 0 {
		return nil, errors.New("there is no etcd to talk to")
	}
	pool := x509.NewCertPool()
	pair, err := tls.X509KeyPair(c.Cert, c.Key)
	if err != nil || !pool.AppendCertsFromPEM(c.CA) {
		return nil, fmt.Errorf("%s: its client certificate for etcd, or etcd's authority, cannot be read", servers[0].Host)
	}
	hosts := map[string]host.Host{}
	var endpoints []string
	for _, s := range servers {
		hosts[s.Address] = s.Host
		endpoints = append(endpoints, "https://"+s.Address)
	}
	dial := func(ctx context.Context, address string) (net.Conn, error) {
		h := hosts[address]
		if h == nil {
			h = servers[0].Host
		}
		return h.Dial(ctx, "tcp", address)
	}
	client, err := clientv3.New(clientv3.Config{
		Context: ctx, Endpoints: endpoints, Logger: zap.NewNop(), DialTimeout: callTimeout,
		TLS:         &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, Certificates: []tls.Certificate{pair}},
		DialOptions: []grpc.DialOption{grpc.WithContextDialer(dial), grpc.WithNoProxy()},
	})
	if err != nil {
		return nil, fmt.Errorf("%s: making a client of etcd: %w", servers[0].Host, err)
	}
	return &Client{client: client, where: fmt.Sprintf("%s: etcd at %s", servers[0].Host, servers[0].Address)}, nil
}

// Close ends all connections.
func (c *Client) Close() error { return c.client.Close() }

// Members are etcd's members, sorted by id, each asked whether it lives.
func (c *Client) Members(ctx context.Context) ([]state.Member, error) {
	list, err := c.members(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: listing members: %w", c.where, err)
	}
	out := make([]state.Member, len(list.Members))
	said := make([][]string, len(list.Members))
	var all sync.WaitGroup // one that hangs takes no time away from others
	for i, m := range list.Members {
		out[i] = state.Member{ID: ID(m.ID), Name: m.Name, Learner: m.IsLearner}
		if len(m.PeerURLs) > 0 {
			out[i].Peer = m.PeerURLs[0]
		}
		all.Go(func() { out[i].Alive, said[i] = c.alive(ctx, m.ClientURLs) })
	}
	all.Wait()
	for i, texts := range said {
		for _, text := range texts {
			raises(out, i, text)
		}
	}
	slices.SortFunc(out, func(a, b state.Member) int { return strings.Compare(a.ID, b.ID) })
	return out, ctx.Err()
}

// alive says whether a member answers and follows a leader, and which alarms it knows
// of. One that knows of anything else that is wrong is not alive.
func (c *Client) alive(ctx context.Context, urls []string) (bool, []string) {
	s, err := c.status(ctx, urls)
	if err != nil {
		return false, nil
	}
	alive := s.Leader != 0
	for _, text := range s.Errors {
		if _, _, is := alarm(text); !is {
			alive = false
		}
	}
	return alive, s.Errors
}

// raises notes an alarm with the member that raises it: each tells those of all. Of a
// member that is none any more, the one who tells it has it.
func raises(members []state.Member, teller int, text string) {
	id, kind, is := alarm(text)
	if !is {
		return
	}
	at := slices.IndexFunc(members, func(m state.Member) bool { return m.ID == ID(id) })
	if at < 0 {
		at = teller
	}
	if m := &members[at]; !slices.Contains(m.Alarms, kind) {
		m.Alarms = append(m.Alarms, kind)
	}
}

// alarm reads an alarm as a member's status has it: "memberID:1234 alarm:NOSPACE".
// Protobuf promises nothing of the space between.
func alarm(text string) (member uint64, kind string, is bool) {
	fields := strings.Fields(text)
	if len(fields) != 2 {
		return 0, "", false
	}
	id, first := strings.CutPrefix(fields[0], "memberID:")
	kind, second := strings.CutPrefix(fields[1], "alarm:")
	member, err := strconv.ParseUint(id, 10, 64)
	return member, printable(kind), first && second && err == nil
}

// Remove takes one member out, by its id, and answers with those that are left:
// all that were there before but for that one, or it is an error.
func (c *Client) Remove(ctx context.Context, id string) ([]state.Member, error) {
	before, err := c.Members(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(before, func(m state.Member) bool { return m.ID == id }) {
		return before, nil // an earlier run did it
	}
	n, err := strconv.ParseUint(id, 16, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is no member's id", id)
	}
	one, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if _, err := c.client.MemberRemove(one, n); err != nil {
		return nil, fmt.Errorf("%s: removing member %s: %w", c.where, id, err)
	}
	after, err := c.Members(ctx)
	if err != nil {
		return nil, err
	}
	left := slices.DeleteFunc(slices.Clone(before), func(m state.Member) bool { return m.ID == id })
	if !slices.EqualFunc(left, after, func(a, b state.Member) bool { return a.ID == b.ID }) {
		return nil, fmt.Errorf("%s: member %s was removed, and who is left is not who was there but for it: somebody else changes members; see etcdctl member list", c.where, id)
	}
	return after, nil
}

// ID writes a member's id as etcdctl does.
func ID(id uint64) string { return strconv.FormatUint(id, 16) }
