package cluster

import "time"

// healthPaths are what the controller manager and the scheduler answer to everybody.
func healthPaths() []string { return []string{"/healthz", "/readyz", "/livez"} }

// delegating are the settings of a component that asks the API server who may
// talk to it.
func delegating(c string, bind []string) []Setting {
	out := []Setting{
		{Component: c, Key: "bind-address", Rule: Fixed, Value: "127.0.0.1", Refs: bind},
		{Component: c, Key: "authorization-always-allow-paths", Rule: Intersection, Value: healthPaths()},
		{Component: c, Key: "authentication-skip-lookup", Rule: FalseWins, Value: false},
		// Longer, and rights that were taken away would still be honoured.
		{Component: c, Key: "authentication-token-webhook-cache-ttl", Rule: Maximum, High: int64(10 * time.Second)},
		{Component: c, Key: "authorization-webhook-cache-authorized-ttl", Rule: Maximum, High: int64(10 * time.Second)},
	}
	out = append(out, forbidden(c, "it names another API server than kubeconfig does, and may do so without TLS", nil, "master")...)
	return append(out, owned(c, "kubeadm sets it to a file it made, or leaves it at its safe default",
		"kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig", "client-ca-file", "requestheader-client-ca-file",
		"requestheader-allowed-names", "requestheader-extra-headers-prefix", "requestheader-group-headers",
		"requestheader-uid-headers", "requestheader-username-headers", "secure-port", "tls-cert-file", "tls-private-key-file")...)
}

func hardenedControllerManager() []Setting {
	const c = CompControllerManager
	out := common(c, []string{"STIG-V-242376", "NSA-CP-1"}, []string{"CIS-1.3.2", "STIG-V-242409"})
	out = append(out, delegating(c, []string{"CIS-1.3.7", "STIG-V-242385"})...)
	out = append(out,
		Setting{Component: c, Key: "use-service-account-credentials", Rule: TrueWins, Value: true, Refs: []string{"CIS-1.3.3", "STIG-V-242381"}},
		// Kubernetes keeps 12500 terminated pods; the benchmark's example of 10
		// would take away pods somebody still wants to read.
		Setting{Component: c, Key: "terminated-pod-gc-threshold", Rule: Between, Value: int64(1000), Written: true, Low: 10, High: 12500, Refs: []string{"CIS-1.3.1"}},
		Setting{Component: c, Key: "cluster-signing-duration", Rule: Maximum, Low: int64(10 * time.Minute), High: int64(8760 * time.Hour), Use: "certificates of a year, which is the default, or less"},
	)
	out = append(out,
		Setting{Component: c, Key: "enable-hostpath-provisioner", Rule: FalseWins, Value: false},
		Setting{Component: c, Key: "legacy-service-account-token-clean-up-period", Rule: Maximum, Low: int64(time.Hour), High: int64(8760 * time.Hour)},
	)
	out = append(out, owned(c, "use network { pods, services }", "cluster-cidr", "service-cluster-ip-range", "allocate-node-cidrs")...)
	return append(out, owned(c, "kubeadm sets it to a file or a list it made",
		"root-ca-file", "service-account-private-key-file", "cluster-signing-cert-file", "cluster-signing-key-file",
		"cluster-signing-kubelet-serving-cert-file", "cluster-signing-kubelet-serving-key-file",
		"cluster-signing-kubelet-client-cert-file", "cluster-signing-kubelet-client-key-file",
		"cluster-signing-kube-apiserver-client-cert-file", "cluster-signing-kube-apiserver-client-key-file",
		"cluster-signing-legacy-unknown-cert-file", "cluster-signing-legacy-unknown-key-file", "controllers", "cluster-name")...)
}

func hardenedScheduler() []Setting {
	const c = CompScheduler
	out := common(c, []string{"STIG-V-242377", "NSA-CP-1"}, []string{"CIS-1.4.1"})
	out = append(out, delegating(c, []string{"CIS-1.4.2", "STIG-V-242384"})...)
	out = append(out, forbidden(c, "the scheduler would write a file and end", nil, "write-config-to")...)
	// With a file, the scheduler no longer looks at the flags beside it.
	return append(out, forbidden(c, "a configuration file would take the place of the hardened flags", []string{"CIS-1.4.1"}, "config")...)
}

func hardenedEtcd() []Setting {
	const c = CompEtcd
	out := []Setting{
		{Component: c, Key: "auto-tls", Rule: FalseWins, Value: false, Written: true, Refs: []string{"CIS-2.3", "STIG-V-242379"}},
		{Component: c, Key: "peer-auto-tls", Rule: FalseWins, Value: false, Written: true, Refs: []string{"CIS-2.6", "STIG-V-242380"}},
		{Component: c, Key: "client-cert-auth", Rule: TrueWins, Value: true, Refs: []string{"CIS-2.2", "STIG-V-242423"}},
		{Component: c, Key: "peer-client-cert-auth", Rule: TrueWins, Value: true, Refs: []string{"CIS-2.5", "STIG-V-242426"}},
		{Component: c, Key: "peer-skip-client-san-verification", Rule: FalseWins, Value: false, Refs: []string{"CIS-2.5"}},
		// etcd's own spelling. It does not start with TLS1.3 beside a list of suites.
		{Component: c, Key: "tls-min-version", Rule: Fixed, Value: "TLS1.2", Written: true, Refs: []string{"STIG-V-242379", "NSA-CP-1"}, Use: "etcd does not start with TLS1.3 beside the hardened cipher-suites"},
		{Component: c, Key: "cipher-suites", Rule: Intersection, Value: CipherSuites(), Keep: suiteForHTTP2, Written: true, Refs: []string{"NSA-CP-1"}},
		{Component: c, Key: "enable-pprof", Rule: FalseWins, Value: false},
		{Component: c, Key: "unsafe-no-fsync", Rule: FalseWins, Value: false},
		{Component: c, Key: "strict-reconfig-check", Rule: TrueWins, Value: true},
		{Component: c, Key: "pre-vote", Rule: TrueWins, Value: true},
		{Component: c, Key: "socket-reuse-port", Rule: FalseWins, Value: false},
		{Component: c, Key: "socket-reuse-address", Rule: FalseWins, Value: false},
		{Component: c, Key: "log-level", Rule: Ordered, Value: "info", Levels: []string{"debug", "info", "warn", "error", "panic", "fatal"}, Use: "with debug, etcd serves profiles"},
		{Component: c, Key: "feature-gates", Rule: Pairs},
		{Component: c, Key: "feature-gates.AllAlpha", Rule: FalseWins, Value: false},
		{Component: c, Key: "feature-gates.InitialCorruptCheck", Rule: TrueWins, Value: true},
	}
	out = append(out, forbidden(c, "clients could no longer use TLS 1.3", []string{"NSA-CP-1"}, "tls-max-version")...)
	out = append(out, forbidden(c, "a service outside of the cluster would say who its members are", nil,
		"discovery-endpoints", "discovery-token", "discovery-srv", "discovery-srv-name", "discovery-fallback",
		"discovery-insecure-transport", "discovery-insecure-skip-tls-verify")...)
	out = append(out, forbidden(c, "with a file, etcd no longer looks at any flag", []string{"CIS-2.2"}, "config-file")...)
	out = append(out, forbidden(c, "it makes a member forget the others", nil, "force-new-cluster")...)
	return append(out, owned(c, "kubeadm sets it",
		"cert-file", "key-file", "trusted-ca-file", "peer-cert-file", "peer-key-file", "peer-trusted-ca-file",
		"client-cert-file", "client-key-file", "peer-client-cert-file", "peer-client-key-file",
		"client-crl-file", "peer-crl-file", "data-dir", "wal-dir", "name", "initial-cluster", "initial-cluster-state", "initial-cluster-token",
		"initial-advertise-peer-urls", "listen-peer-urls", "listen-client-urls", "listen-client-http-urls",
		"advertise-client-urls", "listen-metrics-urls")...)
}
