package provision

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/desired"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// rest is what the machines' own kubeadm says, and the API has, beside what was
// seen of the machines. The way to the API opens while the machines are asked.
func (l *looker) rest(ctx context.Context, nodes map[string]*state.Node) (*state.Cluster, error) {
	var objects []state.Object
	var client *kube.Client
	var unanswered error
	g, both := errgroup.WithContext(ctx)
	g.Go(func() (err error) { objects, err = l.derive(both, nodes); return err })
	g.Go(func() error {
		if l.hasAPI(nodes) {
			client, unanswered = l.access().Connect(both)
		}
		if l.audits() {
			return nil // what the machines say is judged all the same
		}
		return unanswered
	})
	err := g.Wait()
	if client != nil {
		defer func() { _ = client.Close() }()
	}
	if err != nil {
		return nil, err
	}
	l.derived = desired.Derived(objects)
	have := &state.Cluster{Nodes: nodes, API: state.API{Status: state.NoAPI}}
	switch {
	case client != nil:
		have.API, unanswered = l.api(ctx, client, nodes)
	case len(l.failed) > 0:
		have.API = state.API{}
	}
	if unanswered != nil && l.audits() && ctx.Err() == nil {
		have.API, unanswered = state.API{Status: state.Unreachable, Unread: map[string]string{kube.PartAPI: observe.Printable(unanswered.Error())}}, nil
	}
	return have, unanswered
}

// hasAPI says whether the first control plane was ever given an API server. Where a
// machine is missed it is not asked, since no plan is made of a part; but an audit judges
// what there is.
func (l looker) hasAPI(nodes map[string]*state.Node) bool {
	first := nodes[l.first]
	return (len(l.failed) == 0 || l.audits()) && first != nil && first.Files[desired.AdminConf].Exists() && first.Files[desired.APIServerManifest].Exists()
}

// audits says that what is seen is judged, and no plan is made of it.
func (l looker) audits() bool { return l.also.Node || len(l.also.Lists) > 0 }

// api looks at the cluster's API.
func (l looker) api(ctx context.Context, client *kube.Client, nodes map[string]*state.Node) (state.API, error) {
	first := nodes[l.first]
	var question kube.Ask
	for _, w := range append(slices.Clone(l.wants), l.derived) {
		for _, f := range w.Facts {
			switch {
			case f.Object != nil && f.Object.Retired:
				question.Policies = true
			case f.Object != nil && f.Object.Named():
				question.Objects = append(question.Objects, f.Object.Ref)
			case f.Phase != nil:
				question.Objects = append(question.Objects, f.Phase.Objects...)
			case f.Wait != nil && f.Wait.For == state.WaitDeployment:
				question.Deployments = append(question.Deployments, f.Wait.Subject)
			}
		}
	}
	api, err := client.Look(ctx, question)
	if err == nil && api.Status == state.Starting && !first.Files[desired.SuperAdminConf].Exists() {
		// It has answered before: a restart is waited for, and never taken for
		// a cluster in which nothing was made yet.
		api, err = l.restarted(ctx, client, question, patience(first))
	}
	if err != nil || api.Status != state.Answering {
		return api, err
	}
	if api.Ready, err = l.ready(ctx, nodes, client.CA()); err != nil {
		return api, err
	}
	api.Refused = append(l.refused(ctx, client, nodes), l.refusedByLabel(ctx, client, api)...)
	api.RefusedImages = l.refusedImages(ctx, client, api)
	if l.in.Remove {
		if api.Members, err = l.members(ctx); err != nil {
			return api, err
		}
	}
	if len(api.Unread) > 0 && first.Files[desired.SuperAdminConf].Exists() {
		// Our rights are given by a phase that is still to come.
		return state.API{Status: state.Starting}, nil
	}
	if l.audits() { // what was not read is unknown, and the rest is judged
		return l.inventory(ctx, client, api)
	}
	if len(api.Unread) == 0 {
		return api, nil
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(api.Unread)) {
		errs = append(errs, fmt.Errorf("%s was not read: %s", name, api.Unread[name]))
	}
	return api, errors.Join(errs...)
}

// inventory adds the lists that an audit asks for to what was seen of the API.
func (l looker) inventory(ctx context.Context, client *kube.Client, api state.API) (state.API, error) {
	if len(l.also.Lists) == 0 {
		return api, nil
	}
	all, unread, err := client.Inventory(ctx, l.also.Lists)
	if err != nil {
		return api, err
	}
	api.Inventory = all
	maps.Copy(api.Unread, unread)
	return api, nil
}

// ready asks the API server of each control plane that has one.
func (l looker) ready(ctx context.Context, nodes map[string]*state.Node, ca []byte) (map[string]bool, error) {
	var mu sync.Mutex
	out := map[string]bool{}
	var g errgroup.Group
	for _, n := range l.cluster.ControlPlanes() {
		if nodes[n.Name] == nil || !nodes[n.Name].Files[desired.APIServerManifest].Exists() {
			continue
		}
		g.Go(func() error {
			status, err := kube.Anonymous(ctx, l.hosts[n.Name], apply.Server(l.cluster, n), "/readyz", ca)
			mu.Lock()
			defer mu.Unlock()
			out[n.Name] = err == nil && status == http.StatusOK
			return nil // one that does not answer is not ready
		})
	}
	return out, errors.Join(g.Wait(), ctx.Err())
}

// members asks etcd who it is.
func (l looker) members(ctx context.Context) ([]state.Member, error) {
	client, err := l.access().Etcd(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }()
	return client.Members(ctx)
}

// restartTimeout is how long an API server that has answered before may be away,
// and wrongTimeout where its manifest is not as it should be, which may be why.
const (
	restartTimeout = 3 * time.Minute
	wrongTimeout   = 15 * time.Second
)

// patience is how long the API server of a control plane is waited for.
func patience(n *state.Node) time.Duration {
	if derived, known := n.Derived[desired.APIServerManifest]; known && state.SHA256(derived) != n.Files[desired.APIServerManifest].SHA256 {
		return wrongTimeout
	}
	return restartTimeout
}

// restarted looks until the API answers, or is not waited for any longer.
func (l looker) restarted(ctx context.Context, client *kube.Client, question kube.Ask, limit time.Duration) (state.API, error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		api, err := client.Look(ctx, question)
		if err != nil || api.Status == state.Answering {
			return api, err
		}
		select {
		case <-time.After(time.Second):
		case <-limited.Done():
			api.Status = state.Unreachable
			return api, ctx.Err()
		}
	}
}
