package kube

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Others warn too, and what a server says is not to be trusted with a terminal.
func TestWarningsOfADryRunAreRead(t *testing.T) {
	const header = `existing pods in namespace "shop" violate the new PodSecurity enforce level "restricted:latest"`
	for what, c := range map[string]struct {
		warnings []string
		want     state.Refused
	}{
		"nothing":         {},
		"another webhook": {warnings: []string{"db-0: this namespace has no owner"}},
		"pods": {warnings: []string{"x: y", header, "db-0: host namespaces (hostNetwork=true)", "web-1 (and 1 other pod): a\x1b[2Jb", "Policy says: no"},
			want: state.Refused{Pods: []string{"db-0: host namespaces (hostNetwork=true)", "web-1 (and 1 other pod): a[2Jb"}}},
		"many": {warnings: []string{header, "a: 1", "b: 1", "c: 1", "d: 1", "e: 1", "f: 1", "g: 1"},
			want: state.Refused{Pods: []string{"a: 1", "b: 1", "c: 1", "d: 1", "e: 1", "2 more"}}},
		"not all": {warnings: []string{"new PodSecurity enforce level only checked against the first 3000 of 9000 existing pods"},
			want: state.Refused{Unknown: "new PodSecurity enforce level only checked against the first 3000 of 9000 existing pods"}},
		"exempt": {warnings: []string{`namespace "shop" is exempt from Pod Security, and the policy (enforce=restricted:latest) will be ignored`},
			want: state.Refused{Unknown: "it is exempt until now, and the server does not judge its pods before that ends"}},
		"long": {warnings: []string{header, "a: " + strings.Repeat("x", 5000)}, want: state.Refused{Pods: []string{"a: " + strings.Repeat("x", longestReason-3) + "…"}}},
	} {
		c.want.Namespace = "shop"
		if diff := cmp.Diff(c.want, judged("shop", c.warnings)); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
}

// realRefused asks a server that enforces nothing what it would refuse.
func realRefused(ctx context.Context, t *testing.T, r *real) {
	core := r.client.typed.CoreV1()
	yes, no := true, false
	bad := corev1.PodSpec{HostNetwork: true, Containers: []corev1.Container{{Name: "c", Image: "x"}}}
	good := corev1.PodSpec{SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: &yes, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
		Containers: []corev1.Container{{Name: "c", Image: "x", SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}}}}}
	for name, of := range map[string]struct {
		labels map[string]string
		pods   []corev1.PodSpec
	}{
		"psa-bad": {nil, []corev1.PodSpec{bad, bad, good}}, "psa-good": {nil, []corev1.PodSpec{good}},
		"psa-said": {map[string]string{enforceLabel: "privileged"}, []corev1.PodSpec{bad}}, "psa-exempt": {nil, []corev1.PodSpec{bad}},
	} {
		if _, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: of.labels}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		if _, err := core.ServiceAccounts(name).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		for i, spec := range of.pods {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "pod-" + string(rune('a'+i))}, Spec: spec}
			if _, err := core.Pods(name).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	var got map[string]state.Refused
	for try := 0; try < 20; try++ { // the server judges by what its watch has told it
		all, err := r.client.Refused(ctx, "restricted", []string{"kube-system", "psa-exempt"})
		if err != nil {
			t.Fatal(err)
		}
		got = map[string]state.Refused{}
		for _, x := range all {
			if got[x.Namespace] = x; x.Unknown != "" {
				t.Errorf("%+v", x)
			}
		}
		if len(got["psa-bad"].Pods) == 1 && strings.Contains(got["psa-bad"].Pods[0], "1 other pod") {
			break
		}
		time.Sleep(250 * time.Millisecond)
	}
	if of := got["psa-bad"].Pods; len(of) != 1 || !strings.HasPrefix(of[0], "pod-a (and 1 other pod): ") || !strings.Contains(of[0], "host namespaces") {
		t.Errorf("%+v", got)
	}
	for _, name := range []string{"psa-good", "psa-said", "psa-exempt", "kube-system"} {
		if of, there := got[name]; there {
			t.Errorf("%+v", of)
		}
	}
	list, err := core.Namespaces().List(ctx, metav1.ListOptions{LabelSelector: enforceLabel + "=restricted"})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("something was written: %v, %v", list.Items, err)
	}
}
