package desired

import (
	"path"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
	"github.com/bulwark-k8s/bulwark/templates/node"
)

// kubelet is the component that starts all others.
const kubelet = "kubelet"

// kubeVIP is the component that holds the endpoint's virtual address, where there is
// one. Its static pod is of bulwark's own making, and not kubeadm's.
const kubeVIP = "kube-vip"

// staticPods are the components of a control plane, in the order in which one
// needs the other.
func staticPods() []string {
	return []string{"etcd", apiServer, "kube-controller-manager", "kube-scheduler"}
}

// manifestOf is the file that the kubelet starts a static pod from.
func manifestOf(name string) string { return kubeadm.ManifestsDir + "/" + name + ".yaml" }

// components run with what their files say: a right file and a process that
// began before it is as wrong as a wrong file.
func (b *builder) components() error {
	reads := map[string][]string{kubelet: {kubeletConfig, kubeletFlags}}
	for _, f := range b.facts {
		if f.Certificate != nil {
			for _, name := range f.Certificate.Restarts {
				reads[name] = append(reads[name], f.Certificate.Path)
			}
		}
		if f.File != nil && f.File.Origin != state.Derived && !f.File.Mode.IsDir() {
			for _, name := range f.File.Restarts {
				reads[name] = append(reads[name], f.File.Path)
			}
		}
	}
	names := []string{kubelet}
	if b.n.Role == cluster.ControlPlane {
		names = append(names, staticPods()...)
		if b.c.Endpoint.VIP.IsValid() {
			names = append(names, kubeVIP)
		}
		b.manifestsFolder()
	}
	for _, name := range names {
		p := state.WantProcess{Name: name, Reads: reads[name]}
		switch name {
		case kubelet:
			if !deviates(b.c, func(d cluster.Deviation) bool { return d.KeepKubeletUnit }) {
				p.Unit = node.KubeletUnitName
			}
		case kubeVIP:
			p.Args = kubeadm.VIPArguments()
		default:
			p.Manifest = manifestOf(name)
		}
		b.add(state.Fact{ID: b.id("process", name), Title: name + " runs with what its files say", Why: "kubernetes", Process: &p})
	}
	return nil
}

// manifestsFolder holds what the spec makes and nothing else: each file there
// runs, whatever the API says of it.
func (b *builder) manifestsFolder() {
	f := state.Folder{Path: kubeadm.ManifestsDir}
	for _, name := range staticPods() {
		f.Names = append(f.Names, path.Base(manifestOf(name)))
	}
	var after []string
	if b.c.Endpoint.VIP.IsValid() {
		f.Names = append(f.Names, path.Base(kubeadm.VIPManifestFile))
		// What goes may hold the address now.
		after = []string{b.id("file", kubeadm.VIPManifestFile)}
	}
	b.add(state.Fact{ID: b.id("folder", f.Path), Title: "no other static pods in " + f.Path, Why: "kubernetes", After: after, Folder: &f})
}
