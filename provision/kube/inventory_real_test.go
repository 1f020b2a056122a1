package kube

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// inventoried is what realInventory makes, in this order; the API server fills it in.
const inventoried = `
{apiVersion: v1, kind: Namespace, metadata: {name: inv, labels: {team: a}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: kube-inv}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: inv}, automountServiceAccountToken: false}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: bot, namespace: inv}}
---
{apiVersion: v1, kind: LimitRange, metadata: {name: bounds, namespace: inv}, spec: {limits: [{type: Container, default: {cpu: 1, memory: 1Gi}}]}}
---
{apiVersion: v1, kind: ResourceQuota, metadata: {name: most, namespace: inv}, spec: {hard: {pods: "10"}}}
---
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: inv}
spec: {hostNetwork: true, containers: [{name: c, image: i, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: careful, namespace: inv}
spec:
  serviceAccountName: bot
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers: [{name: c, image: i, securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: mirror-w-1, namespace: kube-system, annotations: {kubernetes.io/config.mirror: x}}
spec: {nodeName: w-1, containers: [{name: c, image: i}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: inv-reader}, rules: [{apiGroups: [""], resources: [secrets], verbs: [get]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: inv-readers, namespace: inv}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: inv-reader}
subjects: [{kind: ServiceAccount, name: bot, namespace: inv}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: inv-lost, namespace: inv}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: gone}
subjects: [{kind: ServiceAccount, name: bot, namespace: inv}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: inv-forged, labels: {kubernetes.io/bootstrapping: rbac-defaults}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: inv-reader}
subjects: [{kind: ServiceAccount, name: eve, namespace: kube-system}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "system:controller:inv-forged", labels: {kubernetes.io/bootstrapping: rbac-defaults}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: inv-reader}
subjects: [{kind: ServiceAccount, name: inv-forged, namespace: kube-system}]
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: deny, namespace: inv}, spec: {podSelector: {}, egress: [{ports: [{port: 53, protocol: UDP}, {port: 53}]}]}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: inv-policy}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [example.com], apiVersions: ["*"], operations: [CREATE], resources: [nothing]}]}
  validations: [{expression: "true"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: inv-binding}
spec: {policyName: inv-policy, validationActions: [Warn, Audit]}
---
{apiVersion: v1, kind: Secret, metadata: {name: inv-secret, namespace: default}, stringData: {password: canary}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: inv-web, namespace: default}
spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}
`

// realInventory lists what an API server has of all kinds, with what it filled in.
func realInventory(ctx context.Context, t *testing.T, r *real) {
	for _, text := range strings.Split(inventoried, "\n---\n") {
		object, err := yaml.YAMLToJSON([]byte(text))
		var head struct {
			APIVersion, Kind string
			Metadata         struct{ Namespace, Name string }
		}
		if err == nil {
			err = json.Unmarshal(object, &head)
		}
		if err == nil {
			err = r.client.Apply(ctx, state.Object{JSON: object, Ref: state.ObjectRef{APIVersion: head.APIVersion, Kind: head.Kind, Namespace: head.Metadata.Namespace, Name: head.Metadata.Name}})
		}
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	realBindings(ctx, t, r)
	// Somebody is added to a binding of the API server's own.
	if _, err := r.client.typed.RbacV1().ClusterRoleBindings().Patch(ctx, "cluster-admin", "application/json-patch+json",
		[]byte(`[{"op":"add","path":"/subjects/-","value":{"kind":"User","name":"mallory","apiGroup":"rbac.authorization.k8s.io"}}]`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	bare, err := r.client.typed.CoreV1().Pods("inv").Get(ctx, "bare", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	bare.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: "d"}}}
	if _, err := r.client.typed.CoreV1().Pods("inv").UpdateEphemeralContainers(ctx, "bare", bare, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}

	got, unread, err := r.client.Inventory(ctx, []string{"namespaces", "pods", "service_accounts", "grants", "network_policies", "limit_ranges", "quotas", "admission_policies", "things"})
	if err != nil || len(unread) > 0 {
		t.Fatalf("%v %v", unread, err)
	}
	text, err := json.Marshal(got)
	if err != nil || strings.Contains(string(text), "canary") || strings.Contains(string(text), "Y2FuYXJ5") {
		t.Errorf("a secret got into the inventory: %v", err)
	}
	same := func(what string, want, got any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
	}
	same("namespace", []state.Namespace{{Name: "inv", Labels: map[string]string{"team": "a", "kubernetes.io/metadata.name": "inv"}}},
		those(got.Namespaces, func(n state.Namespace) bool { return n.Name == "inv" }))
	same("namespaces of Kubernetes", 3, len(those(got.Namespaces, func(n state.Namespace) bool { return n.System })))
	same("a namespace that is only called so", []state.Namespace{{Name: "kube-inv", Labels: map[string]string{"kubernetes.io/metadata.name": "kube-inv"}}},
		those(got.Namespaces, func(n state.Namespace) bool { return n.Name == "kube-inv" }))
	same("pods", []state.Pod{
		{Namespace: "inv", Name: "bare", Phase: "Pending", ServiceAccount: "default", HostNetwork: true, Containers: []state.Container{
			{Name: "c", Image: "i", Escalates: true, HostPorts: []int{8080}, Limits: true}, {Name: "debug", Image: "d", Passing: true, Escalates: true, Limits: true}}},
		{Namespace: "inv", Name: "careful", Phase: "Pending", ServiceAccount: "bot", Token: true, Containers: []state.Container{
			{Name: "c", Image: "i", NonRoot: true, ReadOnlyRoot: true, Drops: []string{"ALL"}, Seccomp: "RuntimeDefault", Limits: true}}},
		{Namespace: "kube-system", Name: "mirror-w-1", Phase: "Pending", Node: "w-1", Static: true, System: true, Containers: []state.Container{{Name: "c", Image: "i", Escalates: true}}},
	}, those(got.Pods, func(p state.Pod) bool { return p.Namespace == "inv" || p.Static }))
	same("service accounts", []state.ServiceAccount{{Namespace: "inv", Name: "bot", Automount: true}, {Namespace: "inv", Name: "default"}},
		those(got.ServiceAccounts, func(a state.ServiceAccount) bool { return a.Namespace == "inv" }))
	same("limits", []state.Namespaced{{Namespace: "inv", Name: "bounds"}}, got.LimitRanges)
	same("quotas", []state.Namespaced{{Namespace: "inv", Name: "most"}}, got.Quotas)
	same("network policies", []state.NetworkPolicy{{Namespace: "inv", Name: "deny", AllPods: true, DeniesIngress: true, AllowsDNS: true}},
		those(got.NetworkPolicies, func(p state.NetworkPolicy) bool { return p.Namespace == "inv" }))
	same("admission policies", []state.AdmissionPolicy{{Name: "inv-policy", Owned: true, Actions: []string{"Audit", "Warn"}}}, got.Policies)
	same("grants of a person", []state.Grant{{Binding: "inv-readers", Namespace: "inv", RoleKind: "ClusterRole", Role: "inv-reader", SubjectKind: "ServiceAccount", Subject: "bot", SubjectNamespace: "inv",
		Verbs: []string{"get"}, Groups: []string{""}, Resources: []string{"secrets"}}},
		those(got.Grants, func(g state.Grant) bool { return g.Namespace == "inv" }))
	// All that a server makes of itself is its own, and the first rule of all is an administrator's.
	var theirs []string
	for _, g := range got.Grants {
		if b := g.Binding + " " + g.Subject; !g.Builtin && !slices.Contains(theirs, b) {
			theirs = append(theirs, b)
		}
	}
	same("bindings that are people's", []string{"cluster-admin mallory", "inv-forged eve", "system:controller:inv-forged inv-forged", "inv-readers bot"}, theirs)
	if admins := those(got.Grants, func(g state.Grant) bool {
		return g.Builtin && g.Subject == "system:masters" && slices.Equal(g.URLs, []string{"*"})
	}); len(admins) != 1 || len(got.Grants) < 100 {
		t.Errorf("%d grants, administrators have %+v", len(got.Grants), admins)
	}
	for _, want := range []state.Thing{{Namespace: "default", Kind: "Secret", Name: "inv-secret"}, {Namespace: "default", Kind: "Deployment", Name: "inv-web"}} {
		if !slices.Contains(got.Things, want) {
			t.Errorf("%+v is not among %+v", want, got.Things)
		}
	}
	if slices.ContainsFunc(got.Things, func(o state.Thing) bool { return o.Kind == "Service" }) {
		t.Errorf("the API's own Service is among %+v", got.Things)
	}
}

// realBindings holds the tables of builtin.go to all that the server has labelled as its own.
func realBindings(ctx context.Context, t *testing.T, r *real) {
	labelled := metav1.ListOptions{LabelSelector: "kubernetes.io/bootstrapping=rbac-defaults"}
	wide, err := r.client.typed.RbacV1().ClusterRoleBindings().List(ctx, labelled)
	if err != nil {
		t.Fatal(err)
	}
	narrow, err := r.client.typed.RbacV1().RoleBindings("").List(ctx, labelled)
	if err != nil {
		t.Fatal(err)
	}
	var all []binding
	for _, b := range wide.Items {
		all = append(all, binding{b.ObjectMeta, b.RoleRef, b.Subjects})
	}
	for _, b := range narrow.Items {
		all = append(all, binding{b.ObjectMeta, b.RoleRef, b.Subjects})
	}
	if len(wide.Items) < 40 || len(narrow.Items) < 7 {
		t.Errorf("%d bindings of the cluster and %d of namespaces", len(wide.Items), len(narrow.Items))
	}
	for _, b := range all {
		for _, s := range b.subjects {
			if got, want := builtin(b, s), !strings.Contains(b.Name, "inv-forged"); got != want {
				t.Errorf("%s/%s gives %s %s to %+v: %v", b.Namespace, b.Name, b.role.Kind, b.role.Name, s, got)
			}
		}
	}
}

// those are the elements that are meant.
func those[T any](all []T, meant func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(all), func(e T) bool { return !meant(e) })
}
