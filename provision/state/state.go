// Package state holds what a machine and a cluster have, and constraints on
// what they should have. It is a leaf of plain values: package observe fills a
// [Cluster] by looking, package desired states [Want]s, package plan compares.
//
// What was not read is never shown as absent: a read that failed leaves its
// reason in [Node.Unread] or [API.Unread].
package state

import (
	"crypto/x509"
	"time"
)

// Cluster is what one look found: every node by the name the spec gives it,
// and the API.
type Cluster struct {
	Nodes map[string]*Node
	API   API
}

// Node is what one machine has.
type Node struct {
	Name  string
	Facts Facts
	// Files by path: every path that was asked for, absent ones too.
	Files map[string]HaveFile
	// Listed are the folders whose entries are among Files, and the entries of these.
	// Where some could not be listed, Unread names the folder.
	Listed []string
	// Certificates are those of the files whose certificate was asked for and that
	// are there, by path; nil where the file holds none that can be read. Of a
	// chain it is the first, which is its owner's.
	Certificates map[string]*x509.Certificate
	// Sysctls in force, by key with dots.
	Sysctls map[string]string
	// Modules says of each asked module whether it is loaded or built in.
	Modules map[string]bool
	// NoModules are the asked modules that are not loaded and that the running
	// kernel has no file of, sorted.
	NoModules []string
	// Units by full name.
	Units map[string]Unit
	// Table is the live text of `table inet bulwark`, empty when there is none.
	Table string
	// OtherFirewalls are chains beside bulwark's by which what comes to the machine may be
	// dropped, as in "ip filter INPUT", or what kept them from being read. They are asked
	// for where Table is empty; nil means that nobody asked.
	OtherFirewalls []string
	// Processes are the running components, by component name.
	Processes map[string]Process
	// Derived are the bytes that the machine's own kubeadm would write now, by
	// path, and what it would put into the API, by [ObjectRef.String].
	Derived map[string][]byte
	// Runs are the results of our transient units still known to the machine, by step id.
	Runs map[string]Run
	// Unread says why something asked for could not be read, by name.
	Unread map[string]string
	// Clock is the machine's own at the look, in seconds since 1970; 0 where it did not say.
	Clock int64
}

// Unit is a systemd unit.
type Unit struct {
	Name string
	// Load is systemd's LoadState: "loaded", "not-found", "masked", ….
	Load string
	// Enabled is systemd's UnitFileState: "enabled", "disabled", "static", "" ….
	Enabled string
	// Active is systemd's ActiveState: "active", "inactive", "failed", "activating", ….
	Active string
	// Sub is systemd's SubState: "running", "exited", ….
	Sub string
	// Stale says that what lies on disk is not what systemd read (NeedDaemonReload).
	Stale bool
	// Fragment is the unit's own file, and DropIns are those that add to it, as
	// systemd read them.
	Fragment string
	DropIns  []string
}

// Process is a running component.
type Process struct {
	// Args are its arguments; the first is its own name.
	Args []string
	// Env is what etcd's environment has in place of arguments, as in "ETCD_AUTO_TLS=true":
	// an argument goes before it. Of other components nothing is read.
	Env []string
	PID int
	// Started is when, in seconds since 1970 by the machine's clock; 0 where that is not known.
	Started int64
	// Pod is the uid of the static pod it runs in, which the kubelet makes from
	// what the manifest says; "" outside of a pod.
	Pod string
}

// Run is what is known of one transient unit of bulwark's.
type Run struct {
	Active bool
	// Exit is the exit status once Active is false.
	Exit int
	// Output is the capped output so far.
	Output string
}

// Facts are what preflight judges a machine by.
type Facts struct {
	Hostname  string
	MachineID string
	OS        string // ID of os-release, for example "debian"
	OSVersion string
	Arch      string // uname -m
	Kernel    string // uname -r
	// Systemd is the version number; 0 when systemd is not PID 1.
	Systemd int
	// Cgroup is 2, or 1 when the unified hierarchy is not mounted at its root.
	Cgroup int
	// MemoryKiB is MemTotal; CPUs are those online.
	MemoryKiB int64
	CPUs      int
	// Swap lists active swap devices.
	Swap []string
	// Offset is the machine's clock minus ours, measured at the middle of the exchange.
	Offset time.Duration
	// Free is free bytes by directory, FreeInodes free inodes by directory.
	Free, FreeInodes map[string]int64
	// Listening is who holds each TCP port, by port.
	Listening map[uint16]string
	// Addresses are the machine's own IP addresses.
	Addresses []string
	// PeerAddress is the address the machine sees us from, LocalPort the port
	// of its own that we are connected to; empty and 0 where there is no connection.
	PeerAddress string
	LocalPort   uint16
	// User is who the commands run as, after sudo.
	User string

	// ContainerdVersion, Runc, Kubelet, Kubeadm are versions, empty when absent.
	Containerd, Runc, Kubelet, Kubeadm string
	// CRI facts, from containerd's own configuration.
	CRISocket     bool
	SystemdCgroup bool
	SandboxImage  string
	// CNIPlugins are the file names in /opt/cni/bin.
	CNIPlugins []string
	// Images are the references in the runtime's store.
	Images []string
	// Pull says why images that are missing cannot be pulled; "" when they can
	// or none is missing.
	Pull string
	// Container is true inside a container, where the kernel is shared.
	Container bool
	// EtcdAccount is the name of the account that owns [EtcdUID], "" when free.
	EtcdAccount string
}
