package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// policyManager is the field manager of the policy's objects: another one than that
// of a manifest's, for a server takes from an object what its manager wanted before
// and does not any more, and a namespace may be in both.
const policyManager = manager + "-policy"

// conflictTries is how often an object is read again that somebody changed meanwhile.
const conflictTries = 5

// errForeign is an object of a name that bulwark uses, made by somebody else.
var errForeign = errors.New("somebody else made it: it has no label " + state.PolicyLabel + ", and is left alone; delete it, or rename it, and apply again")

// applyPolicy brings an object of the policy to its wanted state. Of one that others
// have too only bulwark's fields are set, or given back. One that is all bulwark's is
// written as a whole, so that nothing stays of what somebody put into it.
func (c *Client) applyPolicy(ctx context.Context, want state.Object) error {
	switch {
	case want.Fields && want.JSON == nil:
		return c.giveBack(ctx, want.Ref)
	case want.Fields:
		return c.serverSide(ctx, want, policyManager)
	case want.JSON == nil:
		return c.removeOwned(ctx, want.Ref)
	}
	if err := c.write(ctx, want); err != nil || !want.Derived {
		return err
	}
	return c.rolledOut(ctx, want.Ref)
}

// ours says whether an object says that it is bulwark's.
func ours(obj *unstructured.Unstructured) bool {
	_, labelled := obj.GetLabels()[state.PolicyLabel]
	return labelled
}

// giveBack takes bulwark's name off the fields of an object, which takes those away
// that nobody else wants. It makes no object that is gone.
func (c *Client) giveBack(ctx context.Context, ref state.ObjectRef) error {
	obj, err := c.raw(ctx, ref)
	if obj == nil || err != nil {
		return err
	}
	nothing := &unstructured.Unstructured{}
	nothing.SetAPIVersion(ref.APIVersion)
	nothing.SetKind(ref.Kind)
	nothing.SetNamespace(ref.Namespace)
	nothing.SetName(ref.Name)
	nothing.SetUID(obj.GetUID()) // that very one
	return c.patch(ctx, "giving back fields of "+ref.String(), ref, nothing, policyManager)
}

// removeOwned deletes an object of bulwark's, and no other of its name.
func (c *Client) removeOwned(ctx context.Context, ref state.ObjectRef) error {
	obj, err := c.raw(ctx, ref)
	if obj == nil || err != nil {
		return err
	}
	if !ours(obj) {
		return fmt.Errorf("%s: deleting %s: %w", c.where, ref, errForeign)
	}
	uid := obj.GetUID()
	return c.call(ctx, "deleting "+ref.String(), func(ctx context.Context) error {
		oc, err := c.objectClient(ctx, ref)
		if err == nil {
			err = oc.Delete(ctx, ref.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
		}
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	})
}

// write makes an object, or gives the one that is there the spec that is wanted and
// nothing besides. Labels and annotations of others stay.
func (c *Client) write(ctx context.Context, want state.Object) error {
	obj, err := wantedObject(want)
	if err != nil {
		return fmt.Errorf("%s: applying %s: %w", c.where, want.Ref, err)
	}
	what := "applying " + want.Ref.String()
	for try := 1; ; try++ {
		have, err := c.raw(ctx, want.Ref)
		if err != nil {
			return err
		}
		if have != nil && !want.Derived && !ours(have) {
			return fmt.Errorf("%s: %s: %w", c.where, what, errForeign)
		}
		err = c.call(ctx, what, func(ctx context.Context) error {
			oc, err := c.objectClient(ctx, want.Ref)
			if err != nil {
				return err
			}
			if have == nil {
				_, err = oc.Create(ctx, obj, metav1.CreateOptions{FieldManager: policyManager})
				return err
			}
			_, err = oc.Update(ctx, rewritten(have, obj), metav1.UpdateOptions{FieldManager: policyManager})
			return err
		})
		if err == nil || try == conflictTries || !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
}

// rewritten is an object that is there with the spec of the wanted one.
func rewritten(have, want *unstructured.Unstructured) *unstructured.Unstructured {
	out := have.DeepCopy()
	out.Object["spec"] = want.DeepCopy().Object["spec"]
	labels := out.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	delete(labels, state.PolicyLabel)
	for k, v := range want.GetLabels() {
		labels[k] = v
	}
	out.SetLabels(labels)
	return out
}

// raw reads an object with all that the server says of it; nil when it is not there.
func (c *Client) raw(ctx context.Context, ref state.ObjectRef) (*unstructured.Unstructured, error) {
	var obj *unstructured.Unstructured
	err := c.call(ctx, "reading "+ref.String(), func(ctx context.Context) error {
		oc, err := c.objectClient(ctx, ref)
		if err == nil {
			obj, err = oc.Get(ctx, ref.Name, metav1.GetOptions{})
		}
		return err
	})
	var noKind errNoKind
	if apierrors.IsNotFound(err) || errors.As(err, &noKind) {
		return nil, nil
	}
	return obj, err
}

// patch applies an object by the server, as a manager that takes its fields from others.
func (c *Client) patch(ctx context.Context, what string, ref state.ObjectRef, obj *unstructured.Unstructured, as string) error {
	body, err := obj.MarshalJSON()
	if err != nil {
		return fmt.Errorf("%s: %s: %w", c.where, what, err)
	}
	force := true
	return c.call(ctx, what, func(ctx context.Context) error {
		oc, err := c.objectClient(ctx, ref)
		if err != nil {
			return err
		}
		_, err = oc.Patch(ctx, ref.Name, types.ApplyPatchType, body, metav1.PatchOptions{FieldManager: as, Force: &force})
		return err
	})
}

// rolloutTimeout is how long the pods of a DaemonSet may take to be made anew, of
// which there is one on each node and one is made at a time.
const rolloutTimeout = 10 * time.Minute

// rolledOut waits until the pods of a DaemonSet are of its newest generation and
// available: one that cannot run leaves its node without what it is for.
func (c *Client) rolledOut(ctx context.Context, ref state.ObjectRef) error {
	ctx, cancel := context.WithTimeout(ctx, rolloutTimeout)
	defer cancel()
	return c.poll(ctx, "DaemonSet "+ref.Namespace+"/"+ref.Name+" to run on every node as it should", func(ctx context.Context) (bool, string, error) {
		one, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		d, err := c.typed.AppsV1().DaemonSets(ref.Namespace).Get(one, ref.Name, metav1.GetOptions{})
		if err != nil {
			return false, "", err
		}
		if running(d) {
			return true, "", nil
		}
		seen := fmt.Sprintf("%d of %d pods are new, %d available", d.Status.UpdatedNumberScheduled, d.Status.DesiredNumberScheduled, d.Status.NumberAvailable)
		return false, strings.Join(append([]string{seen}, c.podsOf(one, ref.Namespace, d.Spec.Selector)...), "; "), nil
	})
}

func running(d *appsv1.DaemonSet) bool {
	s := d.Status
	return s.ObservedGeneration >= d.Generation && s.UpdatedNumberScheduled == s.DesiredNumberScheduled && s.NumberAvailable == s.DesiredNumberScheduled
}

// policyKinds are those that the policy has objects of, in the order in which they go:
// what puts another one in force before that.
func policyKinds() []struct {
	kind   schema.GroupVersionKind
	fields bool
} {
	return []struct {
		kind   schema.GroupVersionKind
		fields bool
	}{
		{schema.GroupVersionKind{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "ValidatingAdmissionPolicyBinding"}, false},
		{schema.GroupVersionKind{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "ValidatingAdmissionPolicy"}, false},
		{schema.GroupVersionKind{Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy"}, false},
		{schema.GroupVersionKind{Version: "v1", Kind: "ServiceAccount"}, true},
		{schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, true},
	}
}

// Policies are the objects that bulwark made for a policy, and those it owns fields of:
// they have its label, and it is bulwark that put it there. A copy that somebody made
// has the label too, and is theirs.
func (c *Client) Policies(ctx context.Context) ([]state.Object, error) {
	var out []state.Object
	for _, k := range policyKinds() {
		var found []state.Object
		err := c.call(ctx, "listing what bulwark made of kind "+k.kind.Kind, func(ctx context.Context) error {
			found = nil
			r, err := c.resourceOf(ctx, k.kind)
			if err != nil {
				return err
			}
			list, err := c.metadata.Resource(r.gvr).List(ctx, metav1.ListOptions{LabelSelector: state.PolicyLabel})
			if err != nil {
				return err
			}
			for i := range list.Items {
				m := &list.Items[i]
				if slices.ContainsFunc(m.ManagedFields, func(f metav1.ManagedFieldsEntry) bool { return f.Manager == policyManager }) {
					found = append(found, state.Object{Policy: m.Labels[state.PolicyLabel], Fields: k.fields,
						Ref: state.ObjectRef{APIVersion: k.kind.GroupVersion().String(), Kind: k.kind.Kind, Namespace: m.Namespace, Name: m.Name}})
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		slices.SortFunc(found, func(a, b state.Object) int { return strings.Compare(a.Ref.String(), b.Ref.String()) })
		out = append(out, found...)
	}
	return out, nil
}
