package policy

import (
	"cmp"
	"encoding/json"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apiserverv1 "k8s.io/apiserver/pkg/apis/apiserver/v1"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Admission is the AdmissionConfiguration (v1) with all plugins that are told
// anything inside it, so that one file says it all.
func Admission(c *cluster.Cluster) ([]byte, error) {
	out := &apiserverv1.AdmissionConfiguration{
		TypeMeta: metav1.TypeMeta{APIVersion: apiserverv1.SchemeGroupVersion.String(), Kind: "AdmissionConfiguration"},
	}
	for _, p := range []struct {
		name   string
		config any
	}{
		{"EventRateLimit", eventRateLimit()},
		{"PodSecurity", podSecurity(c.Admission)},
	} {
		raw, err := json.Marshal(p.config)
		if err != nil {
			return nil, err
		}
		out.Plugins = append(out.Plugins, apiserverv1.AdmissionPluginConfiguration{
			Name:          p.name,
			Configuration: &runtime.Unknown{Raw: raw, ContentType: runtime.ContentTypeJSON},
		})
	}
	return encode(out)
}

// podSecurityConfiguration is PodSecurityConfiguration of
// k8s.io/pod-security-admission/admission/api/v1, a module of three structs.
type podSecurityConfiguration struct {
	metav1.TypeMeta `json:",inline"`
	Defaults        podSecurityDefaults   `json:"defaults"`
	Exemptions      podSecurityExemptions `json:"exemptions"`
}

type podSecurityDefaults struct {
	Enforce        string `json:"enforce"`
	EnforceVersion string `json:"enforce-version"`
	Audit          string `json:"audit"`
	AuditVersion   string `json:"audit-version"`
	Warn           string `json:"warn"`
	WarnVersion    string `json:"warn-version"`
}

type podSecurityExemptions struct {
	Usernames      []string `json:"usernames"`
	Namespaces     []string `json:"namespaces"`
	RuntimeClasses []string `json:"runtimeClasses"`
}

// PodSecurityLevel is the standard that namespaces are held to which neither are
// exempt nor say otherwise by a label: the strictest one unless the spec says another.
func PodSecurityLevel(a cluster.Admission) string {
	return cmp.Or(a.PodSecurity, cluster.PodSecurityRestricted)
}

// ExemptNamespaces are not held to any, sorted.
func ExemptNamespaces(a cluster.Admission) []string {
	return withRequired(a.ExemptNamespaces, "kube-system")
}

// podSecurity holds every namespace to one standard (KEP-2579; CIS 5.2, V-254800), but for those exempted by name: a user or a runtime class
// would be a way around it in all of them. A label on a namespace can still
// loosen it there, and setting that label is a right of its own.
func podSecurity(a cluster.Admission) podSecurityConfiguration {
	level, version := PodSecurityLevel(a), "latest"
	return podSecurityConfiguration{
		TypeMeta: metav1.TypeMeta{APIVersion: "pod-security.admission.config.k8s.io/v1", Kind: "PodSecurityConfiguration"},
		Defaults: podSecurityDefaults{
			Enforce: level, EnforceVersion: version,
			Audit: level, AuditVersion: version,
			Warn: level, WarnVersion: version,
		},
		Exemptions: podSecurityExemptions{
			Usernames:      []string{},
			Namespaces:     ExemptNamespaces(a),
			RuntimeClasses: []string{},
		},
	}
}

// eventRateLimitConfiguration is Configuration of the plugin's v1alpha1, the
// only version there is (k8s.io/kubernetes/plugin/pkg/admission/eventratelimit).
type eventRateLimitConfiguration struct {
	metav1.TypeMeta `json:",inline"`
	Limits          []eventLimit `json:"limits"`
}

type eventLimit struct {
	Type      string `json:"type"`
	QPS       int32  `json:"qps"`
	Burst     int32  `json:"burst"`
	CacheSize int32  `json:"cacheSize,omitempty"`
}

// eventRateLimit keeps events from filling etcd (CIS 1.2.9). A limit of its own
// for each user and namespace keeps one that misbehaves from taking the others'
// share; a user's lies above the 50 a second, 100 at once that a kubelet is
// configured to send, so that only storms are cut.
func eventRateLimit() eventRateLimitConfiguration {
	return eventRateLimitConfiguration{
		TypeMeta: metav1.TypeMeta{APIVersion: "eventratelimit.admission.k8s.io/v1alpha1", Kind: "Configuration"},
		Limits: []eventLimit{
			{Type: "Server", QPS: 1000, Burst: 5000},
			{Type: "Namespace", QPS: 200, Burst: 1000, CacheSize: 2000},
			{Type: "User", QPS: 100, Burst: 400, CacheSize: 2000},
		},
	}
}

// withRequired is a sorted list with one more that must be in it, each once.
func withRequired(list []string, required string) []string {
	out := append(slices.Clone(list), required)
	slices.Sort(out)
	return slices.Compact(out)
}
