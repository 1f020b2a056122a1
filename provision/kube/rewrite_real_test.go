package kube

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/bulwark-k8s/bulwark/provision/etcd"
)

// realRewrite puts objects into etcd in the clear, as if they had been there
// before encryption was turned on, and has them encrypted.
func realRewrite(ctx context.Context, t *testing.T, r *real) {
	maps := r.client.typed.CoreV1().ConfigMaps("default")
	if _, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "new"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	const clear = 30
	var puts strings.Builder
	for i := range clear {
		object := fmt.Sprintf(`{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"old-%02d","namespace":"default","uid":"u-%d","creationTimestamp":"2026-01-01T00:00:00Z"},"data":{"k":"v %d"},"immutable":%v}`, i, i, i, i%2 == 0)
		fmt.Fprintf(&puts, "put /registry/configmaps/default/old-%02d %q\n", i, object)
	}
	ca := filepath.Join(r.files, "ca.crt")
	etcdctl := exec.CommandContext(ctx, filepath.Join(filepath.Dir(r.programs["etcd"]), "etcdctl"), "--endpoints=https://"+r.machine.routes[r.etcd],
		"--cacert="+ca, "--cert="+filepath.Join(r.files, "etcd.crt"), "--key="+filepath.Join(r.files, "etcd.key"), "txn")
	etcdctl.Stdin = strings.NewReader("\n" + puts.String() + "\n\n")
	if out, err := etcdctl.CombinedOutput(); err != nil || !strings.Contains(string(out), "SUCCESS") {
		t.Fatalf("%v: %s", err, out)
	}
	store, err := etcd.Connect(ctx, r.stored, etcd.Server{Host: r.machine, Address: r.etcd})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	stored := func(resources ...string) []etcd.Stored {
		t.Helper()
		s, err := store.Stored(ctx, resources)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := stored("configmaps")[0]
	if before.Clear != clear || before.Objects <= clear || before.Under["k8s:enc:secretbox:v1:key1:"] != before.Objects-clear || before.Named[0] != "/registry/configmaps/default/old-00" {
		t.Errorf("before: %+v", before)
	}
	old, err := maps.Get(ctx, "old-00", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		last := 0
		if err := r.client.Rewrite(ctx, []string{"configmaps", "widgets.example.com"}, func(done, of int, resource string) {
			if resource == "configmaps" {
				last = done
			}
		}); err != nil {
			t.Fatal(err)
		}
		after := stored("configmaps")[0]
		if after.Clear != 0 || after.Objects != before.Objects || after.Under["k8s:enc:secretbox:v1:key1:"] != after.Objects || last != after.Objects {
			t.Errorf("round %d: %d done, %+v", round, last, after)
		}
	}
	got, err := maps.Get(ctx, "old-00", metav1.GetOptions{})
	if err != nil || got.ResourceVersion == old.ResourceVersion {
		t.Errorf("it was not written: %v", err)
	}
	// All but the version is as it was; and what lies as it should is let alone.
	version := got.ResourceVersion
	got.ResourceVersion = old.ResourceVersion
	if diff := cmp.Diff(old, got); diff != "" {
		t.Errorf("an object was changed:\n%s", diff)
	}
	if err := r.client.Rewrite(ctx, []string{"configmaps"}, nil); err != nil {
		t.Error(err)
	}
	if got, err = maps.Get(ctx, "old-00", metav1.GetOptions{}); err != nil || got.ResourceVersion != version {
		t.Errorf("it was written once more: %v", err)
	}
	// Where resources lie is Kubernetes' to say.
	for _, s := range stored("services", "roles.rbac.authorization.k8s.io", "namespaces", "clusterroles.rbac.authorization.k8s.io", "flowschemas.flowcontrol.apiserver.k8s.io",
		"customresourcedefinitions.apiextensions.k8s.io", "apiservices.apiregistration.k8s.io", "servicecidrs.networking.k8s.io", "priorityclasses.scheduling.k8s.io") {
		if s.Clear == 0 || s.Clear != s.Objects {
			t.Errorf("%+v", s)
		}
	}
}
