package kube

import (
	"context"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubectl/pkg/drain"
)

// overdue is after how many seconds a pod that should be gone is not waited for any
// more: no kubelet takes it away. The API says that a node is Ready for the better
// part of a minute after its machine died.
const overdue = 30

// Drain takes new pods away from a node and asks those it has to go elsewhere,
// as `kubectl drain` does: by eviction, so that PodDisruptionBudgets are
// respected, and never those of DaemonSets or of the machine itself. Pods that
// nobody would start again, and what pods keep in emptyDir volumes, go as well. Pods
// of a machine that turns out to be dead are left to go with its Node.
// told hears of each pod. A node that is not there is done.
func (c *Client) Drain(ctx context.Context, node string, timeout time.Duration, told func(string)) error {
	what := "draining " + node
	var object *corev1.Node
	err := c.call(ctx, what, func(ctx context.Context) (err error) {
		object, err = c.typed.CoreV1().Nodes().Get(ctx, node, metav1.GetOptions{})
		return err
	})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	helper := &drain.Helper{
		Ctx: ctx, Client: c.typed, Force: true, GracePeriodSeconds: -1, IgnoreAllDaemonSets: true, DeleteEmptyDirData: true,
		Timeout: timeout, Out: io.Discard, ErrOut: io.Discard, SkipWaitForDeleteTimeoutSeconds: overdue,
		OnPodDeletionOrEvictionFinished: func(pod *corev1.Pod, _ bool, err error) {
			if err != nil {
				told(fmt.Sprintf("pod %s/%s does not go: %s", pod.Namespace, pod.Name, clean(err.Error(), 300)))
				return
			}
			told(fmt.Sprintf("pod %s/%s is gone from %s", pod.Namespace, pod.Name, node))
		},
	}
	if err := drain.RunCordonOrUncordon(helper, object, true); err != nil {
		return fmt.Errorf("%s: %s: no new pods: %w", c.where, what, err)
	}
	if err := drain.RunNodeDrain(helper, node); err != nil {
		return fmt.Errorf("%s: %s: %w; a PodDisruptionBudget may allow no pod to go (kubectl get pdb -A): give its workload room elsewhere, and apply again", c.where, what, err)
	}
	return nil
}
