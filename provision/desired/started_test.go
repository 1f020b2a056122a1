package desired

import (
	"slices"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
	"github.com/bulwark-k8s/bulwark/templates/node"
)

// facts of one node, by id without its name.
func factsOf(t *testing.T, wants []state.Want, name string) map[string]state.Fact {
	t.Helper()
	out := map[string]state.Fact{}
	for _, w := range wants {
		for _, f := range w.Facts {
			if w.Node == name {
				out[f.ID[len(name):]] = f
			}
		}
	}
	return out
}

// A component starts again with what starts it: the kubelet with its unit, kube-vip
// with its manifest.
func TestWhatStartsAComponentRestartsIt(t *testing.T) {
	c := several(t)
	facts := factsOf(t, wants(t, c), "cp-2")
	kubelet, vip := facts["/process/kubelet"].Process, facts["/process/kube-vip"].Process
	for path, p := range map[string]*state.WantProcess{node.KubeletUnitPath: kubelet, node.KubeletDropInPath: kubelet, kubeadm.VIPManifestFile: vip, kubeadm.VIPKubeconfig: vip} {
		if p == nil || !slices.Contains(p.Reads, path) {
			t.Errorf("%s: %+v", path, p)
		}
		if f := facts["/file"+path].File; path != kubeadm.VIPKubeconfig && (f == nil || !slices.Equal(f.Restarts, []string{p.Name})) {
			t.Errorf("%s: %+v", path, f)
		}
	}
	if kubelet.Unit != node.KubeletUnitName || !slices.Equal(vip.Args, kubeadm.VIPArguments()) {
		t.Errorf("%+v, %+v", kubelet, vip)
	}
	c.Deviations = []cluster.Deviation{{KeepKubeletUnit: true}}
	if p := factsOf(t, wants(t, c), "cp-2")["/process/kubelet"].Process; p.Unit != "" {
		t.Errorf("in kind's image: %+v", p)
	}
	if f, ok := factsOf(t, wants(t, quickstart(t)), quickstart(t).ControlPlanes()[0].Name)["/process/kube-vip"]; ok {
		t.Errorf("without an address to hold: %+v", f)
	}
}

// A static pod starts again with its manifest, and with etcd's its API server too.
func TestAnAPIServerStartsAgainWithItsEtcd(t *testing.T) {
	facts := factsOf(t, wants(t, several(t)), "cp-2")
	for _, name := range staticPods() {
		want := []string{name}
		if name == "etcd" {
			want = []string{"etcd", "kube-apiserver"}
		}
		if f := facts["/file"+manifestOf(name)].File; f == nil || !slices.Equal(f.Restarts, want) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// An API server's certificate is for the endpoint, and no other's is compared.
func TestTheAPIServersCertificateIsForTheEndpoint(t *testing.T) {
	c := several(t)
	for id, f := range factsOf(t, wants(t, c), "cp-2") {
		if f.Certificate == nil {
			continue
		}
		is := f.Certificate.Path == kubeadm.PKIDir+"/apiserver.crt"
		if slices.Contains(f.Certificate.Names, c.Endpoint.VIP.String()) != is || len(f.Certificate.Names) > 0 != is {
			t.Errorf("%s: %q", id, f.Certificate.Names)
		}
	}
}
