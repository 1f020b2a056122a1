package kube

import (
	"context"
	"fmt"
	"sort"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WaitDeployment waits until all replicas of "namespace/name" are of its
// newest generation and available.
func (c *Client) WaitDeployment(ctx context.Context, subject string) error {
	namespace, name, ok := strings.Cut(subject, "/")
	if !ok || namespace == "" || name == "" {
		return fmt.Errorf("%s: %q is not namespace/name of a deployment", c.where, subject)
	}
	return c.poll(ctx, "deployment "+subject+" to be available", func(ctx context.Context) (bool, string, error) {
		one, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		d, err := c.typed.AppsV1().Deployments(namespace).Get(one, name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return false, "it does not exist", nil
		case err != nil:
			return false, "", err
		}
		if available(d) {
			return true, "", nil
		}
		return false, c.describe(one, d), nil
	})
}

// availability is what a look says of a deployment.
type availability struct{ exists, available bool }

func (c *Client) availability(ctx context.Context, subject string) (availability, error) {
	namespace, name, _ := strings.Cut(subject, "/")
	var out availability
	err := c.call(ctx, "reading deployment "+subject, func(ctx context.Context) error {
		d, err := c.typed.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err == nil {
			out = availability{exists: true, available: available(d)}
		}
		return err
	})
	return out, err
}

func available(d *appsv1.Deployment) bool {
	wanted := int32(1)
	if d.Spec.Replicas != nil {
		wanted = *d.Spec.Replicas
	}
	s := d.Status
	return s.ObservedGeneration >= d.Generation && s.UpdatedReplicas == wanted && s.AvailableReplicas == wanted && s.Replicas == wanted
}

// describe says what keeps a deployment: its counts, each pod that is not
// ready with its reason, and the newest warning about one of them.
func (c *Client) describe(ctx context.Context, d *appsv1.Deployment) string {
	wanted := int32(1)
	if d.Spec.Replicas != nil {
		wanted = *d.Spec.Replicas
	}
	seen := []string{fmt.Sprintf("%d of %d replicas available", d.Status.AvailableReplicas, wanted)}
	for _, cond := range d.Status.Conditions {
		if cond.Type == appsv1.DeploymentReplicaFailure && cond.Status == corev1.ConditionTrue {
			seen = append(seen, cond.Message)
		}
	}
	return strings.Join(append(seen, c.podsOf(ctx, d.Namespace, d.Spec.Selector)...), "; ")
}

// podsOf says of each pod of a selector that is not ready why, and the newest warning
// about one of them.
func (c *Client) podsOf(ctx context.Context, namespace string, of *metav1.LabelSelector) (seen []string) {
	selector, err := metav1.LabelSelectorAsSelector(of)
	if err != nil {
		return nil
	}
	pods, err := c.typed.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return []string{"its pods cannot be read: " + err.Error()}
	}
	names := map[string]bool{}
	for i := range pods.Items {
		if why := podReason(&pods.Items[i]); why != "" {
			names[pods.Items[i].Name] = true
			seen = append(seen, "pod "+pods.Items[i].Name+": "+why)
		}
	}
	if w := c.lastWarning(ctx, namespace, names); w != "" {
		seen = append(seen, w)
	}
	return seen
}

// podReason says why a pod is not ready; "" when it is.
func podReason(p *corev1.Pod) string {
	statuses := append(append([]corev1.ContainerStatus(nil), p.Status.InitContainerStatuses...), p.Status.ContainerStatuses...)
	for _, s := range statuses {
		switch {
		case s.State.Waiting != nil && s.State.Waiting.Reason != "":
			why := s.Name + " is waiting (" + s.State.Waiting.Reason + ")"
			if t := s.LastTerminationState.Terminated; t != nil {
				why += fmt.Sprintf(", last ended with %d (%s)", t.ExitCode, t.Reason)
			}
			return why + ": " + clean(s.State.Waiting.Message, 200)
		case s.State.Terminated != nil && s.State.Terminated.ExitCode != 0:
			return fmt.Sprintf("%s ended with %d (%s)", s.Name, s.State.Terminated.ExitCode, s.State.Terminated.Reason)
		}
	}
	for _, cond := range p.Status.Conditions {
		if cond.Type == corev1.PodScheduled && cond.Status == corev1.ConditionFalse {
			return "not scheduled: " + clean(cond.Message, 200)
		}
	}
	for _, cond := range p.Status.Conditions {
		if cond.Type == corev1.PodReady && cond.Status != corev1.ConditionTrue {
			return fmt.Sprintf("%s and not ready (%s)", p.Status.Phase, cond.Reason)
		}
	}
	if len(p.Status.Conditions) == 0 {
		return string(p.Status.Phase) + " and nothing said of it yet"
	}
	return ""
}

// lastWarning is the newest warning event about one of the pods.
func (c *Client) lastWarning(ctx context.Context, namespace string, pods map[string]bool) string {
	if len(pods) == 0 {
		return ""
	}
	events, err := c.typed.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: "type=Warning", Limit: 500})
	if err != nil {
		return ""
	}
	var mine []corev1.Event
	for _, e := range events.Items {
		if e.InvolvedObject.Kind == "Pod" && pods[e.InvolvedObject.Name] {
			mine = append(mine, e)
		}
	}
	if len(mine) == 0 {
		return ""
	}
	sort.SliceStable(mine, func(i, j int) bool { return mine[i].LastTimestamp.Before(&mine[j].LastTimestamp) })
	e := mine[len(mine)-1]
	return "event of " + e.InvolvedObject.Name + ": " + e.Reason + ": " + clean(e.Message, 200)
}
