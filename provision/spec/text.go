package spec

import "github.com/hashicorp/hcl/v2"

// The words of the language, as the user wrote them: attributes with their
// ranges, nothing evaluated, nothing defaulted. Each type is one block.

type rootText struct {
	Clusters  []*clusterText   `hcl:"cluster,block"`
	Variables []*variableText  `hcl:"variable,block"`
	Locals    []*localsText    `hcl:"locals,block"`
	Profiles  []*profileText   `hcl:"profile,block"`
	Deviation []*misplacedText `hcl:"deviation,block"`
}

type variableText struct {
	Name        string         `hcl:"name,label"`
	NameRange   hcl.Range      `hcl:"name,label_range"`
	Type        *hcl.Attribute `hcl:"type,optional"`
	Default     *hcl.Attribute `hcl:"default,optional"`
	Description *hcl.Attribute `hcl:"description,optional"`
	Sensitive   *hcl.Attribute `hcl:"sensitive,optional"`
	At          hcl.Range      `hcl:",def_range"`
}

type localsText struct {
	Attrs hcl.Attributes `hcl:",remain"`
}

// misplacedText is a block that belongs to another version or another file.
type misplacedText struct {
	Name string    `hcl:"name,label"`
	Body hcl.Body  `hcl:",remain"`
	At   hcl.Range `hcl:",def_range"`
}

type clusterText struct {
	Name      string    `hcl:"name,label"`
	NameRange hcl.Range `hcl:"name,label_range"`
	At        hcl.Range `hcl:",def_range"`

	Defaults        *hcl.Attribute `hcl:"defaults,optional"`
	Kubernetes      *hcl.Attribute `hcl:"kubernetes,optional"`
	ImageRepository *hcl.Attribute `hcl:"image_repository,optional"`
	MaxUnavailable  *hcl.Attribute `hcl:"max_unavailable,optional"`
	Profiles        *hcl.Attribute `hcl:"profiles,optional"`
	SoftenAnywhere  *hcl.Attribute `hcl:"soften_anywhere,optional"`

	Endpoint   *endpointText   `hcl:"endpoint,block"`
	Network    *networkText    `hcl:"network,block"`
	SSH        *sshText        `hcl:"ssh,block"`
	Firewall   *firewallText   `hcl:"firewall,block"`
	Encryption *encryptionText `hcl:"encryption,block"`
	Audit      *auditText      `hcl:"audit,block"`
	Admission  *admissionText  `hcl:"admission,block"`
	Policy     *policyText     `hcl:"policy,block"`

	APIServer         *argsText   `hcl:"apiserver,block"`
	ControllerManager *argsText   `hcl:"controller_manager,block"`
	Scheduler         *argsText   `hcl:"scheduler,block"`
	Etcd              *argsText   `hcl:"etcd,block"`
	Kubelet           *configText `hcl:"kubelet,block"`
	KubeProxy         *configText `hcl:"kube_proxy,block"`

	Nodes  []*nodeText  `hcl:"node,block"`
	Waives []*waiveText `hcl:"waive,block"`
}

type endpointText struct {
	Host      *hcl.Attribute `hcl:"host,optional"`
	Port      *hcl.Attribute `hcl:"port,optional"`
	VIP       *hcl.Attribute `hcl:"vip,optional"`
	Balancers *hcl.Attribute `hcl:"balancers,optional"`
}

type networkText struct {
	Pods      *hcl.Attribute `hcl:"pods,optional"`
	Services  *hcl.Attribute `hcl:"services,optional"`
	DNSDomain *hcl.Attribute `hcl:"dns_domain,optional"`
	CNIPorts  *hcl.Attribute `hcl:"cni_ports,optional"`
	CNI       *cniText       `hcl:"cni,block"`
}

type cniText struct {
	Kind      string         `hcl:"kind,label"`
	KindRange hcl.Range      `hcl:"kind,label_range"`
	Manifest  *hcl.Attribute `hcl:"manifest,optional"`
	At        hcl.Range      `hcl:",def_range"`
}

type sshText struct {
	User           *hcl.Attribute `hcl:"user,optional"`
	Port           *hcl.Attribute `hcl:"port,optional"`
	Bastion        *hcl.Attribute `hcl:"bastion,optional"`
	BastionHostKey *hcl.Attribute `hcl:"bastion_host_key,optional"`
}

type firewallText struct {
	Admins    *hcl.Attribute `hcl:"admins,optional"`
	NodePorts *hcl.Attribute `hcl:"nodeports,optional"`
	Allows    []*allowText   `hcl:"allow,block"`
	At        hcl.Range      `hcl:",def_range"`
}

type allowText struct {
	Name      string         `hcl:"name,label"`
	NameRange hcl.Range      `hcl:"name,label_range"`
	On        *hcl.Attribute `hcl:"on,optional"`
	Ports     *hcl.Attribute `hcl:"ports,optional"`
	From      *hcl.Attribute `hcl:"from,optional"`
	At        hcl.Range      `hcl:",def_range"`
}

type encryptionText struct {
	Provider  *hcl.Attribute `hcl:"provider,optional"`
	KeyName   *hcl.Attribute `hcl:"key_name,optional"`
	Resources *hcl.Attribute `hcl:"resources,optional"`
}

type auditText struct {
	Policy    *hcl.Attribute `hcl:"policy,optional"`
	MaxAge    *hcl.Attribute `hcl:"max_age,optional"`
	MaxBackup *hcl.Attribute `hcl:"max_backup,optional"`
	MaxSize   *hcl.Attribute `hcl:"max_size,optional"`
}

type admissionText struct {
	PodSecurity      *hcl.Attribute `hcl:"pod_security,optional"`
	ExemptNamespaces *hcl.Attribute `hcl:"exempt_namespaces,optional"`
	AlwaysPullImages *hcl.Attribute `hcl:"always_pull_images,optional"`
}

type policyText struct {
	DefaultDeny           *hcl.Attribute `hcl:"default_deny,optional"`
	NoDefaultTokens       *hcl.Attribute `hcl:"no_default_tokens,optional"`
	UnprivilegedKubeProxy *hcl.Attribute `hcl:"unprivileged_kube_proxy,optional"`
	Namespaces            []*managedText `hcl:"namespace,block"`
	Images                *imagesText    `hcl:"images,block"`
}

type managedText struct {
	Name        string         `hcl:"name,label"`
	NameRange   hcl.Range      `hcl:"name,label_range"`
	PodSecurity *hcl.Attribute `hcl:"pod_security,optional"`
	At          hcl.Range      `hcl:",def_range"`
}

type imagesText struct {
	Registries       *hcl.Attribute `hcl:"registries,optional"`
	Digests          *hcl.Attribute `hcl:"digests,optional"`
	RefuseLatest     *hcl.Attribute `hcl:"refuse_latest,optional"`
	Mode             *hcl.Attribute `hcl:"mode,optional"`
	ExemptNamespaces *hcl.Attribute `hcl:"exempt_namespaces,optional"`
	At               hcl.Range      `hcl:",def_range"`
}

type argsText struct {
	Args *hcl.Attribute `hcl:"args,optional"`
}

type configText struct {
	Config *hcl.Attribute `hcl:"config,optional"`
}

type nodeText struct {
	Name      string         `hcl:"name,label"`
	NameRange hcl.Range      `hcl:"name,label_range"`
	Role      *hcl.Attribute `hcl:"role,optional"`
	Address   *hcl.Attribute `hcl:"address,optional"`
	HostKey   *hcl.Attribute `hcl:"host_key,optional"`
	SSHHost   *hcl.Attribute `hcl:"ssh_host,optional"`
	Labels    *hcl.Attribute `hcl:"labels,optional"`
	Taints    *hcl.Attribute `hcl:"taints,optional"`
	At        hcl.Range      `hcl:",def_range"`
}
