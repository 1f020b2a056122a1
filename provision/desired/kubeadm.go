package desired

import (
	"errors"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
)

// kubeadm's own paths beyond those the templates name.
const (
	adminConf      = "/etc/kubernetes/admin.conf"
	superAdminConf = "/etc/kubernetes/super-admin.conf"
	kubeletConf    = "/etc/kubernetes/kubelet.conf"
	bootstrapConf  = "/etc/kubernetes/bootstrap-kubelet.conf"
	kubeletConfig  = "/var/lib/kubelet/config.yaml"
	kubeletFlags   = "/var/lib/kubelet/kubeadm-flags.env"
	// kubeletInstance is what of the kubelet's configuration is this node's own,
	// its CRI socket; kubeadm writes it since 1.34.
	kubeletInstance = "/var/lib/kubelet/instance-config.yaml"
	// kubeletClientFile is the certificate and key that the kubelet rotates and
	// goes to the API with.
	kubeletClientFile = "/var/lib/kubelet/pki/kubelet-client-current.pem"
	caFile            = kubeadm.PKIDir + "/ca.crt"
)

// AdminConf is the file apply reads to speak with the API: on the control
// plane, into memory only.
const AdminConf = adminConf

// KubeletConf and KubeletConfig are both there once a machine is a node.
const (
	KubeletConf   = kubeletConf
	KubeletConfig = kubeletConfig
)

// EtcdData is there once a control plane's etcd has begun.
const EtcdData = kubeadm.EtcdDataDir + "/member"

// ClusterCA is there once a control plane knows its cluster.
const ClusterCA = caFile

// SuperAdminConf is there only while the first control plane is made.
const SuperAdminConf = superAdminConf

// APIServerManifest is there once there can be an API.
const APIServerManifest = kubeadm.ManifestsDir + "/kube-apiserver.yaml"

// EtcdManifest is there once a control plane's etcd was begun.
const EtcdManifest = kubeadm.ManifestsDir + "/etcd.yaml"

// kubeadmFiles are the configuration and the patches that kubeadm reads.
func (b *builder) kubeadmFiles() error {
	var config []byte
	var err error
	if b.n.Role == cluster.ControlPlane {
		config, err = kubeadm.Init(b.c, b.n)
	} else {
		config, err = b.alike.joins.Join(b.n)
	}
	if err := errors.Join(err, b.alike.err); err != nil {
		return err
	}
	feeds := func(path string, text []byte, why string) {
		b.path(state.File{Path: path, Origin: state.Written, Mode: 0o600, Owner: root, Content: text, Why: why, Feeds: true})
	}
	feeds(kubeadm.ConfigFile, config, "kubernetes")
	b.dir(kubeadm.PatchesDir, 0o700, root)
	for _, p := range b.alike.patches {
		feeds(p.Path, p.Content, "defaults")
	}
	if b.n.Role == cluster.ControlPlane && !b.c.Policy.UnprivilegedKubeProxy {
		b.path(state.File{Path: kubeadm.KubeProxyPatchFile, Origin: state.Forbidden, Why: "policy.unprivileged_kube_proxy"})
	}
	return nil
}

// phase adds one kubeadm command. The command line is the same on every
// machine; what it acts on is in the configuration file.
func (b *builder) phase(p state.Phase, title string, after ...string) {
	b.add(state.Fact{ID: b.id("phase", p.Name), Title: title, Why: "kubernetes", After: after, Phase: &p})
}

// initArgs is a phase of init with our configuration.
func initArgs(phase ...string) []string {
	return append(append([]string{"init", "phase"}, phase...), "--config", kubeadm.ConfigFile)
}

// kubeletFiles are what kubeadm writes for the kubelet, 0644 where nothing
// else than the kubelet has to read it.
func kubeletFiles() []state.File {
	var out []state.File
	for _, path := range []string{kubeletConfig, kubeletFlags, kubeletInstance} {
		out = append(out, state.File{Path: path, Origin: state.Derived, Mode: 0o600, Owner: root, Why: "defaults"})
	}
	return out
}

// pkiFiles are kubeadm's certificates and keys on a control plane, each key
// behind what belongs to it.
func pkiFiles() []string {
	var pki []string
	for _, name := range []string{"ca", "apiserver", "apiserver-kubelet-client", "front-proxy-ca", "front-proxy-client",
		"etcd/ca", "etcd/server", "etcd/peer", "etcd/healthcheck-client", "apiserver-etcd-client"} {
		pki = append(pki, kubeadm.PKIDir+"/"+name+".crt", kubeadm.PKIDir+"/"+name+".key")
	}
	return append(pki, kubeadm.PKIDir+"/sa.key", kubeadm.PKIDir+"/sa.pub")
}

// join makes a worker.
func (b *builder) join() error {
	cp := b.first
	args := []string{"join", "--config", kubeadm.ConfigFile}
	b.phase(state.Phase{Name: "join", Args: args, Again: append(args[:3:3], "--skip-phases", "preflight"),
		Makes: []string{kubeletConf, kubeletConfig, kubeletFlags, caFile}, Besides: []string{kubeletInstance}, Sets: kubeletFiles(), Transient: b.discovery()},
		"joins by discovery file, with a token of its own",
		// The pod prefix of the first node says that certificates are signed too. A
		// kubelet that asks before that asks more and more seldom.
		id(cp, "phase", "init-upload-config"), id(cp, "phase", "init-bootstrap-token"), id(cp, "wait", "node-object"))
	b.path(state.File{Path: bootstrapConf, Origin: state.Forbidden, Secret: true, Why: "defaults"})
	b.transient(kubeadm.DiscoveryFile, true)
	b.unit("kubelet.service", "kubelet runs", "kubernetes")
	b.nodeObject()
	return nil
}

// discovery is the file a node finds and trusts the cluster by while it joins.
func (b *builder) discovery() []state.File {
	return []state.File{{Path: kubeadm.DiscoveryFile, Origin: state.Written, Mode: 0o600, Owner: root,
		Content: []byte(state.Ref("discovery/" + b.n.Name)), Holds: []string{"discovery"}, Secret: true, Why: "defaults"}}
}

// transient is a file that is gone when what it is for has ended, unless nobody was
// there any more to take it away.
func (b *builder) transient(path string, secret bool) {
	b.path(state.File{Path: path, Origin: state.Forbidden, Secret: secret, Why: "defaults"})
}

// nodeObject waits for the Node and its pod prefixes.
func (b *builder) nodeObject() {
	b.wait(state.Wait{For: state.WaitNodeObject, Subject: b.n.Name, Seconds: 300}, "node-object", "the node is registered and has its pod prefix")
}

func (b *builder) wait(w state.Wait, subject, title string, after ...string) {
	b.add(state.Fact{ID: b.id("wait", subject), Title: title, Why: "kubernetes", After: after, Wait: &w})
}
