package adopt

import (
	"slices"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// unsaid says whether nothing is to be said where a setting is not there: the
// component does by itself what bulwark writes out, as of Kubernetes 1.37 and
// etcd 3.7, or it is part of another setting, which is not there either.
func unsaid(component, key string) bool {
	return slices.Contains(map[string][]string{
		cluster.CompAPIServer: {
			"request-timeout", "service-account-lookup", "tls-min-version",
			"audit-log-maxage", "audit-log-maxbackup", "audit-log-maxsize", "audit-policy-file", // audit-log-path
			"encryption-provider-config-automatic-reload", // encryption-provider-config
		},
		cluster.CompControllerManager: {"tls-min-version"},
		cluster.CompScheduler:         {"tls-min-version"},
		cluster.CompEtcd:              {"auto-tls", "peer-auto-tls", "tls-min-version"},
		cluster.CompKubelet: {
			"eventRecordQPS", "failSwapOn", "makeIPTablesUtilChains", "readOnlyPort", "tlsMinVersion", "healthzBindAddress",
			"tlsCertFile", "tlsPrivateKeyFile", // serverTLSBootstrap
		},
		cluster.CompKubeProxy: {"metricsBindAddress"},
	}[component], key)
}
