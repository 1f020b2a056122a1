package kube

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// runs is a pod that runs an image.
func runs(namespace, name, image string, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: image}}}, Status: corev1.PodStatus{Phase: corev1.PodRunning}}
	for _, f := range change {
		f(p)
	}
	return p
}

// Pods are named by what will make them again, and only those that run count.
func TestRefusedImagesAreNamedByWhatMakesThemAgain(t *testing.T) {
	yes := true
	of := func(kind, name, hash string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: name, Controller: &yes}}
			if hash != "" {
				p.Labels["pod-template-hash"] = hash
			}
		}
	}
	ended := func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }
	hidden := func(p *corev1.Pod) {
		p.Spec.InitContainers = []corev1.Container{{Name: "i", Image: "bad:init"}}
		p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Image: "bad:debug"}}}
		p.Spec.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: "bad:volume"}}}}
	}
	c, _ := fakeClient(
		runs("shop", "web-abc-1", "bad:1", of("ReplicaSet", "web-abc", "abc")), runs("shop", "web-abc-2", "bad:1", of("ReplicaSet", "web-abc", "abc")),
		runs("shop", "db-0", "bad:2", of("StatefulSet", "db", "")), runs("shop", "good", "good:1"), runs("shop", "job", "bad:3", ended), runs("shop", "alone", "good:1", hidden),
		runs("many", "a", "bad:1"), runs("many", "b", "bad:1"), runs("many", "c", "bad:1"), runs("many", "d", "bad:1"), runs("many", "e", "bad:1"), runs("many", "f", "bad:1\x1b[2J"),
		runs("kube-system", "exempt", "bad:1"),
	)
	got, err := c.RefusedImages(t.Context(), func(image string) []string {
		if strings.HasPrefix(image, "bad") {
			return []string{"no good", "at all"}
		}
		return nil
	}, []string{"kube-system"})
	if err != nil {
		t.Fatal(err)
	}
	want := []state.Refused{
		{Namespace: "many", Pods: []string{"pod a: bad:1 (no good; at all)", "pod b: bad:1 (no good; at all)", "pod c: bad:1 (no good; at all)", "pod d: bad:1 (no good; at all)", "pod e: bad:1 (no good; at all)", "1 more"}},
		{Namespace: "shop", Pods: []string{"Deployment web: bad:1 (no good; at all) (2 pods)", "StatefulSet db: bad:2 (no good; at all)",
			"pod alone: bad:debug (no good; at all)", "pod alone: bad:init (no good; at all)", "pod alone: bad:volume (no good; at all)"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A DaemonSet runs as it should once every node has a new pod that is available.
func TestWhenADaemonSetIsRolledOut(t *testing.T) {
	for name, c := range map[string]struct {
		status appsv1.DaemonSetStatus
		want   bool
	}{
		"yes":         {appsv1.DaemonSetStatus{ObservedGeneration: 2, DesiredNumberScheduled: 3, UpdatedNumberScheduled: 3, NumberAvailable: 3}, true},
		"not seen":    {appsv1.DaemonSetStatus{ObservedGeneration: 1, DesiredNumberScheduled: 3, UpdatedNumberScheduled: 3, NumberAvailable: 3}, false},
		"an old pod":  {appsv1.DaemonSetStatus{ObservedGeneration: 2, DesiredNumberScheduled: 3, UpdatedNumberScheduled: 2, NumberAvailable: 3}, false},
		"one crashes": {appsv1.DaemonSetStatus{ObservedGeneration: 2, DesiredNumberScheduled: 3, UpdatedNumberScheduled: 3, NumberAvailable: 2}, false},
	} {
		if got := running(&appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Generation: 2}, Status: c.status}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
