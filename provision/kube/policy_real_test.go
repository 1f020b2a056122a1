package kube

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// policyObjects are those of a spec that switches everything on, as the templates
// render them.
func policyObjects(t *testing.T) []state.Object {
	t.Helper()
	text, err := os.ReadFile("../../templates/policy/testdata/objects.yaml")
	if err != nil {
		t.Fatal(err)
	}
	objects, err := Manifest(text)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range objects {
		objects[i].Fields = o.Ref.Kind == "Namespace" || o.Ref.Kind == "ServiceAccount"
		objects[i].Policy = state.PolicyDefaultDeny
	}
	return objects
}

// realPolicy owns the policy's objects: made, compared, put right, and taken away.
func realPolicy(ctx context.Context, t *testing.T, r *real) {
	core := r.client.typed.CoreV1()
	for _, name := range []string{"default", "kube-system", "kube-public", "kube-node-lease"} { // no controller makes them here
		_, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
	}
	objects := policyObjects(t)
	var ask Ask
	for _, o := range objects {
		ask.Objects = append(ask.Objects, o.Ref)
	}
	ask.Policies = true
	look := func() state.API {
		t.Helper()
		api, err := r.client.Look(ctx, ask)
		if err != nil || len(api.Unread) > 0 {
			t.Fatal(err, api.Unread)
		}
		return api
	}
	missing := func(api state.API) (out []string) {
		for _, o := range objects {
			if Missing(o, api.Objects[o.Ref.String()]) {
				out = append(out, o.Ref.String())
			}
		}
		return out
	}
	if got := look(); len(got.Policies) > 0 {
		t.Errorf("%v", got.Policies)
	}
	apply := func() {
		t.Helper()
		for _, o := range objects {
			if err := r.client.Apply(ctx, o); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 2 {
		apply()
		got := look()
		if m := missing(got); len(m) > 0 {
			t.Errorf("just applied, and missing something: %s\n%s", m, got.Objects[m[0]].JSON)
		}
		if len(got.Policies) != len(objects) || got.Policies[0].Ref.Kind != "ValidatingAdmissionPolicyBinding" {
			t.Errorf("%+v", got.Policies)
		}
	}
	realChanged(ctx, t, r, apply, func() []string { return missing(look()) })
	realImages(ctx, t, r)

	// A copy that somebody makes has the label, and is theirs.
	deny, err := r.client.typed.NetworkingV1().NetworkPolicies("shop").Get(ctx, "bulwark-default-deny", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	own := deny.DeepCopy()
	own.ObjectMeta = metav1.ObjectMeta{Name: "copy", Namespace: "shop", Labels: deny.Labels}
	if _, err := r.client.typed.NetworkingV1().NetworkPolicies("shop").Create(ctx, own, metav1.CreateOptions{FieldManager: "kubectl"}); err != nil {
		t.Fatal(err)
	}
	// What has no label is somebody else's too, whatever its name.
	stranger := objects[slices.IndexFunc(objects, func(o state.Object) bool { return o.Ref.Kind == "NetworkPolicy" && o.Ref.Namespace == "default" })]
	if _, err := r.client.typed.NetworkingV1().NetworkPolicies("default").Patch(ctx, stranger.Ref.Name, types.MergePatchType,
		[]byte(`{"metadata":{"labels":{"bulwark/policy":null}}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, o := range []state.Object{stranger, {Ref: stranger.Ref, Policy: stranger.Policy}} {
		if err := r.client.Apply(ctx, o); err == nil || !strings.Contains(err.Error(), "somebody else made it") {
			t.Errorf("%v", err)
		}
	}

	// All of it goes: objects are deleted, fields given back.
	owned := look().Policies
	if slices.ContainsFunc(owned, func(o state.Object) bool { return o.Ref.Name == "copy" || o.Ref == stranger.Ref }) {
		t.Errorf("what others made is taken for bulwark's: %v", owned)
	}
	for range 2 {
		for _, o := range owned {
			if err := r.client.Apply(ctx, state.Object{Ref: o.Ref, Policy: o.Policy, Fields: o.Fields}); err != nil {
				t.Error(err)
			}
		}
	}
	got := look()
	if len(got.Policies) > 0 {
		t.Errorf("left: %v", got.Policies)
	}
	var left []string
	for ref, o := range got.Objects {
		left = append(left, ref)
		if strings.Contains(string(o.JSON), "pod-security.kubernetes.io") || strings.Contains(string(o.JSON), "automount") {
			t.Errorf("fields are left: %s", o.JSON)
		}
	}
	slices.Sort(left)
	want := []string{stranger.Ref.String(), "v1/Namespace/default", "v1/Namespace/shop", "v1/ServiceAccount/default/default", "v1/ServiceAccount/kube-node-lease/default",
		"v1/ServiceAccount/kube-public/default", "v1/ServiceAccount/kube-system/default", "v1/ServiceAccount/shop/default"}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Error(diff)
	}
	gone := state.ObjectRef{APIVersion: "v1", Kind: "ServiceAccount", Namespace: "shop", Name: "gone"}
	if err := r.client.Apply(ctx, state.Object{Ref: gone, Policy: state.PolicyTokens, Fields: true}); err != nil {
		t.Error(err)
	}
	if obj, err := r.client.raw(ctx, gone); obj != nil || err != nil {
		t.Errorf("giving back fields made %v, %v", obj, err)
	}
}

// realChanged changes what bulwark owns, one after the other: each is seen, and put right.
func realChanged(ctx context.Context, t *testing.T, r *real, apply func(), missing func() []string) {
	admission, networking, core := r.client.typed.AdmissionregistrationV1(), r.client.typed.NetworkingV1(), r.client.typed.CoreV1()
	by := metav1.PatchOptions{FieldManager: "mallory"}
	for name, change := range map[string]func(patch []byte) error{
		`{"spec":{"ingress":[{}]}}`: func(p []byte) error {
			_, err := networking.NetworkPolicies("shop").Patch(ctx, "bulwark-default-deny", types.MergePatchType, p, by)
			return err
		},
		`{"spec":{"podSelector":{"matchLabels":{"a":"b"}}}}`: func(p []byte) error {
			_, err := networking.NetworkPolicies("default").Patch(ctx, "bulwark-default-deny", types.MergePatchType, p, by)
			return err
		},
		`{"spec":{"matchConditions":[{"name":"never","expression":"false"}]}}`: func(p []byte) error {
			_, err := admission.ValidatingAdmissionPolicies().Patch(ctx, "bulwark-images", types.MergePatchType, p, by)
			return err
		},
		`{"spec":{"matchConstraints":{"excludeResourceRules":[{"apiGroups":["*"],"apiVersions":["*"],"operations":["*"],"resources":["*"]}]}}}`: func(p []byte) error {
			_, err := admission.ValidatingAdmissionPolicies().Patch(ctx, "bulwark-images", types.MergePatchType, p, by)
			return err
		},
		`{"spec":{"matchResources":{"namespaceSelector":{"matchLabels":{"a":"b"}}}}}`: func(p []byte) error {
			_, err := admission.ValidatingAdmissionPolicyBindings().Patch(ctx, "bulwark-images", types.MergePatchType, p, by)
			return err
		},
		`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}`: func(p []byte) error {
			_, err := core.Namespaces().Patch(ctx, "shop", types.MergePatchType, p, by)
			return err
		},
		`{"automountServiceAccountToken":null}`: func(p []byte) error {
			_, err := core.ServiceAccounts("shop").Patch(ctx, "default", types.MergePatchType, p, by)
			return err
		},
	} {
		if err := change([]byte(name)); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := missing(); len(got) != 1 {
			t.Errorf("%s: %q is seen", name, got)
		}
		apply()
		if got := missing(); len(got) > 0 {
			t.Errorf("%s is not put right: %q", name, got)
		}
	}
}

// realImages asks the server itself what it makes of the policy of images.
func realImages(ctx context.Context, t *testing.T, r *real) {
	const good = "registry.example.com:5000/team/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	no := false
	create := func(namespace, image string) error {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "images", Namespace: namespace}, Spec: corev1.PodSpec{
			AutomountServiceAccountToken: &no,
			InitContainers:               []corev1.Container{{Name: "i", Image: good}},
			Containers:                   []corev1.Container{{Name: "c", Image: good}, {Name: "d", Image: image}},
		}}
		_, err := r.client.typed.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	var err error
	for range 100 { // the server hears of a policy by its watch
		if err = create("shop", "nginx"); err != nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	for _, want := range []string{"ValidatingAdmissionPolicy 'bulwark-images'", "denied request: images without a digest: nginx"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said: %v", want, err)
		}
	}
	if err := create("shop", good); err != nil {
		t.Error(err)
	}
	if err := create("shop", strings.Replace(good, ".com", ".com.evil.com", 1)); err == nil || !strings.Contains(err.Error(), "from no registry that is allowed") {
		t.Errorf("a lookalike: %v", err)
	}
	if err := create("kube-system", "nginx"); err != nil {
		t.Errorf("what is exempt is refused: %v", err)
	}
	// Pod Security refuses a privileged pod in shop. Nothing asks for it in the other namespace:
	// there first the missing service account refuses the pod, then the policy of images.
	core := r.client.typed.CoreV1()
	if _, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "open"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if seen, refused, err := r.client.RefusesPrivileged(ctx, "open"); err == nil || refused {
		t.Errorf("%q %v %v", seen, refused, err)
	}
	if _, err := core.ServiceAccounts("open").Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if seen, refused, err := r.client.RefusesPrivileged(ctx, "shop"); err != nil || !refused || !strings.Contains(seen, "violates PodSecurity") {
		t.Errorf("%q %v %v", seen, refused, err)
	}
	if seen, refused, err := r.client.RefusesPrivileged(ctx, "open"); err != nil || refused || !strings.Contains(seen, "bulwark-images") {
		t.Errorf("%q %v %v", seen, refused, err)
	}
	inventory, unread, err := r.client.Inventory(ctx, []string{"admission_policies"})
	if err != nil || len(unread) > 0 || !slices.ContainsFunc(inventory.Policies, func(p state.AdmissionPolicy) bool { return p.Name == "bulwark-images" && p.Owned }) {
		t.Errorf("bulwark's own policy is not its own: %v %v %+v", unread, err, inventory.Policies)
	}
	policy, err := r.client.typed.AdmissionregistrationV1().ValidatingAdmissionPolicies().Get(ctx, "bulwark-images", metav1.GetOptions{})
	if err != nil || policy.Status.TypeChecking != nil && len(policy.Status.TypeChecking.ExpressionWarnings) > 0 {
		t.Errorf("%v, %+v", err, policy.Status)
	}
}

// realKubeProxy takes kube-proxy's rights and gives them back, as kubeadm would write it.
func realKubeProxy(ctx context.Context, t *testing.T, r *real) {
	read := func(name string) state.Object {
		text, err := os.ReadFile("testdata/kube-proxy-" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		objects, err := Manifest(text)
		if err != nil || len(objects) != 1 {
			t.Fatal(objects, err)
		}
		objects[0].Derived, objects[0].Policy = true, state.PolicyKubeProxy
		return objects[0]
	}
	all, few := read("privileged"), read("unprivileged")
	obj, err := wantedObject(all)
	if err != nil {
		t.Fatal(err)
	}
	oc, err := r.client.objectClient(ctx, all.Ref)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := oc.Create(ctx, obj, metav1.CreateOptions{FieldManager: "kubeadm"}); err != nil {
		t.Fatal(err)
	}
	sets := r.client.typed.AppsV1().DaemonSets("kube-system")
	if _, err := sets.Patch(ctx, "kube-proxy", types.MergePatchType, []byte(`{"metadata":{"labels":{"theirs":"yes"}}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, move := range []struct {
		from, to state.Object
		labelled bool
	}{{all, few, true}, {few, all, false}} {
		have, _, err := r.client.get(ctx, all.Ref)
		if err != nil || Missing(move.from, have) || !Missing(move.to, have) {
			t.Fatalf("%v, it is not as it was made: %s", err, have.JSON)
		}
		done := make(chan error, 1)
		go func() { done <- r.client.Apply(ctx, move.to) }()
		for range 100 { // in place of its controller, which is not there
			have, _, err = r.client.get(ctx, all.Ref)
			if err != nil {
				t.Fatal(err)
			}
			if !Missing(move.to, have) {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		select {
		case err := <-done:
			t.Errorf("it is said to run before it does: %v", err)
		case <-time.After(300 * time.Millisecond):
		}
		d, err := sets.Get(ctx, "kube-proxy", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		d.Status.ObservedGeneration, d.Status.DesiredNumberScheduled, d.Status.UpdatedNumberScheduled, d.Status.NumberAvailable = d.Generation, 2, 2, 2
		if _, err := sets.UpdateStatus(ctx, d, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		rights := d.Spec.Template.Spec.Containers[0].SecurityContext
		_, labelled := d.Labels[state.PolicyLabel]
		if Missing(move.to, have) || !Missing(move.from, have) || labelled != move.labelled || *rights.Privileged == move.labelled ||
			(rights.Capabilities != nil) != move.labelled || d.Labels["theirs"] != "yes" {
			t.Errorf("it is not as it should be: %s", have.JSON)
		}
	}
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	d, err := sets.Get(ctx, "kube-proxy", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d.Status.NumberAvailable = 1
	if _, err := sets.UpdateStatus(ctx, d, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := r.client.rolledOut(short, all.Ref); err == nil || !strings.Contains(err.Error(), "2 of 2 pods are new, 1 available") {
		t.Errorf("%v", err)
	}
}
