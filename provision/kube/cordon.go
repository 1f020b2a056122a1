package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/kubectl/pkg/drain"
)

// cordonMark is the annotation of a Node that bulwark keeps new pods away from, so
// that a later run lets them come back, and never to a node that somebody else cordoned.
const cordonMark = "bulwark/cordoned"

// DrainForChange is [Client.Drain] for a node that stays: [Client.Uncordon] is to
// follow. Pods that nobody would start again are not asked to go, and told of.
func (c *Client) DrainForChange(ctx context.Context, node string, timeout time.Duration, told func(string)) error {
	object, err := c.existing(ctx, "draining "+node, node)
	if err != nil {
		return err
	}
	return c.drain(ctx, object, timeout, told, func(pod corev1.Pod) drain.PodDeleteStatus {
		if metav1.GetControllerOf(&pod) != nil || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			return drain.MakePodDeleteStatusOkay()
		}
		told(fmt.Sprintf("pod %s/%s stays on %s: nothing would start it again elsewhere", pod.Namespace, pod.Name, node))
		return drain.MakePodDeleteStatusSkip()
	})
}

// Uncordon lets new pods come to a node that a drain kept them away from. A node that
// somebody else cordoned stays so, and one that is gone is done.
func (c *Client) Uncordon(ctx context.Context, node string) error {
	object, err := c.existing(ctx, "uncordoning "+node, node)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || !marked(object) {
		return err
	}
	return c.cordon(ctx, object, false)
}

// marked says whether a Node is cordoned by bulwark. A mark alone is what somebody left
// who uncordoned it by hand.
func marked(n *corev1.Node) bool { return n.Spec.Unschedulable && n.Annotations[cordonMark] != "" }

// cordon changes whether a node takes new pods, together with our mark. It is refused
// where the Node was made anew meanwhile.
func (c *Client) cordon(ctx context.Context, object *corev1.Node, on bool) error {
	var mark, unschedulable any // null takes a field away
	what := "uncordoning " + object.Name
	if on {
		mark, unschedulable, what = "true", true, "cordoning "+object.Name
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": object.UID, "annotations": map[string]any{cordonMark: mark}},
		"spec":     map[string]any{"unschedulable": unschedulable},
	})
	if err != nil {
		return err
	}
	return c.call(ctx, what, func(ctx context.Context) error {
		_, err := c.typed.CoreV1().Nodes().Patch(ctx, object.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: manager})
		return err
	})
}
