package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

const (
	crdGroup = "apiextensions.k8s.io"
	crdKind  = "CustomResourceDefinition"
	// establishTimeout is how long a CRD may take to be served.
	establishTimeout = time.Minute
)

// Apply brings one object to its wanted state: applied by the server with
// bulwark as the manager of its fields, which it takes from others where they
// differ; deleted when JSON is nil. An applied CustomResourceDefinition is
// waited for until its kind is served. For objects of a policy see [Client.Policies].
func (c *Client) Apply(ctx context.Context, want state.Object) error {
	if want.Policy != "" {
		return c.applyPolicy(ctx, want)
	}
	if want.JSON == nil {
		return c.remove(ctx, want.Ref)
	}
	if err := c.serverSide(ctx, want, manager); err != nil {
		return err
	}
	if isCRD(want.Ref) {
		return c.established(ctx, want.Ref)
	}
	return nil
}

// serverSide has the server apply an object, as a manager of its fields.
func (c *Client) serverSide(ctx context.Context, want state.Object, as string) error {
	obj, err := wantedObject(want)
	if err != nil {
		return fmt.Errorf("%s: applying %s: %w", c.where, want.Ref, err)
	}
	return c.patch(ctx, "applying "+want.Ref.String(), want.Ref, obj, as)
}

// remove deletes an object; one that is not there, or of a kind that is not, is done.
func (c *Client) remove(ctx context.Context, ref state.ObjectRef) error {
	policy := metav1.DeletePropagationBackground
	return c.call(ctx, "deleting "+ref.String(), func(ctx context.Context) error {
		oc, err := c.objectClient(ctx, ref)
		if err == nil {
			err = oc.Delete(ctx, ref.Name, metav1.DeleteOptions{PropagationPolicy: &policy})
		}
		var noKind errNoKind
		if apierrors.IsNotFound(err) || errors.As(err, &noKind) {
			return nil
		}
		return err
	})
}

// wantedObject decodes the JSON of a wanted object and holds it to its
// reference: a plan that says one thing must not do another.
func wantedObject(want state.Object) (*unstructured.Unstructured, error) {
	obj := &unstructured.Unstructured{}
	if err := obj.UnmarshalJSON(want.JSON); err != nil {
		return nil, fmt.Errorf("its JSON: %w", err)
	}
	got := state.ObjectRef{APIVersion: obj.GetAPIVersion(), Kind: obj.GetKind(), Namespace: obj.GetNamespace(), Name: obj.GetName()}
	if got != want.Ref {
		return nil, fmt.Errorf("its JSON is of %s", got)
	}
	// The server's own fields have no manager but the server.
	obj.SetManagedFields(nil)
	for _, f := range []string{"creationTimestamp", "resourceVersion", "uid", "generation", "selfLink"} {
		unstructured.RemoveNestedField(obj.Object, "metadata", f)
	}
	delete(obj.Object, "status")
	return obj, nil
}

func isCRD(ref state.ObjectRef) bool {
	return ref.Kind == crdKind && len(ref.APIVersion) > len(crdGroup) && ref.APIVersion[:len(crdGroup)+1] == crdGroup+"/"
}

// established waits until the API serves the kinds of a CRD.
func (c *Client) established(ctx context.Context, ref state.ObjectRef) error {
	ctx, cancel := context.WithTimeout(ctx, establishTimeout)
	defer cancel()
	return c.poll(ctx, ref.String()+" to be established", func(ctx context.Context) (bool, string, error) {
		oc, err := c.objectClient(ctx, ref)
		if err != nil {
			return false, "", err
		}
		obj, err := oc.Get(ctx, ref.Name, metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		conditions, _, _ := unstructured.NestedSlice(obj.Object, "status", "conditions")
		seen := "no condition yet"
		for _, e := range conditions {
			m, _ := e.(map[string]any)
			switch {
			case m["type"] == "Established" && m["status"] == "True":
				return true, "", nil
			case m["type"] == "NamesAccepted" && m["status"] == "False":
				seen = fmt.Sprintf("its names were not accepted: %v", m["message"])
			}
		}
		return false, seen, nil
	})
}

// get reads one object as a look has it. ok is false when it is not there.
func (c *Client) get(ctx context.Context, ref state.ObjectRef) (have state.HaveObject, ok bool, err error) {
	var obj *unstructured.Unstructured
	err = c.call(ctx, "reading "+ref.String(), func(ctx context.Context) error {
		oc, err := c.objectClient(ctx, ref)
		if err != nil {
			return err
		}
		obj, err = oc.Get(ctx, ref.Name, metav1.GetOptions{})
		return err
	})
	var noKind errNoKind
	switch {
	case apierrors.IsNotFound(err), errors.As(err, &noKind):
		return state.HaveObject{}, false, nil
	case err != nil:
		return state.HaveObject{}, false, err
	}
	body, err := haveJSON(ref, obj)
	if err != nil {
		return state.HaveObject{}, false, fmt.Errorf("%s: reading %s: %w", c.where, ref, err)
	}
	return state.HaveObject{Ref: ref, JSON: body}, true, nil
}

// haveJSON is an object without what changes by itself, and a Secret without
// what it holds: a state is printed and compared.
func haveJSON(ref state.ObjectRef, obj *unstructured.Unstructured) ([]byte, error) {
	obj.SetManagedFields(nil)
	unstructured.RemoveNestedField(obj.Object, "metadata", "resourceVersion")
	delete(obj.Object, "status")
	if isSecret(ref) {
		delete(obj.Object, "data")
		delete(obj.Object, "stringData")
		// kubectl's annotation holds the whole object once more.
		unstructured.RemoveNestedField(obj.Object, "metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration")
	}
	return json.Marshal(obj.Object)
}

func isSecret(ref state.ObjectRef) bool { return ref.APIVersion == "v1" && ref.Kind == "Secret" }
