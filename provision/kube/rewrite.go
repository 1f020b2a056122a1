package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"
)

const (
	// rewritePage is how many objects are listed, then written, at a time;
	// rewriteWidth how many of them at once.
	rewritePage, rewriteWidth = 500, 8
	// rewriteSays is after how many objects progress is told.
	rewriteSays = 100
	// rewriteTries is how often a write that met another one is repeated.
	rewriteTries = 10
	// rewriteNames is how many refused objects an error names.
	rewriteNames = 5
)

// Rewrite has the API server store every object of some resources once more, as
// its EncryptionConfiguration now says. Resources are named as there ("secrets",
// "leases.coordination.k8s.io"), without wildcards. One that the API does not
// serve has no objects.
//
// Each object gets an empty merge patch. The server stores what did not change
// again when it lies there other than it would be written now (a transformer
// calls it stale; GuaranteedUpdate of k8s.io/apiserver/pkg/storage/etcd3), and
// so does nothing where nothing is to do: Rewrite may be repeated at will. Only
// names travel, never what an object holds. One that is deleted meanwhile is
// done; one that is made meanwhile is written as it should be by its maker.
//
// progress, which may be nil, is told from one goroutine at a time how many
// objects of a resource are done, of how many: at its start, at every hundredth,
// at its end.
//
// Objects that the API refuses to write, because of an admission webhook, say,
// do not stop the others; the error counts them and names the first ones.
func (c *Client) Rewrite(ctx context.Context, resources []string, progress func(done, of int, resource string)) error {
	if progress == nil {
		progress = func(int, int, string) {}
	}
	for _, name := range resources {
		if strings.Contains(name, "*") {
			return fmt.Errorf("%s: rewriting %s: a wildcard; name the resources", c.where, name)
		}
		gvr, err := c.served(ctx, schema.ParseGroupResource(name))
		var none errNoResource
		if errors.As(err, &none) {
			progress(0, 0, name)
			continue
		}
		if err != nil {
			return err
		}
		r := &rewriting{c: c, name: name, of: c.metadata.Resource(gvr), progress: progress}
		if err := r.all(ctx); err != nil {
			return err
		}
	}
	return nil
}

// rewriting is the rewriting of one resource.
type rewriting struct {
	c        *Client
	name     string
	of       metadata.Getter
	progress func(done, of int, resource string)

	mu      sync.Mutex
	done    int
	total   int
	refused int
	why     []error // of the first refused
}

func (r *rewriting) all(ctx context.Context) error {
	for next, first := "", true; first || next != ""; first = false {
		page, err := r.page(ctx, next)
		if err != nil {
			return err
		}
		next = page.Continue
		r.total = r.done + len(page.Items)
		if page.RemainingItemCount != nil {
			r.total += int(*page.RemainingItemCount)
		}
		if first {
			r.progress(0, r.total, r.name)
		}
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(rewriteWidth)
		for i := range page.Items {
			g.Go(func() error { return r.one(gctx, page.Items[i].Namespace, page.Items[i].Name) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
	}
	if r.done%rewriteSays != 0 {
		r.progress(r.done, r.done, r.name)
	}
	if r.refused > 0 {
		return fmt.Errorf("%s: %d objects of %s could not be written again and lie in etcd as they did; see why, then apply again: %w",
			r.c.where, r.refused, r.name, errors.Join(r.why...))
	}
	return nil
}

// page lists names. A list that takes longer than etcd keeps its revision goes
// on with what is there now: whatever was there at the start is still listed.
func (r *rewriting) page(ctx context.Context, next string) (list *metav1.PartialObjectMetadataList, err error) {
	for range 2 {
		err = r.c.call(ctx, "listing "+r.name, func(ctx context.Context) (err error) {
			list, err = r.of.List(ctx, metav1.ListOptions{Limit: rewritePage, Continue: next})
			return err
		})
		var status apierrors.APIStatus
		if !apierrors.IsResourceExpired(err) || !errors.As(err, &status) || status.Status().Continue == "" {
			break
		}
		next = status.Status().Continue
	}
	return list, err
}

// one writes one object back.
func (r *rewriting) one(ctx context.Context, namespace, name string) error {
	what := fmt.Sprintf("writing %s %s again", r.name, clean(strings.TrimPrefix(namespace+"/"+name, "/"), 300))
	var err error
	for try := 1; ; try++ {
		err = r.c.call(ctx, what, func(ctx context.Context) error {
			var of metadata.ResourceInterface = r.of
			if namespace != "" {
				of = r.of.Namespace(namespace)
			}
			_, err := of.Patch(ctx, name, types.MergePatchType, []byte("{}"), metav1.PatchOptions{FieldManager: manager})
			return err
		})
		if !apierrors.IsConflict(err) || try == rewriteTries || r.c.pause(ctx, firstPause) != nil {
			break
		}
	}
	var status apierrors.APIStatus
	switch {
	case err == nil, apierrors.IsNotFound(err):
		err = nil
	case ctx.Err() != nil, transient(err), !errors.As(err, &status):
		return err // it would be no better with the next object
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.refused++
		if len(r.why) < rewriteNames {
			r.why = append(r.why, errors.New(clean(err.Error(), 500)))
		}
	}
	if r.done++; r.done%rewriteSays == 0 {
		r.progress(r.done, r.total, r.name)
	}
	return nil
}

// errNoResource is a resource that the API does not serve.
type errNoResource struct{ resource schema.GroupResource }

func (e errNoResource) Error() string { return "the API serves no " + e.resource.String() }

// served asks the API in which version it serves a resource, preferring what it
// prefers. Only the resource's own group is asked for, so that a broken
// aggregated API elsewhere is no matter.
func (c *Client) served(ctx context.Context, of schema.GroupResource) (schema.GroupVersionResource, error) {
	var found schema.GroupVersionResource
	err := c.call(ctx, "finding "+of.String(), func(ctx context.Context) error {
		groups, err := c.discovery.ServerGroupsWithContext(ctx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(groups.Groups, func(g metav1.APIGroup) bool { return g.Name == of.Group })
		if at < 0 {
			return errNoResource{of}
		}
		versions := append([]metav1.GroupVersionForDiscovery{groups.Groups[at].PreferredVersion}, groups.Groups[at].Versions...)
		for _, v := range versions {
			list, err := c.discovery.ServerResourcesForGroupVersionWithContext(ctx, v.GroupVersion)
			if err != nil && !apierrors.IsNotFound(err) {
				return err
			}
			if err == nil && slices.ContainsFunc(list.APIResources, func(r metav1.APIResource) bool { return r.Name == of.Resource }) {
				found = of.WithVersion(v.Version)
				return nil
			}
		}
		return errNoResource{of}
	})
	return found, err
}
