package kube

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Ask says which objects a look reads, besides what it always reads.
type Ask struct {
	Objects []state.ObjectRef
	// Deployments are "namespace/name".
	Deployments []string
	// Policies are asked for where objects of a policy may have to go.
	Policies bool
}

// lookWidth is how many reads of one look run at a time.
const lookWidth = 8

// The names under which [state.API.Unread] says why a part was not read; an
// object's is its reference as text.
const (
	PartAPI      = "api"
	PartNodes    = "nodes"
	PartRequests = "requests"
	PartTokens   = "tokens"
	PartPolicies = "policies"
)

// Look reads what the API has. An API that does not answer yet is a look with
// status Starting and everything named in Unread. It is an error when the
// machine was not reached, when the API is not this cluster's, or when it
// does not accept our credentials.
func (c *Client) Look(ctx context.Context, ask Ask) (state.API, error) {
	api := state.API{
		Status: state.Starting, Nodes: map[string]state.NodeObject{}, Objects: map[string]state.HaveObject{},
		Deployments: map[string]bool{}, Tokens: map[string]string{}, Unread: map[string]string{},
	}
	if why, err := c.answers(ctx); err != nil {
		return api, err
	} else if why != "" {
		for _, part := range []string{PartAPI, PartNodes, PartRequests, PartTokens, PartPolicies} {
			api.Unread[part] = why
		}
		for _, ref := range ask.Objects {
			api.Unread[ref.String()] = why
		}
		return api, nil
	}
	api.Status = state.Answering

	// Every read has a place of its own: order never depends on timing.
	type part struct {
		name string
		err  error
		read func(ctx context.Context) error
	}
	have := make([]state.HaveObject, len(ask.Objects))
	there := make([]bool, len(ask.Objects))
	parts := []*part{
		{name: PartNodes, read: func(ctx context.Context) (err error) { api.Nodes, err = c.nodes(ctx); return err }},
		{name: PartRequests, read: func(ctx context.Context) (err error) { api.Requests, err = c.Requests(ctx); return err }},
		{name: PartTokens, read: func(ctx context.Context) (err error) { api.Tokens, err = c.Tokens(ctx); return err }},
	}
	if ask.Policies {
		parts = append(parts, &part{name: PartPolicies, read: func(ctx context.Context) (err error) { api.Policies, err = c.Policies(ctx); return err }})
	}
	for i, ref := range ask.Objects {
		parts = append(parts, &part{name: ref.String(), read: func(ctx context.Context) (err error) {
			have[i], there[i], err = c.get(ctx, ref)
			return err
		}})
	}
	deployed := make([]availability, len(ask.Deployments))
	for i, subject := range ask.Deployments {
		parts = append(parts, &part{name: subject, read: func(ctx context.Context) (err error) {
			deployed[i], err = c.availability(ctx, subject)
			return err
		}})
	}
	var g errgroup.Group
	g.SetLimit(lookWidth)
	for _, p := range parts {
		g.Go(func() error { p.err = p.read(ctx); return nil })
	}
	_ = g.Wait() // the reads keep their own errors
	if err := ctx.Err(); err != nil {
		return api, fmt.Errorf("%s: looking: %w", c.where, err)
	}
	for _, p := range parts {
		if p.err != nil {
			api.Unread[p.name] = clean(p.err.Error(), 500)
		}
	}
	for i, ref := range ask.Objects {
		if there[i] {
			api.Objects[ref.String()] = have[i]
		}
	}
	for i, subject := range ask.Deployments {
		if deployed[i].exists {
			api.Deployments[subject] = deployed[i].available
		}
	}
	return api, nil
}

// rightsTries is how often a look asks again, a second later, whether we may
// ask at all.
const rightsTries = 15

// answers says in why that the API does not answer yet, in one try: a look
// does not wait.
func (c *Client) answers(ctx context.Context) (why string, err error) {
	one, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	for try := 0; ; try++ {
		err = c.typed.Discovery().RESTClient().Get().AbsPath("/readyz").MaxRetries(0).Do(one).Error()
		// For a moment a server that has just started knows nobody's rights.
		if !apierrors.IsForbidden(err) || try == rightsTries || c.pause(one, time.Second) != nil {
			break
		}
	}
	switch {
	case err == nil:
		return "", nil
	case ctx.Err() != nil:
		return "", fmt.Errorf("%s: looking: %w", c.where, ctx.Err())
	case errors.Is(err, host.ErrUnreachable), errors.Is(err, host.ErrUntrusted):
		return "", fmt.Errorf("%s: looking: %w", c.where, err)
	case untrusted(err):
		return "", fmt.Errorf("%s: the certificate it shows is not this cluster's: %w", c.where, err)
	case apierrors.IsUnauthorized(err), apierrors.IsForbidden(err):
		return "", fmt.Errorf("%s: it does not accept the node's own admin credentials (%w); have they expired, or was the cluster's CA replaced?", c.where, err)
	}
	return clean(err.Error(), 500), nil
}

// nodes are the Node objects by name.
func (c *Client) nodes(ctx context.Context) (map[string]state.NodeObject, error) {
	var list *corev1.NodeList
	err := c.call(ctx, "listing nodes", func(ctx context.Context) (err error) {
		list, err = c.typed.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make(map[string]state.NodeObject, len(list.Items))
	for i := range list.Items {
		out[list.Items[i].Name] = nodeObject(&list.Items[i])
	}
	return out, nil
}

// nodeObject is what bulwark reads of a Node.
func nodeObject(n *corev1.Node) state.NodeObject {
	out := state.NodeObject{
		Name: n.Name, PodCIDRs: n.Spec.PodCIDRs, Labels: n.Labels,
		KubeletVersion: n.Status.NodeInfo.KubeletVersion, Cordoned: marked(n),
	}
	if len(out.PodCIDRs) == 0 && n.Spec.PodCIDR != "" {
		out.PodCIDRs = []string{n.Spec.PodCIDR}
	}
	for _, cond := range n.Status.Conditions {
		if cond.Type == corev1.NodeReady {
			out.Ready = cond.Status == corev1.ConditionTrue
		}
	}
	for _, a := range n.Status.Addresses {
		out.Addresses = append(out.Addresses, a.Address)
		if a.Type == corev1.NodeInternalIP {
			out.Internal = append(out.Internal, a.Address)
		}
	}
	for _, t := range n.Spec.Taints {
		out.Taints = append(out.Taints, fmt.Sprintf("%s=%s:%s", t.Key, t.Value, t.Effect))
	}
	sort.Strings(out.Taints)
	return out
}
