package kube

import (
	"context"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Agents are the cluster's DaemonSets, by namespace and name.
func (c *Client) Agents(ctx context.Context) ([]state.Agent, error) {
	var list *appsv1.DaemonSetList
	err := c.call(ctx, "listing DaemonSets", func(ctx context.Context) (err error) {
		list, err = c.typed.AppsV1().DaemonSets("").List(ctx, metav1.ListOptions{})
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []state.Agent
	for i := range list.Items {
		pod := &list.Items[i].Spec.Template.Spec
		a := state.Agent{Namespace: list.Items[i].Namespace, Name: list.Items[i].Name, HostNetwork: pod.HostNetwork}
		for _, container := range pod.Containers {
			a.Images = append(a.Images, container.Image)
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b state.Agent) int { return strings.Compare(a.String(), b.String()) })
	return out, nil
}
