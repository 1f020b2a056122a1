package provision

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/desired"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
)

// looker sees what a cluster has of what it should have.
type looker struct {
	in Input
	*intent
	hosts map[string]host.Host
	// failed are machines that could not be looked at, and why.
	failed map[string]error
	// also is what is read of every machine besides, for an audit.
	also check.Needs
	// derived is what the machines' own kubeadm says of the API.
	derived state.Want
}

// access is the way to the API.
func (l looker) access() apply.Access {
	return apply.Access{Cluster: l.cluster, Hosts: l.hosts, First: l.first}
}

// look sees machines and API. What an earlier run started and is still under
// way is waited for first, so that a plan is never made of a moving thing. Where
// another control plane was there before the first of the spec, what is wanted
// is another thing, and looked for.
func (l *looker) look(ctx context.Context) (*state.Cluster, []string, error) {
	var notes []string
	chosen := false
	for {
		nodes, err := l.nodes(ctx)
		if err != nil {
			return nil, notes, err
		}
		working, err := l.held(ctx, nodes)
		if err != nil {
			return nil, notes, err
		}
		ended, err := l.settle(ctx, nodes)
		if err != nil {
			return nil, notes, err
		}
		restored, err := l.putBack(ctx, nodes)
		if err != nil {
			return nil, notes, err
		}
		notes = append(notes, restored...)
		if !chosen { // once: who is ready may change with every look
			chosen = true
			if first := l.firstOf(ctx, nodes); first != l.first {
				if err := l.begin(ctx, first); err != nil {
					return nil, notes, err
				}
				continue
			}
		}
		if len(ended)+len(restored) == 0 {
			left, err := l.leftByThemselves(ctx, nodes)
			if err != nil {
				return nil, notes, err
			}
			notes = append(notes, left...)
			l.pull(ctx, nodes)
			have, err := l.rest(ctx, nodes)
			return have, append(notes, working...), err
		}
		for _, id := range ended {
			notes = append(notes, fmt.Sprintf("%s went on after an earlier run was cut, and has ended", id))
		}
	}
}

// nodes looks at every machine, one execution each.
func (l looker) nodes(ctx context.Context) (map[string]*state.Node, error) {
	var asks []observe.Ask
	for _, w := range l.wants {
		if l.hosts[w.Node] != nil && l.failed[w.Node] == nil {
			a := ask(w, l.also)
			if !slices.ContainsFunc(a.Files, func(f observe.AskFile) bool { return f.Encrypts }) { // what is read for that is kept nowhere
				a.Again = l.in.again.look(w.Node)
			}
			asks = append(asks, a)
		}
	}
	return l.observed(ctx, asks)
}

// observed is what machines answer.
func (l looker) observed(ctx context.Context, asks []observe.Ask) (map[string]*state.Node, error) {
	nodes, failed := observe.All(ctx, l.hosts, asks, parallelism(l.in))
	l.lose(failed)
	// What comes or goes in the moment of a look was neither there nor absent.
	// Asked again, it is one of them.
	for range unreadTries {
		asks = slices.DeleteFunc(asks, func(a observe.Ask) bool { return failed[a.Node] != nil || len(nodes[a.Node].Unread) == 0 })
		if len(asks) == 0 {
			break
		}
		var again map[string]*state.Node
		again, failed = observe.All(ctx, l.hosts, asks, parallelism(l.in))
		l.lose(failed)
		maps.Copy(nodes, again)
		for name := range failed {
			delete(nodes, name)
		}
	}
	return nodes, ctx.Err()
}

// lose notes machines that could not be looked at. Those that could not even be
// reached are not asked anything again.
func (l looker) lose(failed map[string]error) {
	maps.Copy(l.failed, failed)
	for name := range failed {
		if h, ok := l.hosts[name].(*host.Lasting); ok && !h.Opened() {
			delete(l.hosts, name)
		}
	}
}

// unreadTries is how often a look that did not read everything is done again.
const unreadTries = 2

// pullTimeout bounds the question whether a registry answers.
const pullTimeout = 5 * time.Second

// pull asks, from each machine that lacks images, whether their registry can be
// connected to. kind's nodes are not asked: their image brings what they need,
// nor is a machine whose containerd does not run: what it lacks is not known.
func (l looker) pull(ctx context.Context, nodes map[string]*state.Node) {
	for _, w := range l.wants {
		if w.Node == "" || l.in.OnKind {
			continue
		}
		n := nodes[w.Node]
		if n == nil || n.Files[desired.KubeletConf].Exists() && n.Files[desired.KubeletConfig].Exists() {
			continue // of a node the look does not list images
		}
		if _, unread := n.Unread["Images"]; unread || !n.Facts.CRISocket {
			continue
		}
		missing := plan.MissingImages(w.Images, n.Facts.Images)
		if len(missing) == 0 {
			continue
		}
		one, cancel := context.WithTimeout(ctx, pullTimeout)
		conn, err := l.hosts[w.Node].Dial(one, "tcp", kubeadm.Registry(missing[0]))
		cancel()
		if err != nil {
			n.Facts.Pull = observe.Printable(err.Error())
			continue
		}
		_ = conn.Close()
	}
}

// settle waits for runs that go on without us, and puts away what ended
// unheard: a result of the past must not stand for a run that is still to come.
func (l looker) settle(ctx context.Context, nodes map[string]*state.Node) ([]string, error) {
	var ended []string
	for _, w := range l.wants {
		for _, f := range w.Facts {
			if !runs(f) || !begun(nodes[w.Node], f.ID) {
				continue
			}
			if l.in.ReadOnly {
				if !nodes[w.Node].Runs[f.ID].Active {
					continue // its end is not heard of, and changes nothing of what is there
				}
				return nil, fmt.Errorf("%s is under way, from an earlier run or by another operator, and no plan is made of a machine that is worked on: wait, and plan again", f.ID)
			}
			err := l.locked(ctx, w.Node, func(ctx context.Context) error {
				_, err := machine.Attach(ctx, l.hosts[w.Node], f.ID)
				switch {
				case errors.Is(err, machine.ErrNoRun):
					return nil // whoever started it has heard of its end
				case errors.Is(err, observe.ErrLost):
					return machine.Forget(ctx, l.hosts[w.Node], f.ID)
				}
				return err
			})
			if _, held := errors.AsType[*apply.LockError](err); held {
				return nil, err
			}
			if err != nil {
				return nil, fmt.Errorf("waiting for %s from an earlier run: %w", f.ID, err)
			}
			ended = append(ended, f.ID)
		}
	}
	return ended, nil
}

// stop ends runs that go on without us and puts away what they left: what is
// about to be reset must not be worked on at the same time, and a result of the
// past must not stand for the reset to come.
func (l looker) stop(ctx context.Context, nodes map[string]*state.Node) error {
	for _, w := range l.wants {
		ids := []string{w.Node + "/phase/reset"}
		for _, f := range w.Facts {
			if runs(f) {
				ids = append(ids, f.ID)
			}
		}
		for _, id := range ids {
			if w.Node == "" || !begun(nodes[w.Node], id) {
				continue
			}
			if err := machine.Forget(ctx, l.hosts[w.Node], id); err != nil {
				return fmt.Errorf("ending %s of an earlier run: %w", id, err)
			}
		}
	}
	return nil
}

// runs says whether a fact is brought about by a command that goes on without us.
func runs(f state.Fact) bool {
	return f.Phase != nil || f.Certificate != nil && f.Certificate.Renews != nil
}

// begun says whether a machine knows of a run, be it one without a result.
func begun(n *state.Node, id string) bool {
	if n == nil {
		return false // not looked at
	}
	_, known := n.Runs[id]
	_, lost := n.Unread[id]
	return known || lost
}

// watched are units whose mere activity matters to preflight.
var watched = [...]string{"firewalld.service", "ufw.service", "nftables.service"}

// ask is what to read of a machine to judge its facts, and what else is asked about.
func ask(w state.Want, also check.Needs) observe.Ask {
	a := observe.Ask{Node: w.Node, Units: slices.Concat(watched[:], also.Units), Sysctls: slices.Clone(also.Sysctls), Software: true, Runs: []string{w.Node + "/phase/reset"}}
	paths := map[string]bool{ // path to whether its text is needed
		state.ConfirmedTablePath: true,
		desired.EtcdData:         false,
		verifiedPath:             true,
		desired.KubeletConfig:    true, // what pods end for is in it, see plan.Step.Drains
		machine.GuardedPath:      false,
		machine.LeftPath:         true,
		apply.LockFile:           false,
		apply.JournalFile:        false,
		plan.UFWConf():           true,
	}
	path := func(p string, text bool) { paths[p] = paths[p] || text }
	certificates, owners := map[string]bool{}, map[string]bool{}
	for _, p := range also.Paths {
		path(p, false)
	}
	for _, p := range also.Owners {
		path(p, false)
		owners[p] = true
	}
	for _, d := range also.Documents {
		if p := documents[d]; p != "" {
			path(p, p != kubeadm.EncryptionProviderFile)
		}
	}
	for _, f := range w.Facts {
		switch {
		case f.File != nil:
			path(f.File.Path, false)
			owners[f.File.Path] = owners[f.File.Path] || f.File.Tree && f.File.Origin != state.Forbidden
			for _, p := range f.File.Unless {
				path(p, false)
			}
			if f.File.CopyOf != "" {
				path(f.File.CopyOf, false)
			}
		case f.Sysctl != nil:
			a.Sysctls = append(a.Sysctls, f.Sysctl.Key)
		case f.Module != nil:
			a.Modules = append(a.Modules, f.Module.Name)
		case f.Unit != nil:
			a.Units = append(a.Units, f.Unit.Name)
		case f.Phase != nil:
			a.Runs = append(a.Runs, f.ID)
			for _, p := range slices.Concat(f.Phase.Makes, f.Phase.Besides, f.Phase.Unless) {
				path(p, false)
			}
			for p := range f.Phase.Lacks {
				path(p, true)
			}
		case f.Approval != nil:
			path(f.Approval.Makes, false)
		case f.Certificate != nil:
			if f.Certificate.Renews != nil {
				a.Runs = append(a.Runs, f.ID)
			}
			for _, p := range []string{f.Certificate.Path, f.Certificate.CA} {
				path(p, false)
				certificates[p] = true
			}
		case f.Process != nil:
			if f.Process.Manifest != "" {
				path(f.Process.Manifest, true)
			}
			for _, p := range f.Process.Reads {
				path(p, false)
			}
		case f.Folder != nil:
			a.Dirs = append(a.Dirs, f.Folder.Path)
		}
	}
	texts, dirs := plan.KubeletArgumentFiles()
	a.Dirs = slices.Concat(a.Dirs, dirs, also.Folders)
	encrypts := slices.Contains(also.Documents, "encryption")
	for _, p := range texts {
		path(p, true)
	}
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		a.Files = append(a.Files, observe.AskFile{Path: p, Text: paths[p], Certificate: certificates[p], Owners: owners[p],
			Masked: p == kubeadm.EncryptionProviderFile, Encrypts: encrypts && p == kubeadm.EncryptionProviderFile})
	}
	for _, list := range []*[]string{&a.Sysctls, &a.Units, &a.Dirs} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return a
}
