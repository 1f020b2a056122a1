package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Bounds of what is listed.
const (
	podsAtOnce = 500
	mostPods   = 100_000
)

// RefusedImages are the pods that run images which judge has something against, in
// namespaces that are not exempt: what they are made by, and how many of them there
// are. The answer is sorted by namespace, and has none that would lose no pod.
func (c *Client) RefusedImages(ctx context.Context, judge func(image string) []string, exempt []string) ([]state.Refused, error) {
	counts := map[string]map[string]int{}
	seen, next := 0, ""
	for {
		var list *corev1.PodList
		err := c.call(ctx, "listing pods", func(ctx context.Context) (err error) {
			list, err = c.typed.CoreV1().Pods("").List(ctx, metav1.ListOptions{Limit: podsAtOnce, Continue: next})
			return err
		})
		if err != nil {
			return nil, err
		}
		for i := range list.Items {
			pod := &list.Items[i]
			ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
			if ended || slices.Contains(exempt, pod.Namespace) {
				continue
			}
			for _, why := range against(pod, judge) {
				if counts[pod.Namespace] == nil {
					counts[pod.Namespace] = map[string]int{}
				}
				counts[pod.Namespace][madeBy(pod)+": "+why]++
			}
		}
		seen += len(list.Items)
		if next = list.Continue; next == "" || seen >= mostPods {
			break
		}
	}
	var out []state.Refused
	for namespace, of := range counts {
		r := state.Refused{Namespace: namespace}
		for what, n := range of {
			if n > 1 {
				what = fmt.Sprintf("%s (%d pods)", what, n)
			}
			r.Pods = append(r.Pods, clean(what, longestReason))
		}
		slices.Sort(r.Pods)
		if more := len(r.Pods) - mostReasons; more > 0 {
			r.Pods = append(r.Pods[:mostReasons], fmt.Sprintf("%d more", more))
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b state.Refused) int { return strings.Compare(a.Namespace, b.Namespace) })
	if next != "" {
		out = append(out, state.Refused{Unknown: fmt.Sprintf("only the first %d pods were asked about", seen)})
	}
	return out, nil
}

// against says of each image of a pod, once, what speaks against it.
func against(pod *corev1.Pod, judge func(image string) []string) []string {
	var images, out []string
	for _, c := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
		images = append(images, c.Image)
	}
	for _, c := range pod.Spec.EphemeralContainers {
		images = append(images, c.Image)
	}
	for _, v := range pod.Spec.Volumes {
		if v.Image != nil {
			images = append(images, v.Image.Reference)
		}
	}
	slices.Sort(images)
	for _, image := range slices.Compact(images) {
		if why := judge(image); len(why) > 0 {
			out = append(out, image+" ("+strings.Join(why, "; ")+")")
		}
	}
	return out
}

// madeBy is what makes a pod again when it is gone, or the pod itself.
func madeBy(pod *corev1.Pod) string {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return "pod " + pod.Name
	}
	if hash := pod.Labels["pod-template-hash"]; owner.Kind == "ReplicaSet" && hash != "" {
		if name, ok := strings.CutSuffix(owner.Name, "-"+hash); ok {
			return "Deployment " + name
		}
	}
	return owner.Kind + " " + owner.Name
}
