package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Least of what a node needs. Memory and processors are kubeadm's own bounds;
// space is what images, logs and etcd take in a small cluster.
const (
	minMemoryKiB = 1700 << 10
	minCPUs      = 2
	minSystemd   = 244 // what containerd and kubeadm's units are tested with
	minFree      = 2 << 30
	minInodes    = 10000
)

// machine judges a machine that is to become a node.
func (p *preflight) machine() {
	f := p.f
	if f.Arch != "x86_64" && f.Arch != "aarch64" {
		p.bad("os", f.OS+" on "+f.Arch, "use a 64-bit x86 or ARM machine")
	}
	switch {
	case f.Systemd == 0:
		p.bad("systemd", "systemd is not PID 1", "use a distribution that boots with systemd")
	case f.Systemd < minSystemd:
		p.bad("systemd", fmt.Sprintf("version %d", f.Systemd), "use a release with systemd %d or newer", minSystemd)
	}
	if f.Cgroup != 2 {
		p.bad("cgroup", fmt.Sprintf("version %d", f.Cgroup), "boot with systemd.unified_cgroup_hierarchy=1: kubelet 1.35 and later refuse cgroup v1")
	}
	if len(f.Swap) > 0 {
		p.bad("swap", list(f.Swap), "swapoff -a, and take the line out of /etc/fstab")
	}
	if f.User != "root" {
		p.bad("sudo", "commands run as "+f.User, "let %s run commands by sudo without a password", p.c.SSH.User)
	}
	if p.n.Role == cluster.ControlPlane && f.MemoryKiB < minMemoryKiB {
		p.bad("memory", fmt.Sprintf("%d MiB", f.MemoryKiB>>10), "give a control plane %d MiB or more", minMemoryKiB>>10)
	}
	if p.n.Role == cluster.ControlPlane && f.CPUs < minCPUs {
		p.bad("cpu", fmt.Sprint(f.CPUs), "give a control plane %d processors or more", minCPUs)
	}
	if !slices.Contains(f.Addresses, p.n.Address.String()) {
		p.bad("address", list(f.Addresses), "give the machine %s, or correct the node's address (%s)",
			p.n.Address, p.c.Origin("node."+p.n.Name+".address"))
	}
	if f.EtcdAccount != "" && f.EtcdAccount != "etcd" && p.n.Role == cluster.ControlPlane {
		p.bad("etcd-account", fmt.Sprintf("user id %d is %s's", state.EtcdUID, f.EtcdAccount), "free the id: etcd runs under it on every control plane")
	}
	p.ports()
	p.disk()
}

// ports must be free before kubeadm; who holds one is named.
func (p *preflight) ports() {
	want := []uint16{10250}
	if p.n.Role == cluster.ControlPlane {
		want = append(want, p.c.Endpoint.Port, 2379, 2380, 10257, 10259)
		if p.got.Files["/etc/kubernetes/manifests/etcd.yaml"].Exists() {
			return // a bootstrap that was cut: these are its own
		}
	}
	for _, port := range want {
		if holder, taken := p.f.Listening[port]; taken && holder != "kubelet" {
			p.bad("ports", fmt.Sprintf("tcp/%d is taken by %s", port, holder), "end it, or let it listen elsewhere")
		}
	}
}

// modules that are wanted must be loaded already or be there to load.
func (p *preflight) modules() {
	if none := p.got.NoModules; len(none) > 0 {
		p.bad("modules", "kernel "+p.f.Kernel+" has no "+list(none),
			"install the package with all modules of this kernel (linux-modules-extra-%[1]s or kernel-modules-%[1]s), or reboot into the kernel that is installed", p.f.Kernel)
	}
}

// disk must hold what the defaults may write; the audit log's own arithmetic
// may take a fifth of what is free.
func (p *preflight) disk() {
	for _, dir := range []string{"/var/lib/kubelet", "/var/lib/containerd"} {
		if free, ok := p.f.Free[dir]; ok && free < minFree {
			p.bad("disk", fmt.Sprintf("%d MiB free in %s", free>>20, dir), "free %d MiB or more there", minFree>>20)
		}
		if free, ok := p.f.FreeInodes[dir]; ok && free < minInodes && free > 0 {
			p.bad("disk", fmt.Sprintf("%d inodes free in %s", free, dir), "free %d inodes or more there", minInodes)
		}
	}
	if p.n.Role != cluster.ControlPlane {
		return
	}
	free, ok := p.f.Free["/var/log"]
	if need := p.c.Audit.Bytes(); ok && free < 5*need {
		p.bad("audit-disk", fmt.Sprintf("%d MiB free in /var/log", free>>20),
			"the audit log may grow to %d MiB, and gets a fifth of the free space at most: free %d MiB, or lower audit.max_backup or audit.max_size (%s)",
			need>>20, 5*need>>20, p.c.Origin("audit.max_size"))
	}
}

// software is the machine's: bulwark installs no package.
func (p *preflight) software() {
	f := p.f
	if f.Containerd == "" || !f.CRISocket {
		p.bad("containerd", seen(f.Containerd, "not found")+map[bool]string{false: ", no CRI socket"}[f.CRISocket], "install containerd 2.x, enable its CRI plugin and start it; the socket is /run/containerd/containerd.sock")
	} else {
		if !f.SystemdCgroup {
			p.bad("containerd-cgroup", "SystemdCgroup = false", "set SystemdCgroup = true for runc in /etc/containerd/config.toml and restart containerd")
		}
		if f.SandboxImage == "" {
			p.bad("sandbox-image", "not set", "set the CRI plugin's sandbox (pause) image in /etc/containerd/config.toml")
		}
	}
	if f.Runc == "" {
		p.bad("runc", "not found", "install runc")
	}
	for _, tool := range []struct{ name, got string }{{"kubelet", f.Kubelet}, {"kubeadm", f.Kubeadm}} {
		name, got := tool.name, tool.got
		if v, err := cluster.ParseVersion(got); err != nil || v != p.c.Kubernetes {
			p.bad(name, seen(got, "not found"), "install %s %s, or say kubernetes = %q", name, p.c.Kubernetes, strings.TrimPrefix(got, "v"))
		}
	}
	if p.c.Network.CNI.Kind == cluster.CNIBridge {
		var missing []string
		for _, plugin := range []string{p.c.PodPlugin(), "host-local", "loopback", "portmap"} {
			if !slices.Contains(f.CNIPlugins, plugin) {
				missing = append(missing, plugin)
			}
		}
		if len(missing) > 0 {
			p.bad("cni-plugins", "missing in /opt/cni/bin: "+list(missing), "install the CNI plugins (containernetworking-plugins 1.4 or newer)")
		}
	}
}

// images must be there beforehand, or come from a registry that answers.
func (p *preflight) images() {
	if missing := MissingImages(p.wanted, p.f.Images); len(missing) > 0 && p.f.Pull != "" {
		p.bad("images", "missing: "+list(missing)+"; "+p.f.Pull,
			"preload them (`kubeadm config images pull` where a registry answers), or name a reachable image_repository (%s)", p.c.Origin("image_repository"))
	}
}

// MissingImages are the wanted references that are not in the store.
func MissingImages(want, have []string) []string {
	var missing []string
	for _, image := range want {
		if !slices.Contains(have, image) {
			missing = append(missing, image)
		}
	}
	return missing
}

// seen is a value, or what its absence is called.
func seen(value, absent string) string {
	if value == "" {
		return absent
	}
	return value
}
