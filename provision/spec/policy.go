package spec

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// policy resolves what bulwark owns in the API of the cluster. All of it is off
// until the spec switches it on.
func (l *loader) policy(t *policyText) {
	if t == nil {
		return
	}
	p := &l.c.Policy
	l.toggle(t.DefaultDeny, "policy.default_deny", &p.DefaultDeny)
	l.toggle(t.NoDefaultTokens, "policy.no_default_tokens", &p.NoDefaultTokens)
	l.toggle(t.UnprivilegedKubeProxy, "policy.unprivileged_kube_proxy", &p.UnprivilegedKubeProxy)
	seen := map[string]*managedText{}
	for _, n := range t.Namespaces {
		if first, twice := seen[n.Name]; twice {
			l.report(problem(CodeDuplicate, n.NameRange, "Namespace named twice", "namespace %q is already there on line %d. Remove one of the two.", n.Name, first.At.Start.Line))
			continue
		}
		seen[n.Name] = n
		l.managed(n)
	}
	if t.Images != nil {
		l.images(t.Images)
	}
}

// kubernetesNamespaces are there in every cluster, and Kubernetes' own.
func kubernetesNamespaces() []string {
	return []string{"kube-system", "kube-public", "kube-node-lease"}
}

// managed is one namespace that bulwark makes and labels.
func (l *loader) managed(t *managedText) {
	path := "policy.namespace." + t.Name
	if !l.label(item{t.Name, t.NameRange}, "namespace") {
		return
	}
	l.from(path, t.At)
	out := cluster.ManagedNamespace{Name: t.Name, PodSecurity: l.c.Admission.PodSecurity}
	l.choice(t.PodSecurity, path+".pod_security", &out.PodSecurity, podSecurityLevels()...)
	switch {
	case slices.Contains(kubernetesNamespaces(), t.Name):
		l.report(problem(CodeChoice, t.NameRange, "Namespace of Kubernetes", "%q is Kubernetes' own: its labels are not a spec's to set. Remove the block.", t.Name))
		return
	case slices.Contains(l.c.Admission.ExemptNamespaces, t.Name):
		l.report(problem(CodeContra, t.NameRange, "Namespace that is exempt", "%q is in admission { exempt_namespaces } too, so that no label holds it to anything. Take it out of one of the two.", t.Name))
	}
	l.c.Policy.Namespaces = append(l.c.Policy.Namespaces, out)
}

var (
	registryHost = pattern(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$`)
	registryPath = pattern(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)
)

// isRegistry says whether a name is a registry, with a path in it perhaps. What
// stands before the first "/" is a registry only where it has a dot or a port, or
// is localhost: every other name is one of Docker Hub's.
func isRegistry(name string) bool {
	host, path, has := strings.Cut(name, "/")
	return len(name) <= 255 && registryHost().MatchString(host) && (strings.ContainsAny(host, ".:") || host == "localhost") &&
		(!has || registryPath().MatchString(path))
}

// images is the policy of images.
func (l *loader) images(t *imagesText) {
	i := &l.c.Policy.Images
	l.from("policy.images", t.At)
	i.Mode, i.ExemptNamespaces = cluster.ImagesAudit, []string{"kube-system"}
	l.choice(t.Mode, "policy.images.mode", &i.Mode, cluster.ImagesAudit, cluster.ImagesEnforce)
	l.toggle(t.Digests, "policy.images.digests", &i.Digests)
	l.toggle(t.RefuseLatest, "policy.images.refuse_latest", &i.RefuseLatest)
	items, _ := l.list(t.Registries)
	if t.Registries != nil {
		l.from("policy.images.registries", t.Registries.Range)
		if len(items) == 0 {
			l.report(problem(CodeMissing, t.Registries.Expr.Range(), "No registries", "An empty list would refuse every image. Name where images come from, as in [\"registry.example.com\"], or leave the line out for any."))
		}
	}
	for _, r := range items {
		switch name := strings.TrimSuffix(r.value, "/"); {
		case strings.Contains(name, "*"):
			l.report(problem(CodeName, r.at, "Wildcard in a registry", "%s has a wildcard. Each entry is a registry, or a path in one, and means everything below it.", short(r.value)))
		case !isRegistry(name):
			l.report(problem(CodeName, r.at, "Not a registry", "%s is no registry and path such as \"registry.example.com:5000/team\"; write it in small letters, without https:// and without a tag. Docker Hub's is \"docker.io\".", short(r.value)))
		default:
			i.Registries = append(i.Registries, name)
		}
	}
	slices.Sort(i.Registries)
	i.Registries = slices.Compact(i.Registries)
	exempt, _ := l.list(t.ExemptNamespaces)
	if t.ExemptNamespaces != nil {
		l.from("policy.images.exempt_namespaces", t.ExemptNamespaces.Range)
	}
	for _, ns := range exempt {
		if l.label(ns, "namespace") {
			i.ExemptNamespaces = append(i.ExemptNamespaces, ns.value)
		}
	}
	slices.Sort(i.ExemptNamespaces)
	i.ExemptNamespaces = slices.Compact(i.ExemptNamespaces)
	if t.Registries == nil && !i.Digests && !i.RefuseLatest {
		l.report(problem(CodeMissing, t.At, "Policy that asks for nothing", "The block images names no registries, and neither digests = true nor refuse_latest = true. Write one of them, or remove the block."))
	}
}

// checkPolicy is what other blocks have to say of the policy, which may be a profile's.
func (l *loader) checkPolicy(near hcl.Range) {
	near = l.where("profiles", near)
	p := l.c.Policy
	if p.DefaultDeny && l.c.Network.CNI.Kind == cluster.CNIBridge {
		l.report(caution(l.where("policy.default_deny", near), "NetworkPolicies without effect", "cni \"bridge\" enforces no NetworkPolicy: they will be there, and close nothing. Use a pod network that enforces them."))
	}
	if !p.UnprivilegedKubeProxy {
		return
	}
	config := func(path ...string) any {
		var at any = map[string]any(l.c.KubeProxy)
		for _, name := range path {
			m, _ := at.(map[string]any)
			at = m[name]
		}
		return at
	}
	needs := func(setting, why string) {
		l.report(problem(CodeContra, l.where("policy.unprivileged_kube_proxy", near), "kube-proxy without its rights", "kube_proxy { config } has %s, and %s, which only a privileged container may. Take one of the two out.", setting, why))
	}
	if config("mode") == "ipvs" {
		needs(`mode = "ipvs"`, "in this mode kube-proxy sets many of the kernel's settings when it starts")
	}
	if config("iptables", "localhostNodePorts") == true {
		needs("iptables.localhostNodePorts = true", "for that it sets net.ipv4.conf.all.route_localnet")
	}
	for _, name := range []string{"maxPerCore", "min", "tcpBeLiberal", "tcpCloseWaitTimeout", "tcpEstablishedTimeout", "udpStreamTimeout", "udpTimeout"} {
		switch config("conntrack", name) {
		case nil, false, int64(0), "", "0", "0s":
		default:
			needs("conntrack."+name, "it is a setting of the kernel")
		}
	}
}
