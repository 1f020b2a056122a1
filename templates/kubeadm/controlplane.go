package kubeadm

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm/v1beta4"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Values several components share. The four suites are all that V-242418 asks
// for and all that CIS 1.2.29 and 4.2.12 allow in common; suites of TLS 1.3 are
// not configurable in Go and stay on.
const (
	tlsMinVersion   = "VersionTLS12"
	tlsCipherSuites = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256," +
		"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
)

// apiServerArgs are what kubeadm does not set itself. There is no
// --anonymous-auth: the two may not be used together, and false would answer
// the probes kubeadm's manifest makes without credentials with 401
// (kubeadm#798); [AuthenticationFile] opens just those paths.
func apiServerArgs(c *cluster.Cluster) []v1beta4.Arg {
	return args(map[string]string{
		"authentication-config":                       AuthenticationFile,
		"admission-control-config-file":               AdmissionFile,
		"audit-policy-file":                           AuditPolicyFile,
		"audit-log-path":                              AuditLog,
		"audit-log-maxage":                            strconv.Itoa(c.Audit.MaxAge),
		"audit-log-maxbackup":                         strconv.Itoa(c.Audit.MaxBackup),
		"audit-log-maxsize":                           strconv.Itoa(c.Audit.MaxSize),
		"encryption-provider-config":                  EncryptionProviderFile,
		"encryption-provider-config-automatic-reload": "true",
		// The value replaces kubeadm's, so NodeRestriction is repeated (CIS 1.2.14).
		"enable-admission-plugins":                "NodeRestriction,EventRateLimit,DenyServiceExternalIPs,ValidatingAdmissionWebhook",
		"kubelet-certificate-authority":           PKIDir + "/ca.crt",
		"profiling":                               "false",
		"request-timeout":                         "60s",
		"service-account-extend-token-expiration": "false",
		"service-account-lookup":                  "true",
		"tls-min-version":                         tlsMinVersion,
		"tls-cipher-suites":                       tlsCipherSuites,
	}, c.APIServer)
}

// apiServerVolumes are directories, not files: a file that is replaced by
// rename stays the old one in a container it is mounted into. Both must exist;
// made by the kubelet they would be root's with mode 0755.
func apiServerVolumes() []v1beta4.HostPathMount {
	return []v1beta4.HostPathMount{
		{Name: "bulwark-apiserver", HostPath: APIServerDir, MountPath: APIServerDir, ReadOnly: true, PathType: corev1.HostPathDirectory},
		{Name: "bulwark-audit", HostPath: AuditDir, MountPath: AuditDir, PathType: corev1.HostPathDirectory},
	}
}

func controllerManagerArgs(c *cluster.Cluster) []v1beta4.Arg {
	return args(map[string]string{
		"profiling": "false",
		// Kubernetes keeps 12500 terminated pods; the benchmark's example of 10
		// would take away pods somebody still wants to read.
		"terminated-pod-gc-threshold": "1000",
		"tls-min-version":             tlsMinVersion,
		"tls-cipher-suites":           tlsCipherSuites,
	}, c.ControllerManager)
}

func schedulerArgs(c *cluster.Cluster) []v1beta4.Arg {
	return args(map[string]string{
		"profiling":         "false",
		"tls-min-version":   tlsMinVersion,
		"tls-cipher-suites": tlsCipherSuites,
	}, c.Scheduler)
}

// etcdArgs say false where absent would do: V-242379 and V-242380 want to see it.
func etcdArgs(c *cluster.Cluster) []v1beta4.Arg {
	return args(map[string]string{
		"auto-tls":        "false",
		"peer-auto-tls":   "false",
		"tls-min-version": "TLS1.2", // etcd's own spelling
		"cipher-suites":   tlsCipherSuites,
	}, c.Etcd)
}

// args are ours with the spec's on top, by name. kubeadm keeps the order of
// extra arguments, so it is ours to make.
func args(ours map[string]string, raw cluster.Component) []v1beta4.Arg {
	merged := maps.Clone(ours)
	for name, value := range raw.Args {
		if mine, ok := merged[name]; ok && unites(name) {
			value = union(mine, value)
		}
		merged[name] = value
	}
	var out []v1beta4.Arg
	for _, name := range slices.Sorted(maps.Keys(merged)) {
		out = append(out, v1beta4.Arg{Name: name, Value: merged[name]})
	}
	return out
}

// unites says whether a setting's values add up instead of the spec's
// replacing ours.
func unites(name string) bool { return name == "enable-admission-plugins" }

// union is a list with what the other has beyond it, each once, in order.
func union(list, more string) string {
	out := strings.Split(list, ",")
	for _, m := range strings.Split(more, ",") {
		if m = strings.TrimSpace(m); m != "" && !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return strings.Join(out, ",")
}
