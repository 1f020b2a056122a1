// Package cluster holds the resolved intent: what one spec, its variables and
// bulwark's defaults come to, as plain Go values. It is a leaf: it imports
// nothing of bulwark's and knows neither HCL text nor machines.
//
// Every value that can be traced to a line or to a default has an entry in
// [Cluster.Origins], keyed by the setting's path (for example
// "encryption.provider" or "node.cp-1.address").
package cluster

import "net/netip"

// Cluster is one cluster as its spec means it, complete: no field is waiting
// for a default, and nothing in it depends on a machine.
type Cluster struct {
	// Name is an RFC 1123 label; it names the kubeconfig context too.
	Name string
	// Defaults is the generation of bulwark's defaults the spec was written for.
	Defaults int
	// Kubernetes is the version every node runs.
	Kubernetes Version

	Endpoint   Endpoint
	Network    Network
	SSH        SSH
	Firewall   Firewall
	Encryption Encryption
	Audit      Audit
	Admission  Admission
	Policy     Policy

	// Raw settings the spec adds to a component, already checked against
	// [Hardened]: none of them weakens a default.
	APIServer, ControllerManager, Scheduler, Etcd Component
	// Kubelet and KubeProxy are fields of KubeletConfiguration v1beta1 and
	// KubeProxyConfiguration v1alpha1.
	Kubelet, KubeProxy Config

	// ImageRepository is where kubeadm's images come from; empty means
	// kubeadm's own default.
	ImageRepository string

	// MaxUnavailable is how many of the workers may be away at a time for a change;
	// of control planes it is always one.
	MaxUnavailable Share

	// Nodes are in the order of the spec.
	Nodes []Node

	// Profiles are the names of those that the spec asks for, and Waivers the controls
	// that it does without.
	Profiles []string
	Waivers  []Waiver
	// Asked says of a setting which controls of the profiles asked for it, by its path.
	Asked map[string][]Asked
	// Softened are the settings that a profile makes weaker than the defaults, as in
	// "admission.pod_security = baseline".
	Softened []string

	// Deviations are what these machines cannot do as hardened as others:
	// kind's containers, or an overlay given on the command line. Every
	// report shows them.
	Deviations []Deviation

	// Origins says where a setting came from, by its path.
	Origins map[string]Origin
}

// Endpoint is the address clients and nodes reach the API at.
type Endpoint struct {
	// Host is a DNS name or an IP address.
	Host string
	// Port is 6443 unless the spec says otherwise.
	Port uint16
	// VIP is an address that one control plane at a time holds, by kube-vip; the
	// zero value means that nothing of ours holds one.
	VIP netip.Addr
	// Balancers are where a load balancer connects from; they may reach the API port.
	Balancers []netip.Prefix
}

// Component holds raw command line arguments of one control-plane component
// or of etcd: names without dashes, values as the component reads them.
type Component struct {
	Args map[string]string
}

// Config holds raw fields of a component's configuration file, as decoded
// JSON: string, bool, int64, float64, []any and map[string]any.
type Config map[string]any

// DefaultKeyName is what the key of encryption at rest goes by unless a spec says
// otherwise, which one has to whose cluster somebody else made.
const DefaultKeyName = "key1"

// Encryption is encryption at rest of API objects in etcd.
type Encryption struct {
	// Provider is "secretbox" or "aescbc".
	Provider string
	// KeyName is what its key goes by: it stands before every value in etcd.
	KeyName string
	// Resources are API resources ("secrets", "configmaps", "widgets.example.com"),
	// sorted; "secrets" is always among them.
	Resources []string
}

// What the audit log holds of a request.
const (
	// AuditMetadata keeps bodies that hold secrets out of the log, and what only
	// fills it: [AuditEverything] is what one standard asks for word by word.
	AuditMetadata = "metadata"
	// AuditEverything writes every request with all of its bodies, Secrets too.
	AuditEverything = "everything"
)

// Audit is the API server's audit log.
type Audit struct {
	// Policy is what is written: [AuditMetadata] or [AuditEverything].
	Policy string
	// MaxAge is in days, MaxBackup a count of files, MaxSize in megabytes a file.
	MaxAge, MaxBackup, MaxSize int
}

// Bytes is the most the log may come to hold on disk: the backups, the file
// being written, and the one being rotated.
func (a Audit) Bytes() int64 { return int64(a.MaxBackup+2) * int64(a.MaxSize) << 20 }

// The Pod Security standards that namespaces can be held to.
const (
	PodSecurityRestricted = "restricted"
	PodSecurityBaseline   = "baseline"
)

// Admission is what the admission plugins are told.
type Admission struct {
	// PodSecurity is the standard that namespaces are held to which say nothing
	// else by a label: [PodSecurityRestricted] or [PodSecurityBaseline].
	PodSecurity string
	// ExemptNamespaces are not held to any Pod Security standard, sorted;
	// "kube-system" is always among them.
	ExemptNamespaces []string
	// AlwaysPullImages has the kubelets ask the registry for an image at every
	// start of a container, so that who may not pull it may not run it either.
	AlwaysPullImages bool
}

// SSH says how machines are reached. Empty fields are left to the operator's
// own SSH configuration.
type SSH struct {
	User string
	// Port is the port sshd answers on; the firewall keeps it open for
	// [Firewall.Admins]. 22 unless the spec says otherwise.
	Port    uint16
	Bastion string
	// BastionHostKey pins the bastion's key, in authorized_keys form.
	BastionHostKey string
}

// Firewall is who may reach what from outside the cluster.
type Firewall struct {
	// Admins may reach sshd and the API port.
	Admins []netip.Prefix
	// NodePorts may reach NodePort services; empty closes them to all but nodes and pods.
	NodePorts []netip.Prefix
	// Allow are further openings, by name.
	Allow []Allow
}

// Allow is one named opening of the firewall.
type Allow struct {
	Name string
	// On restricts the opening to one role; empty means every node.
	On    Role
	Ports []Port
	From  []netip.Prefix
}
