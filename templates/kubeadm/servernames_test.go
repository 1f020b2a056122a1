package kubeadm

import (
	"slices"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/spec"
)

func TestNamesOfAnAPIServer(t *testing.T) {
	c, _, diags := spec.Load("../../examples/three-control-planes", spec.Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	c.Endpoint.Host = "api.example.com"
	n := c.ControlPlanes()[1]
	got, err := ServerNames(c, n)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"api.example.com", c.Endpoint.VIP.String(), n.Name, n.Address.String(), "kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc." + c.Network.DNSDomain, c.Network.Services[0].Addr().Next().String()}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
