package cluster

import "slices"

// BlockSetting is a setting of one of a spec's own blocks that a control may ask for.
type BlockSetting struct {
	// Setting has its path as Key, "audit.max_age", and its rule.
	Setting
	// Get and Set are its value in a cluster: int64, bool, string or []string.
	Get func(*Cluster) any
	Set func(*Cluster, any)
}

// BlockSettings are all of them. Settings of components are in [Hardened].
func BlockSettings() []BlockSetting {
	return []BlockSetting{
		number("audit.max_age", func(c *Cluster) *int { return &c.Audit.MaxAge }),
		number("audit.max_backup", func(c *Cluster) *int { return &c.Audit.MaxBackup }),
		number("audit.max_size", func(c *Cluster) *int { return &c.Audit.MaxSize }),
		// Not that one were stronger: aescbc is what every standard takes, secretbox what
		// those take that ask for no validated cipher.
		text("encryption.provider", Ordered, []string{"secretbox", "aescbc"}, func(c *Cluster) *string { return &c.Encryption.Provider }),
		list("encryption.resources", Union, func(c *Cluster) *[]string { return &c.Encryption.Resources }),
		// Each is what a standard asks for word by word, and what another forbids.
		text("audit.policy", OneOf, []string{AuditMetadata, AuditEverything}, func(c *Cluster) *string { return &c.Audit.Policy }),
		text("admission.pod_security", Ordered, []string{PodSecurityBaseline, PodSecurityRestricted}, func(c *Cluster) *string { return &c.Admission.PodSecurity }),
		list("admission.exempt_namespaces", Exempt, func(c *Cluster) *[]string { return &c.Admission.ExemptNamespaces }),
		toggle("admission.always_pull_images", func(c *Cluster) *bool { return &c.Admission.AlwaysPullImages }),
		toggle("policy.default_deny", func(c *Cluster) *bool { return &c.Policy.DefaultDeny }),
		toggle("policy.no_default_tokens", func(c *Cluster) *bool { return &c.Policy.NoDefaultTokens }),
		toggle("policy.unprivileged_kube_proxy", func(c *Cluster) *bool { return &c.Policy.UnprivilegedKubeProxy }),
		text("policy.images.mode", Ordered, []string{"", ImagesAudit, ImagesEnforce}, func(c *Cluster) *string { return &c.Policy.Images.Mode }),
		toggle("policy.images.digests", func(c *Cluster) *bool { return &c.Policy.Images.Digests }),
		toggle("policy.images.refuse_latest", func(c *Cluster) *bool { return &c.Policy.Images.RefuseLatest }),
		list("policy.images.registries", Beneath, func(c *Cluster) *[]string { return &c.Policy.Images.Registries }),
		list("policy.images.exempt_namespaces", Exempt, func(c *Cluster) *[]string { return &c.Policy.Images.ExemptNamespaces }),
	}
}

// BlockSettingAt finds the setting of a path.
func BlockSettingAt(path string) (BlockSetting, bool) {
	for _, b := range BlockSettings() {
		if b.Key == path {
			return b, true
		}
	}
	return BlockSetting{}, false
}

// NamespaceSetting is the Pod Security standard of a namespace that the spec makes: what
// admission.pod_security is for all is the least for each. False where there is none of
// the name.
func (c *Cluster) NamespaceSetting(name string) (BlockSetting, bool) {
	at := func(c *Cluster) *ManagedNamespace {
		i := slices.IndexFunc(c.Policy.Namespaces, func(n ManagedNamespace) bool { return n.Name == name })
		if i < 0 {
			return &ManagedNamespace{}
		}
		return &c.Policy.Namespaces[i]
	}
	return text("policy.namespace."+name+".pod_security", Ordered, []string{PodSecurityBaseline, PodSecurityRestricted},
		func(c *Cluster) *string { return &at(c).PodSecurity }), at(c).Name != ""
}

func number(path string, field func(*Cluster) *int) BlockSetting {
	return BlockSetting{Setting{Key: path, Rule: Minimum}, func(c *Cluster) any { return int64(*field(c)) },
		func(c *Cluster, v any) {
			if n, ok := v.(int64); ok {
				*field(c) = int(n)
			}
		}}
}

func text(path string, rule Rule, levels []string, field func(*Cluster) *string) BlockSetting {
	return BlockSetting{Setting{Key: path, Rule: rule, Levels: levels}, func(c *Cluster) any { return *field(c) },
		func(c *Cluster, v any) {
			if s, ok := v.(string); ok {
				*field(c) = s
			}
		}}
}

func list(path string, rule Rule, field func(*Cluster) *[]string) BlockSetting {
	return BlockSetting{Setting{Key: path, Rule: rule}, func(c *Cluster) any { return *field(c) },
		func(c *Cluster, v any) {
			if l, ok := v.([]string); ok {
				*field(c) = slices.Sorted(slices.Values(l))
			}
		}}
}

func toggle(path string, field func(*Cluster) *bool) BlockSetting {
	return BlockSetting{Setting{Key: path, Rule: TrueWins}, func(c *Cluster) any { return *field(c) },
		func(c *Cluster, v any) {
			if b, ok := v.(bool); ok {
				*field(c) = b
			}
		}}
}
