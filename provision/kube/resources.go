package kube

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// resource is where objects of a kind live.
type resource struct {
	gvr        schema.GroupVersionResource
	namespaced bool
}

// errNoKind is a kind the API does not have (yet).
type errNoKind struct{ kind schema.GroupVersionKind }

func (e errNoKind) Error() string {
	return fmt.Sprintf("the API has no kind %s in %s; its CustomResourceDefinition or APIService must be applied first", e.kind.Kind, e.kind.GroupVersion())
}

// resourceOf asks the API which resource a kind is. Only the one group and
// version is asked for, so that a broken aggregated API elsewhere is no
// matter; only what was found is remembered, so that a new CRD is seen.
func (c *Client) resourceOf(ctx context.Context, kind schema.GroupVersionKind) (resource, error) {
	c.mu.Lock()
	r, ok := c.resources[kind]
	c.mu.Unlock()
	if ok {
		return r, nil
	}
	list, err := c.discovery.ServerResourcesForGroupVersionWithContext(ctx, kind.GroupVersion().String())
	if apierrors.IsNotFound(err) {
		return resource{}, errNoKind{kind}
	}
	if err != nil {
		return resource{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ar := range list.APIResources {
		// "deployments/status" is a subresource and may carry the same kind.
		if strings.Contains(ar.Name, "/") || ar.Kind == "" {
			continue
		}
		k := kind.GroupVersion().WithKind(ar.Kind)
		if _, ok := c.resources[k]; !ok {
			c.resources[k] = resource{kind.GroupVersion().WithResource(ar.Name), ar.Namespaced}
		}
	}
	if r, ok = c.resources[kind]; !ok {
		return resource{}, errNoKind{kind}
	}
	return r, nil
}

// objectClient is the dynamic client of one object's resource and namespace.
func (c *Client) objectClient(ctx context.Context, ref state.ObjectRef) (dynamic.ResourceInterface, error) {
	gv, err := schema.ParseGroupVersion(ref.APIVersion)
	if err != nil || ref.APIVersion == "" || ref.Kind == "" || ref.Name == "" {
		return nil, fmt.Errorf("%q names no object of an API", ref)
	}
	r, err := c.resourceOf(ctx, gv.WithKind(ref.Kind))
	if err != nil {
		return nil, err
	}
	if !r.namespaced {
		return c.dynamic.Resource(r.gvr), nil
	}
	namespace := ref.Namespace
	if namespace == "" {
		namespace = metav1.NamespaceDefault
	}
	return c.dynamic.Resource(r.gvr).Namespace(namespace), nil
}
