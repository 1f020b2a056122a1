package kube

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// realDrain drains a node for a change, and lets pods come back: what runs there is
// nobody's but the API's, so that pods go at once.
func realDrain(ctx context.Context, t *testing.T, r *real) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const ns = "drained"
	yes := true
	core := r.client.typed.CoreV1()
	_, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}, metav1.CreateOptions{})
	must(err)
	_, err = core.ServiceAccounts(ns).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{})
	must(err)
	for _, name := range []string{"w-8", "w-9"} {
		_, err = core.Nodes().Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		must(err)
	}
	pod := func(name, node, owner string, labels map[string]string) {
		t.Helper()
		zero := int64(0)
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Spec: corev1.PodSpec{
			NodeName: node, TerminationGracePeriodSeconds: &zero, Containers: []corev1.Container{{Name: "c", Image: "x"}}}}
		if owner != "" {
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: owner, UID: "1", Controller: &yes}}
		}
		_, err := core.Pods(ns).Create(ctx, p, metav1.CreateOptions{})
		must(err)
	}
	pod("free", "w-8", "set", nil)
	pod("alone", "w-8", "", nil)
	pod("elsewhere", "w-9", "set", nil)
	var told []string
	tell := func(s string) { told = append(told, s) }
	node := func(name string) (bool, bool) {
		t.Helper()
		n, err := core.Nodes().Get(ctx, name, metav1.GetOptions{})
		must(err)
		return n.Spec.Unschedulable, nodeObject(n).Cordoned
	}
	there := func() []string {
		t.Helper()
		list, err := core.Pods(ns).List(ctx, metav1.ListOptions{})
		must(err)
		var names []string
		for _, p := range list.Items {
			names = append(names, p.Name)
		}
		return names
	}

	must(r.client.DrainForChange(ctx, "w-8", time.Minute, tell))
	if got := there(); !slices.Equal(got, []string{"alone", "elsewhere"}) {
		t.Errorf("after the drain there are %v", got)
	}
	if all := strings.Join(told, "\n"); !strings.Contains(all, "pod drained/free is gone from w-8") || !strings.Contains(all, "pod drained/alone stays on w-8") {
		t.Errorf("told: %q", told)
	}
	if off, ours := node("w-8"); !off || !ours {
		t.Errorf("drained, it is cordoned: %v, by us: %v", off, ours)
	}
	must(r.client.Uncordon(ctx, "w-8"))
	if off, ours := node("w-8"); off || ours {
		t.Errorf("afterwards it is cordoned: %v, by us: %v", off, ours)
	}

	// A node that a person cordoned stays so.
	_, err = core.Nodes().Patch(ctx, "w-9", "application/merge-patch+json", []byte(`{"spec":{"unschedulable":true}}`), metav1.PatchOptions{})
	must(err)
	must(r.client.DrainForChange(ctx, "w-9", time.Minute, tell))
	must(r.client.Uncordon(ctx, "w-9"))
	if off, ours := node("w-9"); !off || ours {
		t.Errorf("a person's: it is cordoned: %v, by us: %v", off, ours)
	}

	// A budget that allows no pod to go is respected, and named.
	labels := map[string]string{"app": "db"}
	one := intstr.FromInt32(1)
	budgets := r.client.typed.PolicyV1().PodDisruptionBudgets(ns)
	_, err = budgets.Create(ctx, &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: "db"},
		Spec: policyv1.PodDisruptionBudgetSpec{MinAvailable: &one, Selector: &metav1.LabelSelector{MatchLabels: labels}}}, metav1.CreateOptions{})
	must(err)
	// Here is no controller that would count.
	_, err = budgets.Patch(ctx, "db", "application/merge-patch+json", []byte(`{"status":{"observedGeneration":1,"expectedPods":1,"desiredHealthy":1,"currentHealthy":1}}`), metav1.PatchOptions{}, "status")
	must(err)
	pod("db", "w-8", "set", labels)
	_, err = core.Pods(ns).Patch(ctx, "db", "application/merge-patch+json", []byte(`{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}`), metav1.PatchOptions{}, "status")
	must(err)
	err = r.client.DrainForChange(ctx, "w-8", 3*time.Second, tell)
	if err == nil || !strings.Contains(err.Error(), "now drained/db: give its workload room elsewhere") {
		t.Errorf("%v", err)
	}
	if got := there(); !slices.Contains(got, "db") {
		t.Errorf("the budget was not respected: %v", got)
	}
	must(r.client.Uncordon(ctx, "w-8"))
	// So does a node that is to leave, and the mark stays for a later run.
	if err := r.client.Drain(ctx, "w-8", 3*time.Second, tell); err == nil || !strings.Contains(err.Error(), "drained/db") {
		t.Errorf("%v", err)
	}
	if off, ours := node("w-8"); !off || !ours {
		t.Errorf("a node that could not leave is cordoned: %v, by us: %v", off, ours)
	}
	// Who uncordons it by hand leaves the mark, which says nothing then.
	_, err = core.Nodes().Patch(ctx, "w-8", "application/merge-patch+json", []byte(`{"spec":{"unschedulable":null}}`), metav1.PatchOptions{})
	must(err)
	if off, ours := node("w-8"); off || ours {
		t.Errorf("uncordoned by hand, it is cordoned: %v, by us: %v", off, ours)
	}
	must(r.client.Uncordon(ctx, "w-10"))
	if err := r.client.DrainForChange(ctx, "w-10", time.Second, tell); err == nil {
		t.Error("a node that is not there was drained")
	}
}
