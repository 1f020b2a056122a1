package spec

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// What a spec that says nothing else means, in generation 1 of the defaults.
const (
	generation        = 1
	defaultKubernetes = "1.37.2"
	defaultMinor      = 37
	defaultAPIPort    = 6443
	defaultSSHPort    = 22
	defaultDNSDomain  = "cluster.local"
	defaultMaxAge     = 366
	defaultMaxBackup  = 10
	defaultMaxSize    = 100
	// One worker at a time, until somebody says that more may be away.
	defaultMaxUnavailable = 1
)

func defaultPods() []netip.Prefix     { return []netip.Prefix{netip.MustParsePrefix("10.244.0.0/16")} }
func defaultServices() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("10.96.0.0/12")} }

// cluster resolves the cluster block: each part by itself, then what only the
// whole shows.
func (l *loader) cluster(t *clusterText, own []*profileText) {
	l.c.Name = t.Name
	l.from("name", t.NameRange)
	l.label(item{t.Name, t.NameRange}, "cluster")

	l.c.Defaults = generation
	if n, ok := l.integer(t.Defaults, 1, 1<<30); ok {
		l.from("defaults", t.Defaults.Range)
		if n != generation {
			l.report(problem(CodeRange, t.Defaults.Expr.Range(), "Unknown generation of defaults",
				"This bulwark knows generation %d of the defaults. Write defaults = %d, or use a newer bulwark.", generation, generation))
		}
	}
	l.version(t)
	l.imageRepository(t)
	l.maxUnavailable(t)

	l.network(t.Network)
	l.ssh(t.SSH)
	l.firewall(t)
	l.encryption(t.Encryption)
	l.audit(t.Audit)
	l.admission(t.Admission)
	l.policy(t.Policy)
	l.raw(t)
	for _, n := range t.Nodes {
		l.node(n)
	}
	l.standards(t, own)
	l.endpoint(t)
	l.checkNodes(t)
	l.checkRanges(t)
	l.checkExposed(t.At)
	l.checkSoftened(t)
	l.checkPolicy(t.At)
}

func (l *loader) version(t *clusterText) {
	l.c.Kubernetes, _ = cluster.ParseVersion(defaultKubernetes)
	s, ok := l.str(t.Kubernetes)
	if !ok {
		return
	}
	l.from("kubernetes", t.Kubernetes.Range)
	v, err := cluster.ParseVersion(s.value)
	switch {
	case err != nil:
		l.report(problem(CodeChoice, s.at, "Not a version", "%s. Write all three numbers in quotes.", err))
	case v.Major != 1 || v.Minor != defaultMinor:
		l.report(problem(CodeNotYet, s.at, "Version not supported", "This bulwark builds Kubernetes 1.%d, and its settings are checked against that. Write %q.", defaultMinor, defaultKubernetes))
	default:
		l.c.Kubernetes = v
	}
}

var repositoryPattern = pattern(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$`)

func (l *loader) imageRepository(t *clusterText) {
	s, ok := l.str(t.ImageRepository)
	if !ok {
		return
	}
	l.from("image_repository", t.ImageRepository.Range)
	if len(s.value) > 255 || !repositoryPattern().MatchString(s.value) {
		l.report(problem(CodeName, s.at, "Not an image repository",
			"%q is not a registry and path such as registry.example.com:5000/k8s; write it without https:// and without a tag.", s.value))
		return
	}
	l.c.ImageRepository = s.value
}

// keyNamePattern is narrower than Kubernetes', which refuses nothing but a colon.
var keyNamePattern = pattern(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

func (l *loader) encryption(t *encryptionText) {
	e := &l.c.Encryption
	e.Provider, e.KeyName, e.Resources = "secretbox", cluster.DefaultKeyName, []string{"secrets"}
	if t == nil {
		return
	}
	if s, ok := l.str(t.Provider); ok {
		l.from("encryption.provider", t.Provider.Range)
		switch s.value {
		case "secretbox", "aescbc":
			e.Provider = s.value
		case "identity":
			l.report(problem(CodeWeak, s.at, "Provider that does not encrypt", "\"identity\" stores Secrets as they are (CIS 1.2.28, V-274882). Write \"secretbox\" or \"aescbc\"."))
		case "aesgcm":
			l.report(problem(CodeWeak, s.at, "Provider that needs its key changed", "\"aesgcm\" is unsafe unless its key is changed every 200,000 writes, and CIS 1.2.28 does not accept it. Write \"secretbox\" or \"aescbc\"."))
		case "kms":
			l.report(problem(CodeNotYet, s.at, "Provider not yet known", "\"kms\" is not yet known in this version. Write \"secretbox\" or \"aescbc\"."))
		default:
			l.report(problem(CodeChoice, s.at, "Unknown provider", "%q is no provider.%s Write \"secretbox\" or \"aescbc\".", s.value, didYouMean(s.value, []string{"secretbox", "aescbc"})))
		}
	}
	if s, ok := l.str(t.KeyName); ok {
		l.from("encryption.key_name", t.KeyName.Range)
		if e.KeyName = s.value; !keyNamePattern().MatchString(s.value) {
			l.report(problem(CodeName, s.at, "No name of a key", "%q is not the name of a key in an EncryptionConfiguration: write letters, digits, \"-\", \"_\" and \".\", 63 at most.", s.value))
		}
	}
	items, _ := l.list(t.Resources)
	if t.Resources != nil {
		l.from("encryption.resources", t.Resources.Range)
	}
	for _, r := range items {
		name, group, _ := strings.Cut(r.value, ".")
		switch {
		case strings.Contains(r.value, "*"):
			l.report(problem(CodeChoice, r.at, "Wildcard resource", "%q cannot be undone resource by resource. Name the resources, as in \"configmaps\" or \"widgets.example.com\".", r.value))
		case len(validation.IsDNS1035Label(name)) > 0 || group != "" && len(validation.IsDNS1123Subdomain(group)) > 0 || strings.HasSuffix(r.value, "."):
			l.report(problem(CodeName, r.at, "Not a resource", "%q is not an API resource such as \"configmaps\" or \"widgets.example.com\": plural, in small letters.", r.value))
		default:
			e.Resources = append(e.Resources, r.value)
		}
	}
	slices.Sort(e.Resources)
	e.Resources = slices.Compact(e.Resources)
}

func (l *loader) audit(t *auditText) {
	l.c.Audit = cluster.Audit{Policy: cluster.AuditMetadata, MaxAge: defaultMaxAge, MaxBackup: defaultMaxBackup, MaxSize: defaultMaxSize}
	if t == nil {
		return
	}
	for _, s := range []struct {
		attr   *hcl.Attribute
		into   *int
		lo, hi int
		why    string
	}{
		{t.MaxAge, &l.c.Audit.MaxAge, 30, 36500, "days (CIS 1.2.17, V-242464)"},
		{t.MaxBackup, &l.c.Audit.MaxBackup, 10, 10000, "files (CIS 1.2.18, V-242463)"},
		{t.MaxSize, &l.c.Audit.MaxSize, 100, 100000, "megabytes (CIS 1.2.19, V-242462)"},
	} {
		n, ok := l.integer(s.attr, -1<<31, s.hi)
		if !ok {
			continue
		}
		l.from("audit."+s.attr.Name, s.attr.Range)
		if n < s.lo {
			l.report(problem(CodeWeak, s.attr.Expr.Range(), "Audit log kept too short", "%q is at least %d %s; the default is %d. A value of 0 would switch the limit off. Raise it or leave the line out.", s.attr.Name, s.lo, s.why, *s.into))
			continue
		}
		*s.into = n
	}
	l.choice(t.Policy, "audit.policy", &l.c.Audit.Policy, cluster.AuditMetadata, cluster.AuditEverything)
}

func (l *loader) admission(t *admissionText) {
	a := &l.c.Admission
	a.PodSecurity, a.ExemptNamespaces = cluster.PodSecurityRestricted, []string{"kube-system"}
	if t == nil {
		return
	}
	l.choice(t.PodSecurity, "admission.pod_security", &a.PodSecurity, podSecurityLevels()...)
	l.toggle(t.AlwaysPullImages, "admission.always_pull_images", &a.AlwaysPullImages)
	items, _ := l.list(t.ExemptNamespaces)
	if t.ExemptNamespaces != nil {
		l.from("admission.exempt_namespaces", t.ExemptNamespaces.Range)
	}
	for _, ns := range items {
		if !l.label(ns, "namespace") {
			continue
		}
		if ns.value == "default" {
			l.report(caution(ns.at, "Namespace default is exempt", "Pods that name no namespace run in \"default\", and may then be privileged. Give the workload a namespace of its own and exempt that."))
		}
		a.ExemptNamespaces = append(a.ExemptNamespaces, ns.value)
	}
	slices.Sort(a.ExemptNamespaces)
	a.ExemptNamespaces = slices.Compact(a.ExemptNamespaces)
}

// podSecurityLevels are those of a spec, the default first. The third one holds
// pods to nothing; a namespace that needs it is exempt by name.
func podSecurityLevels() []string {
	return []string{cluster.PodSecurityRestricted, cluster.PodSecurityBaseline}
}

func nodePath(name, attr string) string { return fmt.Sprintf("node.%s.%s", name, attr) }

// Default is what a spec means that says nothing, but for its name, its admins
// and its nodes, which have no default.
func Default() *cluster.Cluster {
	l, t := newLoader(Options{}), &clusterText{}
	l.c.Defaults = generation
	l.version(t)
	l.maxUnavailable(t)
	l.network(t.Network)
	l.ssh(t.SSH)
	l.encryption(t.Encryption)
	l.audit(t.Audit)
	l.admission(t.Admission)
	l.endpoint(t)
	return l.c
}
