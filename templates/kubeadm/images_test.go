package kubeadm

import (
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/spec"
)

func TestImagesAreKubeadms(t *testing.T) {
	c, _, diags := spec.Load("../../examples/quickstart", spec.Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	c.ImageRepository = "mirror.example.com:5000/k8s"
	for role, want := range map[cluster.Role][]string{
		cluster.ControlPlane: {"kube-apiserver:v1.37.2", "kube-controller-manager:v1.37.2", "kube-scheduler:v1.37.2", "kube-proxy:v1.37.2", "coredns:", "pause:", "etcd:"},
		cluster.Worker:       {"kube-proxy:v1.37.2", "coredns:", "pause:"},
	} {
		got, err := Images(c, cluster.Node{Name: "n", Role: role})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Errorf("%s: %v", role, got)
		}
		all := strings.Join(got, "\n") + "\n"
		for _, w := range want {
			if !strings.Contains(all, "mirror.example.com:5000/k8s/"+w) {
				t.Errorf("%s: no %s in\n%s", role, w, all)
			}
		}
	}
}

func TestRegistryOfAReference(t *testing.T) {
	for image, want := range map[string]string{
		"mirror.example.com:5000/k8s/pause:3.10": "mirror.example.com:5000",
		"mirror.example.com/pause:3.10":          "mirror.example.com:443",
	} {
		if got := Registry(image); got != want {
			t.Errorf("%s: %s, want %s", image, got, want)
		}
	}
}
