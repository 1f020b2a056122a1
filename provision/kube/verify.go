package kube

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// unpulled is an image that nobody pulls. It has a tag and a digest, so that a policy of
// images has the less against it.
const unpulled = "verify.invalid/privileged:1@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// RefusesPrivileged asks the API server to make a privileged pod, by a dry run
// that passes all of admission and stores nothing, and says whether it was
// refused by Pod Security and with which words. A refusal of another's is none: an
// admission policy is asked after Pod Security, which then let the pod in; after any
// other refusal Pod Security may not have been asked.
func (c *Client) RefusesPrivileged(ctx context.Context, namespace string) (seen string, refused bool, err error) {
	yes := true
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "bulwark-verify-"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "privileged", Image: unpulled,
			SecurityContext: &corev1.SecurityContext{Privileged: &yes},
		}}},
	}
	_, err = c.typed.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	switch {
	case err == nil:
		return "it was accepted", false, nil
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "violates PodSecurity"):
		return clean(err.Error(), 200), true, nil
	}
	if apierrors.IsForbidden(err) && strings.Contains(err.Error(), "ValidatingAdmissionPolicy") {
		return "Pod Security let it in, and an admission policy refused it: " + clean(err.Error(), 200), false, nil
	}
	return "", false, fmt.Errorf("%s: asking for a privileged pod, whether Pod Security refuses it: %w", c.where, err)
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
