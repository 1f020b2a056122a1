package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision/adopt"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/desired"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/ssh"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// unspecified is what an audit asks of a cluster without a spec.
const unspecified = "cis"

// auditForeign asks controls of a cluster that bulwark did not make, and that no spec
// describes: one that a spec could not say is judged like any other. What is not known of
// it is a note, and unknown where a control asks for it.
func auditForeign(ctx context.Context, in Input) (_ *Audited, err error) {
	q, err := questions(in, nil, []string{unspecified}, cluster.Version{})
	if err != nil {
		return nil, err
	}
	v := newVisitor(in, q.needs())
	defer func() { err = errors.Join(err, v.close()) }()
	return v.audit(ctx, q)
}

func (v *visitor) audit(ctx context.Context, q question) (*Audited, error) {
	looked := time.Now()
	seen, err := v.see(ctx)
	if err != nil {
		return nil, err
	}
	c, notes := adopt.Known(seen)
	if q, err = q.among(c, v.in.Nodes); err != nil {
		return nil, err
	}
	have := &state.Cluster{Nodes: map[string]*state.Node{}, API: seen.API}
	for _, m := range seen.Machines {
		if m.Look != nil {
			have.Nodes[m.Name] = m.Look
		}
	}
	if err := v.unasked(ctx, have.Nodes); err != nil {
		return nil, err
	}
	var images []string
	for _, a := range seen.Agents {
		images = append(images, a.Images...)
	}
	findings, err := profiles.Audit(ctx, q.controls, check.Unspecified(c, images), q.nodes, have)
	if err != nil {
		return nil, err
	}
	return &Audited{Cluster: c, Looked: looked, Profiles: q.profiles, Notes: slices.Concat(v.notes, notes), Findings: findings}, nil
}

// visitor looks at machines that are known by how they are reached, until it is known
// which Node each is. It writes nothing.
type visitor struct {
	looker
	open func(ctx context.Context, h ImportHost) (host.Host, error)
	// read is how machines are looked at, and api how the API is, by way of them.
	read  func(ctx context.Context, asks []observe.Ask) (map[string]*state.Node, error)
	api   func(ctx context.Context, looks map[string]*state.Node) (state.API, []state.Agent, error)
	opens []host.Host
	notes []string
}

func newVisitor(in Input, needs check.Needs) *visitor {
	shared := ssh.NewShared()
	v := &visitor{
		looker: looker{in: in, hosts: map[string]host.Host{}, failed: map[string]error{}, also: needs},
		open: func(ctx context.Context, h ImportHost) (host.Host, error) {
			target := ssh.Target{Name: cmp.Or(h.Name, h.String()), Host: h.Address, User: h.User, Port: h.Port}
			conn, err := ssh.Connect(ctx, target, ssh.Options{ConfigFile: in.SSHConfig, Log: in.Log, Shared: shared})
			if err != nil {
				return nil, err // not a nil *ssh.Host, which would be no nil host.Host
			}
			return conn, nil
		},
	}
	v.read, v.api = v.observed, v.answer
	return v
}

func (v *visitor) close() error {
	var errs []error
	for _, h := range v.opens {
		errs = append(errs, h.Close())
	}
	return errors.Join(errs...)
}

func (v *visitor) note(format string, args ...any) {
	v.notes = append(v.notes, observe.Printable(fmt.Sprintf(format, args...)))
}

// see looks at the machines that were named, at the API by way of them, and at the nodes
// that the API has besides.
func (v *visitor) see(ctx context.Context) (*adopt.Seen, error) {
	looks, err := v.visit(ctx, v.in.Hosts)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(slices.Collect(maps.Values(looks)), adopt.RunsAPI) {
		return nil, v.noPlane()
	}
	seen := &adopt.Seen{}
	if seen.API, seen.Agents, err = v.ask(ctx, looks); err != nil {
		return nil, err
	}
	known := seen.API.Status == state.Answering && seen.API.Unread[kube.PartNodes] == ""
	names, err := v.named(looks, seen.API.Nodes, known)
	if err != nil {
		return nil, err
	}
	others := v.others(seen.API.Nodes, names)
	more, err := v.visit(ctx, others)
	if err != nil {
		return nil, err
	}
	for _, h := range others {
		at := h.String()
		if look := more[at]; look != nil {
			if _, err := nodeOf(h, look.Facts, seen.API.Nodes); err != nil {
				delete(more, at) // a machine that is another one says nothing of this
				v.failed[at] = err
			}
		}
	}
	maps.Copy(looks, more)
	hosts := map[string]host.Host{}
	for _, h := range slices.Concat(v.in.Hosts, others) {
		at := h.String()
		name := cmp.Or(names[at], h.Name)
		switch why := v.failed[at]; {
		case names[at] == "" && slices.Contains(v.in.Hosts, h):
			v.note("--host %s was not looked at, and which node it is is not known: %v", at, why)
			continue
		case why != nil && names[at] == "":
			v.note("%s was not looked at: %v; name it with --host %s=ADDRESS where it is reached otherwise", name, why, name)
		case why != nil:
			v.note("%s was not looked at: %v", name, why)
		}
		m := adopt.Machine{Name: name, Host: h.Address, Look: looks[at]}
		if m.Look != nil {
			m.Look.Name, hosts[name] = name, v.hosts[at]
		}
		seen.Machines = append(seen.Machines, m)
	}
	for _, name := range slices.Sorted(maps.Keys(seen.API.Nodes)) {
		if !slices.ContainsFunc(seen.Machines, func(m adopt.Machine) bool { return m.Name == name }) {
			v.note("%s was not looked at: its Node has no InternalIP to reach it at; name it with --host %s=ADDRESS", name, name)
			seen.Machines = append(seen.Machines, adopt.Machine{Name: name})
		}
	}
	v.hosts = hosts
	return seen, nil
}

// noPlane says why a cluster cannot be audited by the machines that were named.
func (v *visitor) noPlane() error {
	var errs []error
	for _, h := range v.in.Hosts {
		errs = append(errs, v.failed[h.String()])
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("no control plane of the cluster was looked at: %w", err)
	}
	return errors.New("none of these machines is a control plane: no API server runs there, and /etc/kubernetes/manifests has none; name a control plane with --host")
}

// visit looks at machines, each known by how it is reached. Who is not looked at is in
// failed.
func (v *visitor) visit(ctx context.Context, hosts []ImportHost) (map[string]*state.Node, error) {
	var asks []observe.Ask
	for _, h := range hosts {
		at := h.String()
		v.hosts[at] = host.Later(at, func(ctx context.Context) (host.Host, error) { return v.open(ctx, h) })
		v.opens = append(v.opens, v.hosts[at])
		asks = append(asks, visitAsk(at, v.also))
	}
	return v.read(ctx, asks)
}

// visitAsk is what to read of a machine that nothing is wanted of.
func visitAsk(at string, needs check.Needs) observe.Ask {
	a := ask(state.Want{Node: at}, needs)
	a.Software, a.Runs = false, nil                                          // of a fresh machine, and of bulwark's own
	manifest := observe.AskFile{Path: desired.APIServerManifest, Text: true} // where its files lie is in it
	if i := slices.IndexFunc(a.Files, func(f observe.AskFile) bool { return f.Path == manifest.Path }); i >= 0 {
		a.Files[i].Text = true
		return a
	}
	a.Files = append(a.Files, manifest)
	return a
}
