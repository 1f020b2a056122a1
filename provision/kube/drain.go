package kube

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/kubectl/pkg/drain"
)

// overdue is after how many seconds a pod that should be gone is not waited for any
// more: no kubelet takes it away. The API says that a node is Ready for the better
// part of a minute after its machine died.
const overdue = 30

// evictPause is how long a budget that allows no pod to go is given, as by kubectl,
// until it is asked again.
const evictPause = 5 * time.Second

// Drain takes new pods away from a node and asks those it has to go elsewhere,
// as `kubectl drain` does: by eviction, so that PodDisruptionBudgets are
// respected, and never those of DaemonSets or of the machine itself. Pods that
// nobody would start again, and what pods keep in emptyDir volumes, go as well. Pods
// of a machine that turns out to be dead are left to go with its Node.
// told hears of each pod. A node that is not there is done.
func (c *Client) Drain(ctx context.Context, node string, timeout time.Duration, told func(string)) error {
	object, err := c.existing(ctx, "draining "+node, node)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.drain(ctx, object, timeout, told)
}

// existing reads a Node; none is an error.
func (c *Client) existing(ctx context.Context, what, name string) (object *corev1.Node, err error) {
	err = c.call(ctx, what, func(ctx context.Context) (err error) {
		object, err = c.typed.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		return err
	})
	return object, err
}

// drain is [Client.Drain] but for the pods that filters keep.
func (c *Client) drain(ctx context.Context, object *corev1.Node, timeout time.Duration, told func(string), keep ...drain.PodFilter) error {
	node, what := object.Name, "draining "+object.Name
	helper := &drain.Helper{
		Ctx: ctx, Client: c.typed, Force: true, GracePeriodSeconds: -1, IgnoreAllDaemonSets: true, DeleteEmptyDirData: true,
		Timeout: timeout, Out: io.Discard, ErrOut: io.Discard, SkipWaitForDeleteTimeoutSeconds: overdue, AdditionalFilters: keep,
		EvictErrorRetryDelay: evictPause,
		OnPodDeletionOrEvictionFinished: func(pod *corev1.Pod, _ bool, err error) {
			if err != nil {
				told(fmt.Sprintf("pod %s/%s does not go: %s", pod.Namespace, pod.Name, clean(err.Error(), 300)))
				return
			}
			told(fmt.Sprintf("pod %s/%s is gone from %s", pod.Namespace, pod.Name, node))
		},
	}
	// With our mark, so that a node which comes back into the spec takes pods again.
	if !object.Spec.Unschedulable {
		if err := c.cordon(ctx, object, true); err != nil {
			return err
		}
	}
	if err := drain.RunNodeDrain(helper, node); err != nil {
		return fmt.Errorf("%s: %s: %w; a PodDisruptionBudget may allow no pod to go (kubectl get pdb -A)%s: give its workload room elsewhere, and apply again", c.where, what, err, c.budgets(ctx, node))
	}
	return nil
}

// mostBudgets is how many PodDisruptionBudgets are named.
const mostBudgets = 5

// budgets names those PodDisruptionBudgets that allow none of a node's pods to go,
// for an error that is known already.
func (c *Client) budgets(ctx context.Context, node string) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	pods, err := c.typed.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
	if err != nil {
		return ""
	}
	list, err := c.typed.PolicyV1().PodDisruptionBudgets("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return ""
	}
	var names []string
	for i := range list.Items {
		b := &list.Items[i]
		selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
		if err == nil && b.Status.DisruptionsAllowed == 0 && slices.ContainsFunc(pods.Items, func(p corev1.Pod) bool {
			return p.Namespace == b.Namespace && selector.Matches(labels.Set(p.Labels))
		}) {
			names = append(names, b.Namespace+"/"+b.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	if more := len(names) - mostBudgets; more > 0 {
		names = append(names[:mostBudgets], fmt.Sprintf("%d more", more))
	}
	return ", now " + strings.Join(names, ", ")
}
