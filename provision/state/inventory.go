package state

// Inventory is what an audit asks of the API besides: lists of everything of a kind,
// with what a control may judge by and nothing secret. A list that could not be read is
// named in [API.Unread] by its tag in [API.Inventory]'s type, as in "pods". One that
// nobody asked for is nil; one of which there is nothing is empty and not nil.
type Inventory struct {
	Namespaces      []Namespace       `json:"namespaces"`
	Pods            []Pod             `json:"pods"`
	ServiceAccounts []ServiceAccount  `json:"service_accounts"`
	Grants          []Grant           `json:"grants"`
	NetworkPolicies []NetworkPolicy   `json:"network_policies"`
	LimitRanges     []Namespaced      `json:"limit_ranges"`
	Quotas          []Namespaced      `json:"quotas"`
	Policies        []AdmissionPolicy `json:"admission_policies"`
	// Things are what people made in default, kube-public and kube-node-lease.
	Things []Thing `json:"things"`
}

// Namespace is one of the API's.
type Namespace struct {
	Name   string            `json:"name" cty:"name"`
	Labels map[string]string `json:"labels" cty:"labels"`
	// System says that Kubernetes made it: kube-system, kube-public and kube-node-lease,
	// and no other that begins with "kube-".
	System bool `json:"system" cty:"system"`
}

// Pod is a pod, with the settings that are in force: a container's own goes before the
// pod's, and what nobody set has Kubernetes' default.
type Pod struct {
	Namespace string `json:"namespace" cty:"namespace"`
	Name      string `json:"name" cty:"name"`
	// Node is where it runs, "" where it has no place yet.
	Node string `json:"node" cty:"node"`
	// Phase is Pending, Running, Succeeded, Failed or Unknown. Where nobody said, as in
	// older snapshots, it is "" and counts as Running. Checks do not see it.
	Phase          string            `json:"phase,omitempty"`
	Labels         map[string]string `json:"labels" cty:"labels"`
	ServiceAccount string            `json:"service_account" cty:"service_account"`
	// Token says that a token of its service account is mounted into it.
	Token bool `json:"token" cty:"token"`
	// Static says that a file of its node is what it is made by.
	Static bool `json:"static" cty:"static"`
	// System says that it is in a namespace that Kubernetes made.
	System      bool `json:"system" cty:"system"`
	HostNetwork bool `json:"host_network" cty:"host_network"`
	HostPID     bool `json:"host_pid" cty:"host_pid"`
	HostIPC     bool `json:"host_ipc" cty:"host_ipc"`
	// HostPaths are paths of its node that it mounts.
	HostPaths []string `json:"host_paths" cty:"host_paths"`
	// Runtime is its RuntimeClass, "" where it has the node's own.
	Runtime    string      `json:"runtime_class" cty:"runtime_class"`
	Containers []Container `json:"containers" cty:"containers"`
}

// Container is one of a pod's, init containers and ephemeral ones among them.
type Container struct {
	Name  string `json:"name" cty:"name"`
	Image string `json:"image" cty:"image"`
	// Passing says that it is none of those that the pod is there for: one that ends before
	// they begin, or that somebody added to look at them. Checks do not see it.
	Passing    bool `json:"passing,omitempty"`
	Privileged bool `json:"privileged" cty:"privileged"`
	// Escalates says that a process may get more rights than its parent.
	Escalates bool `json:"escalates" cty:"escalates"`
	// NonRoot says that it cannot run as root: runAsNonRoot, or a user that is not 0.
	NonRoot bool `json:"non_root" cty:"non_root"`
	// ReadOnlyRoot says that it cannot write to its own file system.
	ReadOnlyRoot bool `json:"read_only_root" cty:"read_only_root"`
	HostProcess  bool `json:"host_process" cty:"host_process"`
	// Adds are capabilities beyond the container runtime's, Drops those it does without;
	// "ALL" is all of them.
	Adds  []string `json:"adds" cty:"adds"`
	Drops []string `json:"drops" cty:"drops"`
	// Seccomp is RuntimeDefault, Localhost or Unconfined, and "" where nothing is said.
	Seccomp string `json:"seccomp" cty:"seccomp"`
	// HostPorts are ports of its node.
	HostPorts []int `json:"host_ports" cty:"host_ports"`
	// SecretEnv are the names of Secrets that its environment is filled from.
	SecretEnv []string `json:"secret_env" cty:"secret_env"`
	// Limits says that processor time and memory are both limited.
	Limits bool `json:"limits" cty:"limits"`
}

// ServiceAccount is an identity of pods.
type ServiceAccount struct {
	Namespace string `json:"namespace" cty:"namespace"`
	Name      string `json:"name" cty:"name"`
	// Automount says that pods get its token unless they say otherwise.
	Automount bool `json:"automount" cty:"automount"`
	// System says that it is in a namespace that Kubernetes made.
	System bool `json:"system" cty:"system"`
}

// Grant is one rule of a role, for one subject that a binding gives it to.
type Grant struct {
	// Binding is the binding's name; Namespace is where it holds, "" everywhere.
	Binding   string `json:"binding" cty:"binding"`
	Namespace string `json:"namespace" cty:"namespace"`
	// RoleKind is ClusterRole, or Role: one of the namespace, whose name says nothing.
	RoleKind string `json:"role_kind" cty:"role_kind"`
	Role     string `json:"role" cty:"role"`
	// SubjectKind is User, Group or ServiceAccount.
	SubjectKind      string `json:"subject_kind" cty:"subject_kind"`
	Subject          string `json:"subject" cty:"subject"`
	SubjectNamespace string `json:"subject_namespace" cty:"subject_namespace"`
	// Verbs, Groups, Resources, Names and URLs are the rule's own words; "*" is all.
	Verbs     []string `json:"verbs" cty:"verbs"`
	Groups    []string `json:"groups" cty:"groups"`
	Resources []string `json:"resources" cty:"resources"`
	Names     []string `json:"names" cty:"names"`
	URLs      []string `json:"urls" cty:"urls"`
	// Builtin says that Kubernetes or kubeadm makes this binding.
	Builtin bool `json:"builtin" cty:"builtin"`
}

// NetworkPolicy is what a policy comes to for all pods of its namespace.
type NetworkPolicy struct {
	Namespace string `json:"namespace" cty:"namespace"`
	Name      string `json:"name" cty:"name"`
	// AllPods says that it selects every pod of the namespace.
	AllPods bool `json:"all_pods" cty:"all_pods"`
	// DeniesIngress and DeniesEgress say that it is about that direction and allows
	// nothing; AllowsDNS that all it allows of egress is port 53.
	DeniesIngress bool `json:"denies_ingress" cty:"denies_ingress"`
	DeniesEgress  bool `json:"denies_egress" cty:"denies_egress"`
	AllowsDNS     bool `json:"allows_dns" cty:"allows_dns"`
}

// Namespaced names an object of which it matters that it is there.
type Namespaced struct {
	Namespace string `json:"namespace" cty:"namespace"`
	Name      string `json:"name" cty:"name"`
}

// AdmissionPolicy is a ValidatingAdmissionPolicy.
type AdmissionPolicy struct {
	Name string `json:"name" cty:"name"`
	// Owned says that bulwark made it.
	Owned bool `json:"owned" cty:"owned"`
	// Actions are what its bindings do: Deny, Warn, Audit; none where it is not bound.
	Actions []string `json:"actions" cty:"actions"`
}

// Thing is an object by its kind and name.
type Thing struct {
	Namespace string `json:"namespace" cty:"namespace"`
	Kind      string `json:"kind" cty:"kind"`
	Name      string `json:"name" cty:"name"`
}
