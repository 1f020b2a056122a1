package check

// Documents are configuration files of the API server and the firewall, as a check asks
// of them. Each is null where the component is not given one.

// PodSecurity is what the PodSecurity plugin holds namespaces to that say nothing:
// pod_security().
type PodSecurity struct {
	// Enforce, Audit and Warn are "privileged", "baseline" or "restricted".
	Enforce string `json:"enforce" cty:"enforce"`
	// EnforceVersion is the release whose standard is enforced: "latest", or as in "v1.30".
	EnforceVersion string `json:"enforce_version" cty:"enforce_version"`

	// Audit and Warn are as Enforce.
	Audit string `json:"audit" cty:"audit"`
	// Warn is what makers of pods are told of.
	Warn string `json:"warn" cty:"warn"`
	// Exempt are the namespaces that are held to nothing.
	Exempt []string `json:"exempt" cty:"exempt"`
	// ExemptUsers and ExemptRuntimes are users, and runtime classes, that are held to
	// nothing in any namespace.
	ExemptUsers    []string `json:"exempt_users" cty:"exempt_users"`
	ExemptRuntimes []string `json:"exempt_runtimes" cty:"exempt_runtimes"`
}

// Anonymous is what requests without credentials may reach: anonymous(). It comes of
// --anonymous-auth and of the authentication configuration.
type Anonymous struct {
	Enabled bool `json:"enabled" cty:"enabled"`
	// Paths are all they may reach; empty means every path.
	Paths []string `json:"paths" cty:"paths"`
}

// AuditRule is one rule of the audit policy, in its order: audit_rules().
type AuditRule struct {
	// Level is what is kept in the end, None, Metadata, Request or RequestResponse: None where
	// the policy leaves out every stage at which a request is written, and Metadata at most
	// where it leaves out its end. A list that is empty is about everything.
	Level  string   `json:"level" cty:"level"`
	Verbs  []string `json:"verbs" cty:"verbs"`
	Users  []string `json:"users" cty:"users"`
	Groups []string `json:"groups" cty:"groups"`
	// Resources are as in "secrets", "serviceaccounts/token" and
	// "tokenreviews.authentication.k8s.io"; all of a group is "*.apps".
	Resources  []string `json:"resources" cty:"resources"`
	Namespaces []string `json:"namespaces" cty:"namespaces"`
	URLs       []string `json:"urls" cty:"urls"`
}

// Firewall is the table that the firewall has: firewall().
type Firewall struct {
	// Loaded says that there is one, and Drops that what no rule lets in is dropped: a last
	// rule that drops is none behind one that accepts everything.
	Loaded bool `json:"loaded" cty:"loaded"`
	Drops  bool `json:"drops" cty:"drops"`
}

// Entry is what lies in a folder, or in one of its folders: entries("/etc/kubernetes/pki").
type Entry struct {
	Path string `json:"path" cty:"path"`
	// Type is "file", "dir", "symlink" or "other"; Mode is as in "0640".
	Type  string `json:"type" cty:"type"`
	Mode  string `json:"mode" cty:"mode"`
	Owner string `json:"owner" cty:"owner"`
	Group string `json:"group" cty:"group"`
}

// NodeObject is a Node of the API: nodes().
type NodeObject struct {
	Name   string            `json:"name" cty:"name"`
	Labels map[string]string `json:"labels" cty:"labels"`
	// Taints are as in "node-role.kubernetes.io/control-plane:NoSchedule".
	Taints []string `json:"taints" cty:"taints"`
	// Kubelet is its version, as in "v1.37.2".
	Kubelet string `json:"kubelet" cty:"kubelet"`
	Ready   bool   `json:"ready" cty:"ready"`
}

// Token is a bootstrap token: bootstrap_tokens().
type Token struct {
	ID          string `json:"id" cty:"id"`
	Description string `json:"description" cty:"description"`
}
