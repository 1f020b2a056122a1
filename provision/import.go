package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/bulwark-k8s/bulwark/provision/adopt"
	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/ssh"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// ImportInput is what an import is told.
type ImportInput struct {
	// Hosts are machines of the cluster, one control plane at least. Those that
	// are not named are reached at the address that their Node has.
	Hosts []ImportHost
	// User logs in to all of them; "" leaves that to the SSH configuration.
	User string
	// SSHConfig, Parallelism and Log are as in [Input].
	SSHConfig   string
	Parallelism int
	Log         *slog.Logger
}

// ImportHost is a machine as it is named: its address, or a name of the SSH
// configuration, and the name of its Node where that is said. User and Port are said of
// single machines by an audit alone: a spec has one of each for all.
type ImportHost struct {
	Name, Address, User string
	Port                uint16
}

// String is the machine as its user names it.
func (h ImportHost) String() string {
	if h.Port == 0 {
		return h.Address
	}
	return net.JoinHostPort(h.Address, strconv.Itoa(int(h.Port)))
}

// Adoption is what a cluster that somebody else made comes to: a spec, and what
// it does not keep.
type Adoption = adopt.Adoption

// Finding is one thing that the spec of an [Adoption] does not keep.
type Finding = adopt.Finding

// Import looks at a living cluster that kubeadm made, and describes it. Nothing
// is changed, on machines and in the API neither.
func Import(ctx context.Context, in ImportInput) (*Adoption, error) {
	seen, err := See(ctx, in)
	if err != nil {
		return nil, err
	}
	return adopt.Describe(seen)
}

// See is what [Import] rests on.
func See(ctx context.Context, in ImportInput) (seen *adopt.Seen, err error) {
	s := &seer{in: in, hosts: map[string]host.Host{}, keys: map[string]string{}, looks: map[string]*state.Node{}}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.look(ctx, in.Hosts); err != nil {
		return nil, err
	}
	api, agents, err := s.api(ctx)
	if err != nil {
		return nil, err
	}
	seen = &adopt.Seen{User: in.User, API: api, Agents: agents}
	names, err := s.named(api.Nodes)
	if err != nil {
		return nil, err
	}
	var others []ImportHost
	for _, name := range slices.Sorted(maps.Keys(api.Nodes)) {
		if slices.Contains(slices.Collect(maps.Values(names)), name) {
			continue
		}
		if len(api.Nodes[name].Internal) == 0 {
			return nil, fmt.Errorf("node %s has no InternalIP to reach it at: name it with --host %s=ADDRESS", name, name)
		}
		others = append(others, ImportHost{Name: name, Address: api.Nodes[name].Internal[0]})
		names[api.Nodes[name].Internal[0]] = name
	}
	if err := s.look(ctx, others); err != nil {
		return nil, fmt.Errorf("%w; name it with --host NAME=ADDRESS where it is reached otherwise, or delete its Node if there is no such machine", err)
	}
	for i, h := range slices.Concat(in.Hosts, others) {
		m := adopt.Machine{Name: names[h.Address], HostKey: s.keys[h.Address], Look: s.looks[h.Address]}
		m.Look.Name = m.Name
		if i < len(in.Hosts) {
			m.Host = h.Address
		}
		if m.Encryption, err = s.encryption(ctx, h, m); err != nil {
			return nil, err
		}
		if m.VIPs, err = s.vips(ctx, h, m); err != nil {
			return nil, err
		}
		seen.Machines = append(seen.Machines, m)
	}
	return seen, nil
}

// seer looks at machines by the address they are named with.
type seer struct {
	in    ImportInput
	mu    sync.Mutex
	hosts map[string]host.Host
	// keys are those by which machines were known.
	keys  map[string]string
	looks map[string]*state.Node
}

func (s *seer) close() error {
	var errs []error
	for _, h := range s.hosts {
		errs = append(errs, h.Close())
	}
	return errors.Join(errs...)
}

// look connects to machines and looks at each once. All of them are wanted.
func (s *seer) look(ctx context.Context, hosts []ImportHost) error {
	texts, dirs := adopt.Files()
	parallel := parallelism(Input{Parallelism: s.in.Parallelism})
	var asks []observe.Ask
	errs := make([]error, len(hosts))
	var g errgroup.Group
	g.SetLimit(parallel)
	for i, h := range hosts {
		ask := observe.Ask{Node: h.Address, Dirs: dirs}
		for _, path := range texts {
			ask.Files = append(ask.Files, observe.AskFile{Path: path, Text: true})
		}
		asks = append(asks, ask)
		g.Go(func() error {
			errs[i] = s.connect(ctx, h)
			return nil
		})
	}
	_ = g.Wait() // errors are gathered, so that all of them are seen
	if err := errors.Join(errs...); err != nil {
		return err
	}
	looks, failed := observe.All(ctx, s.hosts, asks, parallel)
	for _, h := range hosts {
		errs = append(errs, failed[h.Address])
	}
	maps.Copy(s.looks, looks)
	return errors.Join(errs...)
}

func (s *seer) connect(ctx context.Context, h ImportHost) error {
	target := ssh.Target{Name: cmp.Or(h.Name, h.Address), Host: h.Address, User: s.in.User}
	conn, err := ssh.Connect(ctx, target, ssh.Options{ConfigFile: s.in.SSHConfig, Log: s.in.Log})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[h.Address], s.keys[h.Address] = host.NewLasting(conn), conn.HostKey()
	return nil
}

// api looks at the API, by way of the control planes that were named.
func (s *seer) api(ctx context.Context) (state.API, []state.Agent, error) {
	c := &cluster.Cluster{}
	var errs []error
	for _, h := range s.in.Hosts {
		address, port, err := adopt.APIServer(s.looks[h.Address])
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", cmp.Or(h.Name, h.Address), err))
			continue
		}
		c.Endpoint.Port = port
		c.Nodes = append(c.Nodes, cluster.Node{Name: h.Address, Role: cluster.ControlPlane, Address: address})
	}
	if len(c.Nodes) == 0 {
		return state.API{}, nil, fmt.Errorf("none of the machines is a control plane, name one with --host: %w", errors.Join(errs...))
	}
	client, err := apply.Access{Cluster: c, Hosts: s.hosts, First: c.Nodes[0].Name}.Connect(ctx)
	if err != nil {
		return state.API{}, nil, err
	}
	defer func() { _ = client.Close() }()
	api, err := client.Look(ctx, kube.Ask{Objects: adopt.Objects()})
	if err != nil || api.Status != state.Answering || api.Unread[kube.PartNodes] != "" {
		why := cmp.Or(api.Unread[kube.PartAPI], api.Unread[kube.PartNodes], "it does not say why")
		return api, nil, cmp.Or(err, fmt.Errorf("the API of the cluster does not answer: %s", why))
	}
	agents, err := client.Agents(ctx)
	return api, agents, err
}

// named are the Nodes of the machines that were named, by their addresses: by
// the name that was said, or the machine's own, or an address that it has.
func (s *seer) named(nodes map[string]state.NodeObject) (map[string]string, error) {
	out, taken := map[string]string{}, map[string]string{}
	var errs []error
	for _, h := range s.in.Hosts {
		name, err := nodeOf(h, s.looks[h.Address].Facts, nodes)
		if err == nil && taken[name] != "" {
			err = fmt.Errorf("%s and %s are one machine, node %s: name it once", taken[name], h.Address, name)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out[h.Address], taken[name] = name, h.Address
	}
	return out, errors.Join(errs...)
}

func nodeOf(h ImportHost, facts state.Facts, nodes map[string]state.NodeObject) (string, error) {
	is := func(n state.NodeObject) bool {
		return n.Name == facts.Hostname || slices.ContainsFunc(n.Internal, func(a string) bool { return slices.Contains(facts.Addresses, a) })
	}
	known := strings.Join(slices.Sorted(maps.Keys(nodes)), ", ")
	if h.Name != "" {
		n, ok := nodes[h.Name]
		switch {
		case !ok:
			return "", fmt.Errorf("--host %s=%s: the cluster has no node of that name, only %s", h.Name, h.Address, known)
		case !is(n):
			return "", fmt.Errorf("--host %s=%s: that machine is %s, and has no address of node %s", h.Name, h.Address, observe.Printable(facts.Hostname), h.Name)
		}
		return h.Name, nil
	}
	if n, ok := nodes[facts.Hostname]; ok {
		return n.Name, nil
	}
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		if is(nodes[name]) {
			return name, nil
		}
	}
	return "", fmt.Errorf("--host %s: that machine, %s, is no node of the cluster, which has %s", h.Address, observe.Printable(facts.Hostname), known)
}

// encryption reads who encrypts what on a control plane. The file holds keys: it
// is read into memory, its providers' names are kept, and its text is cleared.
func (s *seer) encryption(ctx context.Context, h ImportHost, m adopt.Machine) (*adopt.Encryption, error) {
	within, path, err := plan.KeyFile(m.Look)
	if err != nil || within == "" {
		return nil, err
	}
	n, err := observe.Node(ctx, s.hosts[h.Address], observe.Ask{Node: m.Name, Files: []observe.AskFile{{Path: path, Text: true}}})
	if err != nil {
		return nil, err
	}
	f := n.Files[path]
	defer clear(f.Text)
	if why := n.Unread[path]; why != "" || f.Type != "file" {
		return nil, fmt.Errorf("%s: %s, which the API server encrypts by, was not read: %s", m.Name, observe.Printable(path), cmp.Or(why, "it is "+f.Type))
	}
	e, err := adopt.ReadEncryption(within, f.Text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	return e, nil
}

// vips reads the kube-vips among a machine's static pods. Manifests of somebody else
// may hold what is secret: their texts are read into memory, and cleared.
func (s *seer) vips(ctx context.Context, h ImportHost, m adopt.Machine) ([]adopt.VIP, error) {
	ask := observe.Ask{Node: m.Name, FilesOnly: true}
	for _, path := range adopt.Foreign(m.Look) {
		ask.Files = append(ask.Files, observe.AskFile{Path: path, Text: true})
	}
	if len(ask.Files) == 0 {
		return nil, nil
	}
	n, err := observe.Node(ctx, s.hosts[h.Address], ask)
	if err != nil {
		return nil, err
	}
	var out []adopt.VIP
	for _, asked := range ask.Files {
		f := n.Files[asked.Path]
		defer clear(f.Text)
		if why := n.Unread[asked.Path]; why != "" {
			return nil, fmt.Errorf("%s: %s, a static pod that may hold the cluster's address, was not read: %s", m.Name, observe.Printable(asked.Path), why)
		}
		if v := adopt.ReadVIP(asked.Path, f.Text); v != nil {
			out = append(out, *v)
		}
	}
	return out, nil
}
