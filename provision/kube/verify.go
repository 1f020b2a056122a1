package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// RefusesPrivileged asks the API server to make a privileged pod, by a dry run
// that passes all of admission and stores nothing, and says whether it was
// refused and with which words.
func (c *Client) RefusesPrivileged(ctx context.Context, namespace string) (seen string, refused bool, err error) {
	yes := true
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "bulwark-verify-"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "privileged", Image: "verify.invalid/privileged",
			SecurityContext: &corev1.SecurityContext{Privileged: &yes},
		}}},
	}
	_, err = c.typed.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	switch {
	case err == nil:
		return "it was accepted", false, nil
	case apierrors.IsForbidden(err):
		return clean(err.Error(), 200), true, nil
	}
	return "", false, fmt.Errorf("%s: asking for a privileged pod: %w", c.where, err)
}

// Canary makes a Secret with a text of its own, and gives the way to take it
// away again.
func (c *Client) Canary(ctx context.Context, namespace, name, text string) (forget func(context.Context) error, err error) {
	secrets := c.typed.CoreV1().Secrets(namespace)
	err = c.call(ctx, "making a Secret to look for in etcd", func(ctx context.Context) error {
		_, err := secrets.Create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			StringData: map[string]string{"canary": text},
		}, metav1.CreateOptions{FieldManager: manager})
		if apierrors.IsAlreadyExists(err) { // the first answer was lost
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		return c.call(ctx, "taking that Secret away", func(ctx context.Context) error {
			err := secrets.Delete(ctx, name, metav1.DeleteOptions{})
			if apierrors.IsNotFound(err) {
				return nil
			}
			return err
		})
	}, nil
}
