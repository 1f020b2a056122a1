package desired

import (
	"slices"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
	"github.com/bulwark-k8s/bulwark/templates/node"
	"github.com/bulwark-k8s/bulwark/templates/policy"
)

// kernel is modules and settings, each on disk for the next boot and in force
// now. The kubelet refuses to start without them.
func (b *builder) kernel() error {
	if text := b.alike.kernel.modules; text != nil {
		b.dir("/etc/modules-load.d", 0o755, root)
		b.file(node.ModulesPath, 0o600, text, "defaults")
		for i, m := range b.alike.modules {
			b.add(state.Fact{ID: b.id("module", m.Name), Title: "kernel module " + m.Name, Why: m.Why, Module: &b.alike.modules[i]})
		}
	}
	if text := b.alike.kernel.sysctls; text != nil {
		b.dir("/etc/sysctl.d", 0o755, root)
		b.file(node.SysctlPath, 0o600, text, "defaults")
		for i, s := range b.alike.sysctls {
			b.add(state.Fact{ID: b.id("sysctl", s.Key), Title: s.Key + " = " + s.Value, Why: s.Why, Sysctl: &b.alike.sysctls[i]})
		}
	}
	return nil
}

// folders are those that more than one part writes to.
func (b *builder) folders() error {
	b.dir("/var/lib/bulwark", 0o700, root)
	b.dir(node.ConfigDir, 0o700, root)
	b.dir("/etc/kubernetes", 0o755, root)
	b.dir(kubeadm.Dir, 0o700, root)
	if b.n.Role == cluster.ControlPlane {
		b.dir(kubeadm.ManifestsDir, 0o700, root)
	}
	b.podFolders()
	return nil
}

// revertSeconds is how long a machine keeps a table that nobody confirmed.
const revertSeconds = 60

// firewall comes before anything listens: 6443 is never open to others.
func (b *builder) firewall() error {
	if b.alike.err != nil {
		return nil // said with kubeadm's files
	}
	text, err := b.alike.firewall.File(b.n.Name)
	if err != nil {
		return err
	}
	b.add(state.Fact{ID: b.id("table", "bulwark"), Title: "table inet bulwark", Why: "firewall.admins",
		Table: &state.Table{Text: text, Revert: revertSeconds}})
	b.file(node.FirewallPath, 0o600, text, "firewall.admins")
	b.file(node.FirewallUnitPath, 0o600, node.FirewallUnit(), "firewall.admins")
	b.unit(node.FirewallUnitName, "the firewall is kept over reboots", "firewall.admins")
	return nil
}

// guard is what makes a change of components safe against a boot: it is there
// before anything is changed that way, and has nothing to do until then.
func (b *builder) guard() error {
	b.file(node.RestoreUnitPath, 0o600, node.RestoreUnit(), "defaults")
	b.add(state.Fact{ID: b.id("unit", node.RestoreUnitName), Title: "an unconfirmed change is put back at boot", Why: "defaults",
		Unit: &state.WantUnit{Name: node.RestoreUnitName, Enabled: true}})
	return nil
}

// packaged is where packages put the kubelet's unit.
var packaged = [...]string{"/usr/lib/systemd/system/kubelet.service", "/lib/systemd/system/kubelet.service"}

// kubeletUnit is written where no package brought one. What starts the kubelet says
// what it is told, so the kubelet starts again with it.
func (b *builder) kubeletUnit() error {
	if deviates(b.c, func(d cluster.Deviation) bool { return d.KeepKubeletUnit }) {
		return nil
	}
	unit := func(path string, text []byte) {
		b.path(state.File{Path: path, Origin: state.Written, Mode: 0o600, Owner: root, Content: text, Unless: packaged[:], Why: "defaults", Restarts: []string{kubelet}})
	}
	unit(node.KubeletUnitPath, node.KubeletUnit())
	b.path(state.File{Path: node.KubeletDropInDir, Origin: state.Written, Mode: state.Mode(node.DirMode), Owner: root, Unless: packaged[:], Why: "defaults"})
	unit(node.KubeletDropInPath, node.KubeletDropIn())
	b.add(state.Fact{ID: b.id("unit", "kubelet.service/enabled"), Title: "kubelet starts at boot", Why: "defaults",
		Unit: &state.WantUnit{Name: node.KubeletUnitName, Enabled: true}})
	return nil
}

// account is who etcd runs as.
func (b *builder) account() error {
	b.dir("/etc/sysusers.d", 0o755, root)
	b.file(node.AccountPath, 0o644, node.EtcdAccount(), "defaults")
	b.file(node.AccountUnitPath, 0o600, node.AccountUnit(), "defaults")
	b.unit(node.AccountUnitName, "the account etcd runs as", "defaults", node.AccountPath, node.AccountUnitPath)
	return nil
}

// apiServer is who has to start again when one of its files changed.
const apiServer = "kube-apiserver"

// apiServerFiles are what the API server reads at its first start. The folder
// is mounted whole, so that a file replaced by rename is seen.
func (b *builder) apiServerFiles() error {
	b.dir(kubeadm.APIServerDir, 0o700, root)
	authentication, err := policy.Authentication()
	if err != nil {
		return err
	}
	b.file(kubeadm.AuthenticationFile, 0o600, authentication, "defaults", apiServer)
	audit, err := policy.AuditPolicy(b.c)
	if err != nil {
		return err
	}
	b.file(kubeadm.AuditPolicyFile, 0o600, audit, "audit", apiServer)
	admission, err := policy.Admission(b.c)
	if err != nil {
		return err
	}
	b.file(kubeadm.AdmissionFile, 0o600, admission, "admission", apiServer)
	if err := b.encryptionFiles(); err != nil {
		return err
	}
	b.dir("/var/log/kubernetes", 0o700, root)
	b.dir(kubeadm.AuditDir, 0o700, root)
	return nil
}

// modes are files that kubeadm and the kubelet write when they please, held to
// the modes and owners that CIS 1.1 and 4.1 name.
func (b *builder) modes() error {
	keep := func(mode state.Mode, paths ...string) {
		for _, p := range paths {
			b.path(state.File{Path: p, Origin: state.Derived, Mode: mode, Owner: root, Optional: true, Why: "defaults"})
		}
	}
	keep(0o600, kubeletConf, packaged[0], packaged[0]+".d/10-kubeadm.conf")
	if deviates(b.c, func(d cluster.Deviation) bool { return d.KeepKubeletUnit }) { // its text is not ours, who may write it is
		keep(0o600, node.KubeletUnitPath, node.KubeletDropInPath)
	}
	maker := "init-kubelet-start"
	if b.n.Role != cluster.ControlPlane {
		maker = "join"
	}
	for _, f := range kubeletFiles() {
		f.Optional, f.MadeBy = true, b.id("phase", maker)
		if f.Path != kubeletInstance { // that is kubeadm's to read, and nobody else's
			f.Restarts = []string{kubelet}
		}
		b.path(f)
	}
	if b.n.Role != cluster.ControlPlane {
		keep(0o644, caFile)
		return nil
	}
	for _, path := range pkiFiles() {
		if !slices.Contains(sharedPKI(), path) { // those are held already
			keep(pkiMode(path), path)
		}
	}
	keep(0o600, adminConf, "/etc/kubernetes/controller-manager.conf", "/etc/kubernetes/scheduler.conf")
	for _, name := range staticPods() {
		restarts := []string{name}
		if name == "etcd" {
			// Before the kubelet starts a static pod with another manifest, it has the API
			// forget the one before. An API server without its etcd lets it wait half a
			// minute for that, and again, and etcd with it; of none it is refused at once.
			restarts = append(restarts, apiServer)
		}
		b.path(state.File{Path: manifestOf(name), Origin: state.Derived, Mode: 0o600, Owner: root, Optional: true, Why: "kubernetes", Restarts: restarts})
	}
	return nil
}
