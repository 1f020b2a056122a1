package cluster

// Deviation is one thing a machine cannot have as hardened as the defaults
// want it. It is never a wish of the spec: it comes from host/kind, or from an
// overlay named on the command line, and every plan and report shows it.
type Deviation struct {
	// ID is short and stable, for example "cgroup-v1".
	ID string
	// Reason says in a sentence why the machine needs it.
	Reason string
	Origin Origin

	// Kubelet and KubeProxy override fields of the configuration files, after
	// everything else.
	Kubelet, KubeProxy Config
	// IgnorePreflight names kubeadm preflight checks that cannot pass.
	IgnorePreflight []string
	// SkipPreflight names bulwark's own preflight checks that cannot pass.
	SkipPreflight []string
	// SkipSysctls are keys not written, since the machine shares them with others.
	// "*" skips every key that is not namespaced.
	SkipSysctls []string
	// KeepKubeletUnit leaves the kubelet's unit as the machine's image brought it.
	KeepKubeletUnit bool
	// SkipModules leaves kernel modules to the machine's host.
	SkipModules bool
	// PointToPoint connects the pods of `cni "bridge"` by a link each, since the
	// machine's image has no bridge plugin. See [Cluster.PodPlugin].
	PointToPoint bool
}
