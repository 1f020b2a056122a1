package desired

import (
	"path"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
)

// leaf is a certificate that kubeadm signs and does not look after.
type leaf struct {
	// name is kubeadm's own of it, path where it lies without its ending.
	name, path, ca string
	restarts       []string
}

// leaves are those of a control plane's folder. Who reads one is who kubeadm's
// documentation says must start again ("Manual certificate renewal"); the
// health check's is read anew by each run of etcdctl.
func leaves() []leaf {
	return []leaf{
		{"apiserver", "apiserver", "ca", []string{apiServer}},
		{"apiserver-kubelet-client", "apiserver-kubelet-client", "ca", []string{apiServer}},
		{"front-proxy-client", "front-proxy-client", "front-proxy-ca", []string{apiServer}},
		{"apiserver-etcd-client", "apiserver-etcd-client", "etcd/ca", []string{apiServer}},
		{"etcd-server", "etcd/server", "etcd/ca", []string{"etcd"}},
		{"etcd-peer", "etcd/peer", "etcd/ca", []string{"etcd"}},
		{"etcd-healthcheck-client", "etcd/healthcheck-client", "etcd/ca", nil},
	}
}

// pkiCertificates do not end soon, and the API server's is for who clients go to.
// They come before what is copied from them.
func (b *builder) pkiCertificates() error {
	names, err := kubeadm.ServerNames(b.c, b.n)
	if err != nil {
		return err
	}
	for _, l := range leaves() {
		file := kubeadm.PKIDir + "/" + l.path
		want := state.WantCertificate{Path: file + ".crt", CA: kubeadm.PKIDir + "/" + l.ca + ".crt", Restarts: l.restarts}
		if l.name == "apiserver" {
			want.Names = names
		}
		b.certificate(l.name, want, initArgs("certs", l.name), file+".crt", file+".key")
	}
	return nil
}

// kubeconfigCertificates are those within kubeconfigs, beside their keys.
func (b *builder) kubeconfigCertificates() {
	for _, c := range []struct{ name, restarts string }{{"admin", ""}, {"controller-manager", "kube-controller-manager"}, {"scheduler", "kube-scheduler"}} {
		file := "/etc/kubernetes/" + c.name + ".conf"
		want := state.WantCertificate{Path: file, CA: caFile}
		if c.restarts != "" {
			want.Restarts = []string{c.restarts}
		}
		b.certificate(path.Base(file), want, initArgs("kubeconfig", c.name), file)
	}
}

// certificate adds one that `kubeadm certs renew` knows by a name, with what makes
// it anew: kubeadm renews only what it can read, and makes only what is not there.
func (b *builder) certificate(name string, want state.WantCertificate, remake []string, makes ...string) {
	phase := strings.TrimSuffix(name, ".conf")
	want.Renews = &state.Phase{Name: "renew-" + phase, Args: []string{"certs", "renew", name, "--config", kubeadm.ConfigFile}, Makes: makes}
	want.Remakes = &state.Phase{Name: "remake-" + phase, Args: remake, Makes: makes, Clear: makes}
	b.lasting(want)
}

// kubeletCertificates are the kubelet's own, which it rotates.
func (b *builder) kubeletCertificates() error {
	b.lasting(state.WantCertificate{Path: kubeletClientFile, CA: caFile,
		Remedy: "see why with `journalctl -u kubelet`; one that has ended is made anew as Kubernetes' \"Troubleshooting kubeadm\" says under \"Kubelet client certificate rotation fails\""})
	b.lasting(state.WantCertificate{Path: kubeadm.KubeletServingFile, CA: caFile,
		Remedy: "see `kubectl get csr` and `journalctl -u kubelet`; `bulwark apply` approves a request that is as the spec says"})
	return nil
}

func (b *builder) lasting(want state.WantCertificate) {
	b.add(state.Fact{ID: b.id("certificate", want.Path), Title: want.Path, Why: "defaults", Certificate: &want})
}
