package adopt

import (
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// consequence is what the change of a setting means for who uses the cluster,
// where it means more than a restart.
func consequence(component, key string) string {
	if component == cluster.CompAPIServer {
		switch {
		case strings.HasPrefix(key, "oidc-"), strings.HasPrefix(key, "authentication-token-webhook"):
			return "who logs in by it can no longer: give people client certificates or service accounts first"
		case strings.HasPrefix(key, "audit-"):
			return "requests are written to the control planes' disks as bulwark's policy says"
		case strings.HasPrefix(key, "authorization-") && key != "authorization-mode":
			return "what it allows is no longer allowed: write it as RBAC first"
		}
	}
	return map[string]string{
		"apiserver anonymous-auth":                              "clients without credentials reach /livez, /readyz and /healthz and nothing else",
		"apiserver authentication-config":                       "clients without credentials reach /livez, /readyz and /healthz and nothing else",
		"apiserver admission-control-config-file":               "pods that are not restricted are refused outside of exempt namespaces, and floods of Events are cut",
		"apiserver authorization-mode":                          "only RBAC and the node authorizer say who may do what",
		"apiserver enable-admission-plugins":                    "floods of Events are cut, and Services may no longer name external IPs",
		"apiserver encryption-provider-config":                  "objects are encrypted in etcd with a key that lies on the control planes; keys that are in use have to be kept",
		"apiserver encryption-provider-config-automatic-reload": "a changed key file is taken up without a restart",
		"apiserver kubelet-certificate-authority":               "logs and exec work with kubelets only whose certificate the cluster signed",
		"apiserver profiling":                                   "profiles are no longer served",
		"apiserver request-timeout":                             "requests that take longer are ended",
		"apiserver service-account-extend-token-expiration":     "tokens of pods end when they say so: clients that read theirs once at their start are locked out after an hour",
		"apiserver service-account-issuer":                      "tokens of the other issuer are no longer taken",
		"apiserver tls-cipher-suites":                           "clients that have none of these suites no longer connect",
		"apiserver tls-min-version":                             "clients older than TLS 1.2 no longer connect",
		"apiserver token-auth-file":                             "who logs in by it can no longer: give people client certificates or service accounts first",
		"controller_manager bind-address":                       "its metrics are read on the machine itself only",
		"controller_manager cluster-cidr":                       "nodes that join get their pod prefix from it",
		"controller_manager profiling":                          "profiles are no longer served",
		"controller_manager terminated-pod-gc-threshold":        "of terminated pods, those beyond this number are removed",
		"scheduler bind-address":                                "its metrics are read on the machine itself only",
		"scheduler config":                                      "the scheduler's profiles and plugins are its own again",
		"scheduler profiling":                                   "profiles are no longer served",
		"etcd listen-metrics-urls":                              "its metrics are read on the machine itself only",
		"kubelet authentication.anonymous.enabled":              "clients without credentials no longer reach kubelets",
		"kubelet authorization.mode":                            "the API server is asked who may use a kubelet",
		"kubelet cgroupDriver":                                  "pods start again in other control groups, and containerd has to have the same driver",
		"kubelet clusterDNS":                                    "pods that are made from now on ask another DNS server",
		"kubelet failCgroupV1":                                  "on a machine with cgroup v1 the kubelet does not start: say so in an overlay (--overlay)",
		"kubelet failSwapOn":                                    "with swap on, the kubelet does not start: switch it off first",
		"kubelet podPidsLimit":                                  "a pod has no more processes than this",
		"kubelet protectKernelDefaults":                         "the kubelet does not start while kernel settings are others: bulwark writes them first",
		"kubelet readOnlyPort":                                  "who reads a kubelet without credentials no longer can",
		"kubelet serverTLSBootstrap":                            "the kubelet serves with a certificate that the cluster signed",
		"kubelet staticPodPath":                                 "a worker runs no static pods: those that are there end",
		"kubelet tlsCertFile":                                   "the kubelet serves with a certificate that the cluster signed",
		"kubelet tlsPrivateKeyFile":                             "the kubelet serves with a certificate that the cluster signed",
		"kube_proxy metricsBindAddress":                         "its metrics are read on the machine itself only",
		"kube_proxy mode":                                       "rules of Services are made anew",
	}[component+" "+key]
}
