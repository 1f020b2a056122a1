package cluster

import "time"

func hardenedAPIServer() []Setting {
	const c = CompAPIServer
	out := common(c, []string{"STIG-V-242378", "NSA-CP-1"}, []string{"CIS-1.2.15"})
	out = append(out,
		Setting{Component: c, Key: "request-timeout", Rule: Between, Value: "60s", Written: true, Low: int64(time.Minute), High: int64(5 * time.Minute), Refs: []string{"CIS-1.2.20", "STIG-V-242438"}},
		Setting{Component: c, Key: "service-account-extend-token-expiration", Rule: FalseWins, Value: false, Written: true, Refs: []string{"CIS-1.2.30"}},
		Setting{Component: c, Key: "service-account-lookup", Rule: TrueWins, Value: true, Written: true, Refs: []string{"CIS-1.2.21"}},
		Setting{Component: c, Key: "enable-admission-plugins", Rule: Union, Written: true,
			Value: []string{"NodeRestriction", "EventRateLimit", "DenyServiceExternalIPs", "ValidatingAdmissionWebhook"},
			Never: []string{"AlwaysAdmit", "AlwaysDeny", "SecurityContextDeny", "PodSecurityPolicy"},
			Refs:  []string{"CIS-1.2.3", "CIS-1.2.9", "CIS-1.2.10", "CIS-1.2.14", "STIG-V-242436"}},
		// Those that may be switched off refuse nothing: they only fill in defaults.
		Setting{Component: c, Key: "disable-admission-plugins", Rule: Intersection,
			Value: []string{"DefaultIngressClass", "DefaultStorageClass", "DefaultTolerationSeconds"},
			Refs:  []string{"CIS-1.2.12", "CIS-1.2.13", "STIG-V-254801"}},
		Setting{Component: c, Key: "authorization-mode", Rule: Fixed, Value: "Node,RBAC", Refs: []string{"CIS-1.2.6", "CIS-1.2.7", "CIS-1.2.8", "STIG-V-242382"}},
		Setting{Component: c, Key: "encryption-provider-config-automatic-reload", Rule: TrueWins, Value: true, Written: true},
		Setting{Component: c, Key: "kubelet-certificate-authority", Rule: Fixed, Value: "/etc/kubernetes/pki/ca.crt", Written: true, Refs: []string{"CIS-1.2.5"}},
		Setting{Component: c, Key: "audit-log-mode", Rule: Ordered, Value: "blocking", Levels: []string{"batch", "blocking", "blocking-strict"}, Refs: []string{"CIS-1.2.16"}},
		Setting{Component: c, Key: "audit-log-format", Rule: Ordered, Value: "json", Levels: []string{"legacy", "json"}, Refs: []string{"CIS-1.2.16"}},
		Setting{Component: c, Key: "audit-log-truncate-enabled", Rule: FalseWins, Value: false, Refs: []string{"CIS-1.2.16"}},
		Setting{Component: c, Key: "enable-priority-and-fairness", Rule: TrueWins, Value: true},
		Setting{Component: c, Key: "runtime-config", Rule: Pairs},
		Setting{Component: c, Key: "runtime-config.api/all", Rule: FalseWins, Value: false, Refs: []string{"STIG-V-242400"}},
		Setting{Component: c, Key: "runtime-config.api/alpha", Rule: FalseWins, Value: false, Refs: []string{"STIG-V-242400"}},
		Setting{Component: c, Key: "feature-gates.AnonymousAuthConfigurableEndpoints", Rule: TrueWins, Value: true, Refs: []string{"CIS-1.2.1"}},
		Setting{Component: c, Key: "feature-gates.StructuredAuthenticationConfiguration", Rule: TrueWins, Value: true, Refs: []string{"CIS-1.2.1"}},
	)
	out = append(out, forbidden(c, "an authentication configuration lets anonymous requests reach /livez, /readyz and /healthz and nothing else, and this flag cannot stand beside it", []string{"CIS-1.2.1", "STIG-V-242390", "NSA-AA-1"}, "anonymous-auth")...)
	out = append(out, forbidden(c, "use client certificates or service accounts", []string{"CIS-1.2.2", "STIG-V-245543", "NSA-AA-4"}, "token-auth-file")...)
	out = append(out, forbidden(c, "the flag is gone and the API server would not start", []string{"STIG-V-242386", "STIG-V-242388", "STIG-V-245542", "NSA-CP-4"},
		"insecure-port", "insecure-bind-address", "basic-auth-file")...)
	out = append(out, forbidden(c, "the API server does not start with it beside enable-admission-plugins", []string{"CIS-1.2.10"}, "admission-control")...)
	out = append(out, forbidden(c, "it takes the place of authorization-mode, which the controls read", []string{"CIS-1.2.6", "STIG-V-242382"}, "authorization-config")...)
	out = append(out, forbidden(c, "it cannot stand beside the authentication configuration", []string{"CIS-1.2.1"},
		"oidc-issuer-url", "oidc-client-id", "oidc-ca-file", "oidc-username-claim", "oidc-username-prefix", "oidc-groups-claim", "oidc-groups-prefix", "oidc-required-claim", "oidc-signing-algs")...)
	out = append(out,
		Setting{Component: c, Key: "aggregator-reject-forwarding-redirect", Rule: TrueWins, Value: true},
		Setting{Component: c, Key: "enable-logs-handler", Rule: FalseWins, Value: false},
		// 0 means without limit.
		Setting{Component: c, Key: "max-requests-inflight", Rule: Between, Low: 1, High: 100_000},
		Setting{Component: c, Key: "max-mutating-requests-inflight", Rule: Between, Low: 1, High: 100_000},
		Setting{Component: c, Key: "feature-gates.UnauthenticatedHTTP2DOSMitigation", Rule: TrueWins, Value: true},
		Setting{Component: c, Key: "feature-gates.ServiceAccountNodeAudienceRestriction", Rule: TrueWins, Value: true},
	)
	out = append(out, forbidden(c, "authorization-mode is Node,RBAC, and they are for other modes", []string{"CIS-1.2.6", "STIG-V-242382"},
		"authorization-webhook-config-file", "authorization-policy-file")...)
	out = append(out, forbidden(c, "a service outside of the cluster would say whose a request is; use client certificates or service accounts", nil, "authentication-token-webhook-config-file")...)
	out = append(out, forbidden(c, "objects would lie in another etcd, which bulwark neither hardens nor opens the firewall for", nil, "etcd-servers-overrides")...)
	out = append(out, forbidden(c, "web pages of other sites could call the API in the name of who looks at them", nil, "cors-allowed-origins")...)
	out = append(out, forbidden(c, "whoever may reach NodePorts would reach the API, admin or not", nil, "kubernetes-service-node-port")...)
	out = append(out, forbidden(c, "it serves profiles without authentication", []string{"CIS-1.2.15"}, "debug-socket-path")...)
	out = append(out, owned(c, "bulwark writes this file", "authentication-config")...)
	out = append(out, owned(c, "use audit { policy, max_age, max_backup, max_size }", "audit-policy-file", "audit-log-path", "audit-log-maxage", "audit-log-maxbackup", "audit-log-maxsize")...)
	out = append(out, owned(c, "use encryption { provider, resources }", "encryption-provider-config")...)
	out = append(out, owned(c, "use admission { pod_security, exempt_namespaces }", "admission-control-config-file")...)
	out = append(out, owned(c, "use endpoint { port }", "secure-port")...)
	out = append(out, owned(c, "use the address of the node block", "advertise-address")...)
	out = append(out, owned(c, "verification reads Secrets in etcd under the default prefix", "etcd-prefix")...)
	out = append(out, owned(c, "use network { services }", "service-cluster-ip-range")...)
	return append(out, owned(c, "kubeadm sets it to a file it made",
		"client-ca-file", "tls-cert-file", "tls-private-key-file", "etcd-cafile", "etcd-certfile", "etcd-keyfile", "etcd-servers",
		"kubelet-client-certificate", "kubelet-client-key", "proxy-client-cert-file", "proxy-client-key-file",
		"requestheader-client-ca-file", "requestheader-allowed-names", "requestheader-extra-headers-prefix",
		"requestheader-group-headers", "requestheader-uid-headers", "requestheader-username-headers",
		"service-account-key-file", "service-account-signing-key-file", "service-account-signing-endpoint", "enable-bootstrap-token-auth", "allow-privileged")...)
}
