package kube

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// inventoryPage is how many objects are listed at a time.
const inventoryPage = 500

// inventory is the reading of one [state.Inventory]. Every list has a place of its own.
type inventory struct {
	c   *Client
	out state.Inventory
	// accounts are read once, for themselves and for pods.
	accounts func() ([]state.ServiceAccount, error)
}

// Inventory reads lists of all that the API has of a kind, each by its tag in
// [state.Inventory], and no others. Names of which it knows none are those that a look
// has anyhow. A list that could not be read is nil, and unread says why, by its name.
// The error is that of a context that ended.
func (c *Client) Inventory(ctx context.Context, lists []string) (_ *state.Inventory, unread map[string]string, err error) {
	i := &inventory{c: c}
	i.accounts = sync.OnceValues(func() ([]state.ServiceAccount, error) { return i.readAccounts(ctx) })
	known := i.readers()
	var mu sync.Mutex
	unread = map[string]string{}
	var g errgroup.Group
	g.SetLimit(lookWidth)
	for _, name := range lists {
		read := known[name]
		if read == nil {
			continue
		}
		g.Go(func() error {
			if err := read(ctx); err != nil {
				mu.Lock()
				defer mu.Unlock()
				unread[name] = clean(err.Error(), 500)
			}
			return nil // the others are read all the same
		})
	}
	_ = g.Wait() // each list keeps its own error
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("%s: listing what the API has: %w", c.where, err)
	}
	return &i.out, unread, nil
}

// readers read each list, by its name.
func (i *inventory) readers() map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"namespaces":         into(&i.out.Namespaces, i.namespaces),
		"pods":               into(&i.out.Pods, i.pods),
		"service_accounts":   into(&i.out.ServiceAccounts, func(context.Context) ([]state.ServiceAccount, error) { return i.accounts() }),
		"grants":             into(&i.out.Grants, i.grants),
		"network_policies":   into(&i.out.NetworkPolicies, i.networkPolicies),
		"limit_ranges":       into(&i.out.LimitRanges, i.limitRanges),
		"quotas":             into(&i.out.Quotas, i.quotas),
		"admission_policies": into(&i.out.Policies, i.admissionPolicies),
		"things":             into(&i.out.Things, i.things),
	}
}

// into puts a list in its place once it was read as a whole. One that is empty is not
// nil, which would be one that nobody asked for.
func into[T any](place *[]T, read func(context.Context) ([]T, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		all, err := read(ctx)
		if err == nil {
			*place = append(make([]T, 0, len(all)), all...)
		}
		return err
	}
}

// pages lists a kind of object page by page, so that no answer is long, and gives each
// page to keep.
func pages[L metav1.ListInterface](ctx context.Context, c *Client, what string, list func(context.Context, metav1.ListOptions) (L, error), keep func(L)) error {
	for next, first := "", true; first || next != ""; first = false {
		page, err := pageOf(ctx, c, what, next, list)
		if err != nil {
			return err
		}
		keep(page)
		next = page.GetContinue()
	}
	return nil
}

// pageOf is one page. A list that takes longer than etcd keeps its revision goes on with
// what is there now.
func pageOf[L metav1.ListInterface](ctx context.Context, c *Client, what, next string, list func(context.Context, metav1.ListOptions) (L, error)) (page L, err error) {
	for range 2 {
		err = c.call(ctx, "listing "+what, func(ctx context.Context) (err error) {
			page, err = list(ctx, metav1.ListOptions{Limit: inventoryPage, Continue: next})
			return err
		})
		var status apierrors.APIStatus
		if !apierrors.IsResourceExpired(err) || !errors.As(err, &status) || status.Status().Continue == "" {
			break
		}
		next = status.Status().Continue
	}
	return page, err
}

// system says that Kubernetes made a namespace. The prefix of their names proves nothing:
// anybody who may make namespaces can take it.
func system(namespace string) bool {
	return namespace == metav1.NamespaceSystem || namespace == metav1.NamespacePublic || namespace == corev1.NamespaceNodeLease
}

func (i *inventory) namespaces(ctx context.Context) (out []state.Namespace, err error) {
	err = pages(ctx, i.c, "namespaces", i.c.typed.CoreV1().Namespaces().List, func(l *corev1.NamespaceList) {
		for _, n := range l.Items {
			out = append(out, state.Namespace{Name: n.Name, Labels: n.Labels, System: system(n.Name)})
		}
	})
	return out, err
}

func (i *inventory) readAccounts(ctx context.Context) (out []state.ServiceAccount, err error) {
	err = pages(ctx, i.c, "service accounts", i.c.typed.CoreV1().ServiceAccounts("").List, func(l *corev1.ServiceAccountList) {
		for _, a := range l.Items {
			out = append(out, state.ServiceAccount{Namespace: a.Namespace, Name: a.Name, System: system(a.Namespace),
				Automount: a.AutomountServiceAccountToken == nil || *a.AutomountServiceAccountToken})
		}
	})
	return out, err
}

func (i *inventory) pods(ctx context.Context) (out []state.Pod, err error) {
	accounts, err := i.accounts()
	if err != nil {
		return nil, err // what pods get of them is not known
	}
	withheld := map[string]bool{}
	for _, a := range accounts {
		withheld[a.Namespace+"/"+a.Name] = !a.Automount
	}
	err = pages(ctx, i.c, "pods", i.c.typed.CoreV1().Pods("").List, func(l *corev1.PodList) {
		for n := range l.Items {
			p := &l.Items[n]
			out = append(out, podOf(p, !withheld[p.Namespace+"/"+accountOf(p)]))
		}
	})
	return out, err
}

func (i *inventory) limitRanges(ctx context.Context) (out []state.Namespaced, err error) {
	err = pages(ctx, i.c, "limit ranges", i.c.typed.CoreV1().LimitRanges("").List, func(l *corev1.LimitRangeList) {
		for _, r := range l.Items {
			out = append(out, state.Namespaced{Namespace: r.Namespace, Name: r.Name})
		}
	})
	return out, err
}

func (i *inventory) quotas(ctx context.Context) (out []state.Namespaced, err error) {
	err = pages(ctx, i.c, "resource quotas", i.c.typed.CoreV1().ResourceQuotas("").List, func(l *corev1.ResourceQuotaList) {
		for _, q := range l.Items {
			out = append(out, state.Namespaced{Namespace: q.Namespace, Name: q.Name})
		}
	})
	return out, err
}
