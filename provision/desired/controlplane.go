package desired

import (
	"io/fs"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
)

// sharedPKI are what kubeadm makes once for a cluster: its authorities, and
// the key that service account tokens are signed with.
func sharedPKI() []string {
	var out []string
	for _, name := range []string{"ca", "front-proxy-ca", "etcd/ca"} {
		out = append(out, kubeadm.PKIDir+"/"+name+".crt", kubeadm.PKIDir+"/"+name+".key")
	}
	return append(out, kubeadm.PKIDir+"/sa.key", kubeadm.PKIDir+"/sa.pub")
}

// shared is a file that every control plane has with the same bytes.
func (b *builder) shared(path string, mode state.Mode, why string) state.File {
	f := state.File{Path: path, Origin: state.Adopted, Mode: mode, Owner: root, Secret: true, Why: why, Maker: b.first}
	for _, n := range b.c.ControlPlanes() {
		f.Shared = append(f.Shared, n.Name)
	}
	return f
}

// copied adds a shared file, which others get once the fact that makes it holds.
func (b *builder) copied(f state.File, made string) {
	fact := state.Fact{ID: b.id("file", f.Path), Title: f.Path, Why: f.Why, File: &f}
	if b.n.Name != b.first {
		fact.After = []string{made}
	}
	b.add(fact)
}

// controlPlane makes a control plane, by kubeadm's phases and not by one
// `kubeadm init` or `join`: each phase can be done again on its own, so a run
// that was cut goes on where it was, and etcd's copies of its certificates fit
// between. The first one and those that join it differ in little: where the
// authorities come from, how etcd begins, and who speaks for the cluster. What
// they have afterwards does not tell which of them was first.
func (b *builder) controlPlane() error {
	pki := pkiFiles()
	first := b.n.Name == b.first
	b.phase(state.Phase{Name: "init-preflight", Args: initArgs("preflight"), Makes: pki[:1], Unless: pki[:1]},
		"kubeadm's own checks of the machine")
	b.dir(kubeadm.PKIDir, 0o755, root)
	b.dir(kubeadm.PKIDir+"/etcd", 0o755, root)
	for _, path := range sharedPKI() {
		b.copied(b.shared(path, pkiMode(path), "defaults"), id(b.first, "phase", "init-certs"))
	}
	b.phase(state.Phase{Name: "init-certs", Args: initArgs("certs", "all"), Makes: pki},
		"certificate authorities, certificates and the service account key")
	if err := b.pkiCertificates(); err != nil {
		return err
	}
	b.dir(kubeadm.EtcdPKIDir, 0o700, state.EtcdOwner)
	for _, cp := range kubeadm.EtcdCopies() {
		b.path(state.File{Path: cp.To, CopyOf: cp.From, Origin: state.Adopted, Mode: 0o600, Owner: state.EtcdOwner, Secret: true, Why: "defaults", Restarts: []string{"etcd"}})
	}
	b.path(state.File{Path: kubeadm.EtcdDataDir, Origin: state.Written, Mode: 0o700 | state.Mode(fs.ModeDir), Owner: state.EtcdOwner, Tree: true,
		Why: "defaults", Restarts: []string{"etcd"}})
	b.kubeconfigs(first)
	b.kubeconfigCertificates()
	if first {
		b.phase(state.Phase{Name: "init-etcd", Args: initArgs("etcd", "local"), Makes: []string{kubeadm.ManifestsDir + "/etcd.yaml"}},
			"etcd's static pod")
		b.manifests()
		b.kubeletStart()
	} else {
		// What runs etcd comes before the others are told of it: between the two a
		// cluster of one member cannot write.
		b.kubeletStart()
		b.kubeletFinalize()
		if err := b.joinEtcd(); err != nil {
			return err
		}
		b.manifests()
	}
	b.wait(state.Wait{For: state.WaitAPI, Subject: b.n.Name, Seconds: 600}, "api", "the API server answers /readyz")
	if first {
		b.kubeletFinalize()
	}
	if err := b.vip(); err != nil {
		return err
	}
	if first {
		b.begin()
	} else { // one that began the cluster may have been cut, and another be first since
		b.transient(superAdminConf, true)
	}
	b.nodeObject()
	b.phase(state.Phase{Name: "init-mark-control-plane", Args: initArgs("mark-control-plane"),
		Label: "node-role.kubernetes.io/control-plane"}, "label and taint of a control plane")
	return nil
}

// kubeconfigs are those of the components and of kubeadm. Only where the
// cluster begins is there need of one whose rights no RBAC can take back.
func (b *builder) kubeconfigs(first bool) {
	paths := map[string]string{"admin": adminConf, "kubelet": kubeletConf,
		"controller-manager": "/etc/kubernetes/controller-manager.conf", "scheduler": "/etc/kubernetes/scheduler.conf"}
	names := []string{"admin", "kubelet", "controller-manager", "scheduler"}
	if first {
		p := state.Phase{Name: "init-kubeconfig", Args: initArgs("kubeconfig", "all"), Besides: []string{superAdminConf}}
		for _, name := range names {
			p.Makes = append(p.Makes, paths[name])
		}
		b.phase(p, "kubeconfigs of the components and of kubeadm")
		return
	}
	for _, name := range names {
		b.phase(state.Phase{Name: "init-kubeconfig-" + name, Args: initArgs("kubeconfig", name), Makes: []string{paths[name]}},
			"kubeconfig of "+name)
	}
}

func (b *builder) manifests() {
	p := state.Phase{Name: "init-control-plane", Rewritten: true, Args: initArgs("control-plane", "all")}
	for _, name := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler"} {
		p.Makes = append(p.Makes, kubeadm.ManifestsDir+"/"+name+".yaml")
	}
	b.phase(p, "static pods of the control plane")
}

func (b *builder) kubeletStart() {
	b.phase(state.Phase{Name: "init-kubelet-start", Args: initArgs("kubelet-start"),
		Makes: []string{kubeletConfig, kubeletFlags}, Besides: []string{kubeletInstance}, Sets: kubeletFiles()}, "the kubelet's configuration, and its first start")
	b.unit("kubelet.service", "kubelet runs", "kubernetes")
}

// kubeletFinalize restarts the kubelet, and so comes when that has no pod to begin: on
// the first node before kube-proxy is there, on others before they are registered. A
// restart in the middle of making a pod's sandbox leaves its name taken in containerd,
// and for about a minute that pod is not made.
func (b *builder) kubeletFinalize() {
	b.phase(state.Phase{Name: "init-kubelet-finalize", Args: initArgs("kubelet-finalize", "all"),
		Makes: []string{kubeletClientFile}, Awaits: kubeletClientFile, Lacks: map[string]string{kubeletConf: "client-certificate-data"}},
		"the kubelet uses the client certificate it rotates")
}

// joinEtcd adds a member to etcd, as a learner until it has caught up. One
// control plane does so at a time: etcd takes one learner, and each has to be
// a voter before the next counts on it.
func (b *builder) joinEtcd() error {
	config, err := kubeadm.Join(b.c, b.n, kubeadm.DiscoveryFile)
	if err != nil {
		return err
	}
	after := []string{id(b.first, "phase", "init-upload-config"), id(b.first, "phase", "init-bootstrap-token"), id(b.first, "wait", "node-object")}
	if before := b.joinsBefore(); before != "" {
		after = append(after, id(before, "wait", "api"))
	}
	b.phase(state.Phase{Name: "join-etcd", Args: []string{"join", "phase", "etcd-join", "--config", kubeadm.JoinFile},
		Makes: []string{kubeadm.ManifestsDir + "/etcd.yaml"}, Registered: true,
		Transient: append(b.discovery(), state.File{Path: kubeadm.JoinFile, Origin: state.Written, Mode: 0o600, Owner: root, Content: config, Why: "kubernetes"})},
		"etcd's static pod, as a further member", after...)
	b.transient(kubeadm.DiscoveryFile, true)
	b.transient(kubeadm.JoinFile, false)
	return nil
}

// joinsBefore is the control plane that joins before this one, or "".
func (b *builder) joinsBefore() string {
	var before string
	for _, n := range b.c.ControlPlanes() {
		if n.Name == b.n.Name {
			return before
		}
		if n.Name != b.first {
			before = n.Name
		}
	}
	return before
}

// begin is what one control plane does for the whole cluster.
func (b *builder) begin() {
	var after []string
	if b.c.Endpoint.VIP.IsValid() { // kubeadm goes to the API by the endpoint
		after = []string{id(api, "object", vipRole.String()), id(api, "object", vipBinding.String())}
	}
	b.phase(state.Phase{Name: "init-upload-config", Args: initArgs("upload-config", "all"),
		Objects: []state.ObjectRef{configMap("kubeadm-config"), configMap("kubelet-config")}},
		"kubeadm's and the kubelet's configuration in the API", after...)
	// That phase gave admin.conf its rights; this one's, which no RBAC can
	// take back, are needed no more.
	b.path(state.File{Path: superAdminConf, Origin: state.Forbidden, Secret: true, Why: "defaults", MadeBy: b.id("phase", "init-kubeconfig")})
	b.phase(state.Phase{Name: "init-bootstrap-token", Args: append(initArgs("bootstrap-token"), "--skip-token-print"),
		Objects: []state.ObjectRef{
			{APIVersion: rbac, Kind: "ClusterRoleBinding", Name: "kubeadm:kubelet-bootstrap"},
			{APIVersion: rbac, Kind: "ClusterRoleBinding", Name: "kubeadm:node-autoapprove-bootstrap"},
			{APIVersion: rbac, Kind: "ClusterRoleBinding", Name: "kubeadm:node-autoapprove-certificate-rotation"},
			{APIVersion: rbac, Kind: "ClusterRoleBinding", Name: "kubeadm:get-nodes"},
		}},
		"what a joining kubelet may do")
	b.phase(state.Phase{Name: "init-addon", Args: initArgs("addon", "all"),
		Objects: []state.ObjectRef{
			{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "kube-system", Name: "coredns"},
			{APIVersion: "apps/v1", Kind: "DaemonSet", Namespace: "kube-system", Name: "kube-proxy"},
		}},
		"CoreDNS and kube-proxy")
}

// pkiMode is the mode of one of kubeadm's certificates or keys.
func pkiMode(path string) state.Mode {
	if strings.HasSuffix(path, ".crt") {
		return 0o644
	}
	return 0o600 // keys, and the public one, which kubeadm makes 0600 too
}
