package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

func TestWaitReady(t *testing.T) {
	a, m := newAuthority(t), &machine{fail: []error{errors.New("connect failed (Connection refused)")}}
	var asked atomic.Int32
	server(t, a, m, "10.0.0.11:6443", func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 2 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(w, "ok")
	}, "10.0.0.11")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := WaitReady(ctx, m, "10.0.0.11:6443", a.pem); err != nil {
		t.Error(err)
	}
}

func TestWaitReadySaysWhatItSaw(t *testing.T) {
	a, m := newAuthority(t), &machine{}
	server(t, a, m, "10.0.0.11:6443", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "[+]ping ok\n[-]etcd failed: reason withheld\n[-]poststarthook/rbac failed: x\x1b\nreadyz check failed\n")
	}, "10.0.0.11")
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	err := WaitReady(ctx, m, "10.0.0.11:6443", a.pem)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "/readyz is 500, not passed: etcd, poststarthook/rbac") {
		t.Error(err)
	}
	gone := &machine{fail: []error{fmt.Errorf("x: %w", host.ErrUnreachable)}}
	if err := WaitReady(context.Background(), gone, "10.0.0.11:6443", a.pem); !errors.Is(err, host.ErrUnreachable) {
		t.Errorf("a machine that is gone is waited for: %v", err)
	}
}

// deployment is "kube-system/coredns" with one pod.
func deployment(available int32, pod func(*corev1.Pod)) []runtime.Object {
	labels := map[string]string{"k8s-app": "kube-dns"}
	two := int32(2)
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "coredns", Namespace: "kube-system", Generation: 1},
		Spec:       appsv1.DeploymentSpec{Replicas: &two, Selector: &metav1.LabelSelector{MatchLabels: labels}},
		Status:     appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 2, UpdatedReplicas: 2, AvailableReplicas: available},
	}
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "coredns-1", Namespace: "kube-system", Labels: labels}}
	pod(p)
	e := &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Name: "e", Namespace: "kube-system"}, Type: "Warning", Reason: "FailedCreatePodSandBox",
		Message: "no CNI\x1b[2J", InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "coredns-1"},
	}
	return []runtime.Object{d, p, e}
}

func TestWaitDeployment(t *testing.T) {
	waiting := func(p *corev1.Pod) {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Name:                 "coredns",
			State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 10s"}},
			LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error"}},
		}}
	}
	tests := map[string]struct {
		pod  func(*corev1.Pod)
		want string
	}{
		"crashing": {waiting, "coredns is waiting (CrashLoopBackOff), last ended with 1 (Error): back-off 10s"},
		"unschedulable": {func(p *corev1.Pod) {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Message: "0/1 nodes: taint"}}
		}, "not scheduled: 0/1 nodes: taint"},
		"unready": {func(p *corev1.Pod) {
			p.Status.Phase = corev1.PodRunning
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse, Reason: "ContainersNotReady"}}
		}, "Running and not ready (ContainersNotReady)"},
		"ended": {func(p *corev1.Pod) {
			p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "i", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 3, Reason: "Error"}}}}
		}, "i ended with 3 (Error)"},
		"new": {func(*corev1.Pod) {}, "nothing said of it yet"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, _ := fakeClient(deployment(1, tt.pod)...)
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			err := c.WaitDeployment(ctx, "kube-system/coredns")
			for _, want := range []string{"1 of 2 replicas available", "pod coredns-1: ", tt.want, "FailedCreatePodSandBox: no CNI"} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
			if err != nil && strings.Contains(err.Error(), "\x1b") {
				t.Error("control characters of an event are in the error")
			}
		})
	}
	c, _ := fakeClient(deployment(2, waiting)...)
	if err := c.WaitDeployment(context.Background(), "kube-system/coredns"); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := c.WaitDeployment(ctx, "kube-system/gone"); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Error(err)
	}
	if err := c.WaitDeployment(ctx, "coredns"); err == nil || !strings.Contains(err.Error(), "namespace/name") {
		t.Error(err)
	}
}

// What a Lease says is told to the microsecond, and one that is not there is no error.
func TestWhenANodeWasRenewed(t *testing.T) {
	at := metav1.NewMicroTime(time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC))
	lease := func(name string, at *metav1.MicroTime) runtime.Object {
		return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "kube-node-lease"}, Spec: coordinationv1.LeaseSpec{RenewTime: at}}
	}
	c, _ := fakeClient(lease("w-1", &at), lease("w-2", nil))
	for name, want := range map[string]string{"w-1": "2026-01-02T03:04:05.000006Z", "w-2": "", "w-3": ""} {
		if got, err := c.Renewed(t.Context(), name); got != want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
