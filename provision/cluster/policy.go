package cluster

import "slices"

// Policy is what standards ask of the cluster itself: objects of its API that
// bulwark owns. The zero value is a cluster in which it owns none of them.
type Policy struct {
	// Namespaces are those that bulwark makes and labels, in the order of the spec.
	Namespaces []ManagedNamespace
	// DefaultDeny closes pods of "default" and of Namespaces to each other and to
	// all else by NetworkPolicies, but for the cluster's DNS.
	DefaultDeny bool
	// NoDefaultTokens keeps the token of the service account "default" out of pods
	// that do not ask for it, in the namespaces of [Policy.Tokenless].
	NoDefaultTokens bool
	// UnprivilegedKubeProxy runs kube-proxy with capabilities instead of all rights.
	UnprivilegedKubeProxy bool
	// Images says which images pods may run.
	Images Images
}

// ManagedNamespace is a namespace that bulwark makes where it is not there.
type ManagedNamespace struct {
	Name string
	// PodSecurity is the standard that it is held to by its labels, see
	// [Admission.PodSecurity].
	PodSecurity string
}

// The modes of the policy of images.
const (
	// ImagesAudit warns who makes a pod, and writes it into the audit log.
	ImagesAudit = "audit"
	// ImagesEnforce refuses the pod.
	ImagesEnforce = "enforce"
)

// Images says which images pods may run. Without a Mode there is no such policy.
type Images struct {
	// Mode is [ImagesAudit], [ImagesEnforce] or "".
	Mode string
	// Registries are where images may come from, each a registry or a path in
	// one: "registry.example.com:5000/team", sorted; none means any.
	Registries []string
	// Digests lets only images in that are named by a digest.
	Digests bool
	// RefuseLatest refuses the tag latest, and no tag, which means the same,
	// unless a digest says which image it is.
	RefuseLatest bool
	// ExemptNamespaces may run any image, sorted; "kube-system" is always among
	// them where there is a Mode.
	ExemptNamespaces []string
}

// Denied are the namespaces that [Policy.DefaultDeny] closes.
func (p Policy) Denied() []string {
	return p.with("default")
}

// Tokenless are the namespaces of [Policy.NoDefaultTokens]: those that are there
// before anybody makes one, and the managed ones.
func (p Policy) Tokenless() []string {
	return p.with("default", "kube-node-lease", "kube-public", "kube-system")
}

// with are some namespaces and the managed ones, each once.
func (p Policy) with(names ...string) []string {
	for _, n := range p.Namespaces {
		if !slices.Contains(names, n.Name) {
			names = append(names, n.Name)
		}
	}
	return names
}
