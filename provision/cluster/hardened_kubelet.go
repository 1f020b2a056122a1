package cluster

import "time"

// servingFile is both certificate and key: the kubelet rotates it itself.
const servingFile = "/var/lib/kubelet/pki/kubelet-server-current.pem"

func hardenedKubelet() []Setting {
	const c = CompKubelet
	out := []Setting{
		{Component: c, Key: "authentication.anonymous.enabled", Rule: FalseWins, Value: false, Written: true, Refs: []string{"CIS-4.2.1", "STIG-V-242391", "NSA-AA-2"}},
		{Component: c, Key: "authentication.webhook.enabled", Rule: TrueWins, Value: true, Written: true, Refs: []string{"CIS-4.2.2"}},
		{Component: c, Key: "authentication.x509.clientCAFile", Rule: Fixed, Value: "/etc/kubernetes/pki/ca.crt", Written: true, Refs: []string{"CIS-4.2.3", "STIG-V-242420"}},
		{Component: c, Key: "authorization.mode", Rule: Ordered, Value: "Webhook", Written: true, Levels: []string{"AlwaysAllow", "Webhook"}, Refs: []string{"CIS-4.2.2", "STIG-V-242392"}},
		{Component: c, Key: "readOnlyPort", Rule: Fixed, Value: int64(0), Written: true, Refs: []string{"CIS-4.2.4", "STIG-V-242387"}},
		{Component: c, Key: "seccompDefault", Rule: TrueWins, Value: true, Written: true, Refs: []string{"CIS-4.2.14", "NSA-PS-4e"}},
		{Component: c, Key: "podPidsLimit", Rule: Maximum, Value: int64(4096), Written: true, Refs: []string{"CIS-4.2.13", "NSA-NS-6"}},
		{Component: c, Key: "eventRecordQPS", Rule: Between, Value: int64(50), Written: true, Low: 5, High: 50, Refs: []string{"CIS-4.2.8"}, Use: "0 means without limit since 1.37"},
		{Component: c, Key: "tlsMinVersion", Rule: Ordered, Value: "VersionTLS12", Written: true, Levels: tlsLevels(), Refs: []string{"NSA-CP-1"}},
		{Component: c, Key: "tlsCipherSuites", Rule: Intersection, Value: CipherSuites(), Keep: suiteForHTTP2, Written: true, Refs: []string{"CIS-4.2.12"}},
		{Component: c, Key: "rotateCertificates", Rule: TrueWins, Value: true, Written: true, Refs: []string{"CIS-4.2.10"}},
		{Component: c, Key: "serverTLSBootstrap", Rule: TrueWins, Value: true, Written: true, Refs: []string{"CIS-4.2.11"}},
		{Component: c, Key: "tlsCertFile", Rule: Fixed, Value: servingFile, Written: true, Refs: []string{"CIS-4.2.9", "STIG-V-242425"}, Use: "the kubelet's certificate is signed by the cluster and rotates"},
		{Component: c, Key: "tlsPrivateKeyFile", Rule: Fixed, Value: servingFile, Written: true, Refs: []string{"CIS-4.2.9", "STIG-V-242424"}, Use: "the kubelet's certificate is signed by the cluster and rotates"},
		{Component: c, Key: "protectKernelDefaults", Rule: TrueWins, Value: true, Written: true, Refs: []string{"STIG-V-242434"}},
		// Without effect since 1.34, and still asked for.
		{Component: c, Key: "streamingConnectionIdleTimeout", Rule: Between, Value: "5m0s", Written: true, Low: int64(time.Second), High: int64(5 * time.Minute), Refs: []string{"CIS-4.2.5", "STIG-V-245541"}},
		{Component: c, Key: "makeIPTablesUtilChains", Rule: TrueWins, Value: true, Written: true, Refs: []string{"CIS-4.2.6"}},
		{Component: c, Key: "failSwapOn", Rule: TrueWins, Value: true, Written: true},
		{Component: c, Key: "failCgroupV1", Rule: TrueWins, Value: true},
		{Component: c, Key: "featureGates.RotateKubeletServerCertificate", Rule: TrueWins, Value: true, Refs: []string{"CIS-4.2.11"}},
		{Component: c, Key: "featureGates.AllAlpha", Rule: FalseWins, Value: false, Refs: []string{"STIG-V-242400"}},
		{Component: c, Key: "enableProfilingHandler", Rule: FalseWins, Value: false, Written: true},
		{Component: c, Key: "enableContentionProfiling", Rule: FalseWins, Value: false},
		{Component: c, Key: "enableDebugFlagsHandler", Rule: FalseWins, Value: false, Written: true},
		{Component: c, Key: "enableSystemLogQuery", Rule: FalseWins, Value: false},
		{Component: c, Key: "cgroupsPerQOS", Rule: TrueWins, Value: true},
		{Component: c, Key: "allowedUnsafeSysctls", Rule: Intersection, Value: []string{}, Refs: []string{"NSA-PS-4e"}, Use: "sysctls that are not safe reach beyond the pod that sets them"},
		{Component: c, Key: "imagePullCredentialsVerificationPolicy", Rule: Ordered, Value: "NeverVerifyPreloadedImages",
			Levels: []string{"NeverVerify", "NeverVerifyPreloadedImages", "NeverVerifyAllowlistedImages", "AlwaysVerify"}},
		{Component: c, Key: "logging.verbosity", Rule: Between, Low: 0, High: 7, Use: "from 8 on, logs hold the bodies of requests, Secrets among them"},
		// Longer, and rights that were taken away would still be honoured.
		{Component: c, Key: "authentication.webhook.cacheTTL", Rule: Maximum, High: int64(2 * time.Minute)},
		{Component: c, Key: "authorization.webhook.cacheAuthorizedTTL", Rule: Maximum, High: int64(5 * time.Minute)},
		{Component: c, Key: "localStorageCapacityIsolation", Rule: TrueWins, Value: true},
		{Component: c, Key: "featureGates.KubeletEnsureSecretPulledImages", Rule: TrueWins, Value: true},
		{Component: c, Key: "healthzBindAddress", Rule: Fixed, Value: "127.0.0.1", Written: true},
		{Component: c, Key: "staticPodPath", Rule: Fixed, Value: "/etc/kubernetes/manifests", Written: true, Refs: []string{"STIG-V-242397"}, Use: "control planes need it, and workers have none"},
		{Component: c, Key: "featureGates.DynamicKubeletConfig", Rule: Forbidden, Refs: []string{"STIG-V-242399"}, Use: "the gate is gone and the kubelet would not start"},
	}
	out = append(out, forbidden(c, "pods from a URL pass no admission", []string{"STIG-V-242397"}, "staticPodURL", "staticPodURLHeader")...)
	out = append(out, forbidden(c, "a document of another kind cannot be laid over this one", nil, "apiVersion", "kind")...)
	out = append(out, forbidden(c, "pods would get sysctls that no admission has seen", []string{"NSA-PS-4e"}, "defaultPodSysctls")...)
	out = append(out, forbidden(c, vmoduleWhy, nil, "logging.vmodule")...)
	out = append(out, owned(c, "use network { services, dns_domain }", "clusterDNS", "clusterDomain")...)
	out = append(out, owned(c, "use taints in the node block", "registerWithTaints")...)
	return append(out, owned(c, "the firewall and the API server count on its own default", "address", "port", "healthzPort", "cgroupDriver", "containerRuntimeEndpoint", "imageServiceEndpoint")...)
}

func hardenedKubeProxy() []Setting {
	const c = CompKubeProxy
	out := []Setting{
		{Component: c, Key: "metricsBindAddress", Rule: Fixed, Value: "127.0.0.1:10249", Written: true, Refs: []string{"CIS-4.3.1"}},
		{Component: c, Key: "mode", Rule: OneOf, Value: "nftables", Written: true, Levels: []string{"iptables", "ipvs", "nftables"}},
		{Component: c, Key: "enableProfiling", Rule: FalseWins, Value: false},
		{Component: c, Key: "featureGates.AllAlpha", Rule: FalseWins, Value: false, Refs: []string{"STIG-V-242400"}},
		{Component: c, Key: "logging.verbosity", Rule: Between, Low: 0, High: 7, Use: "from 8 on, logs hold the bodies of requests, Secrets among them"},
	}
	out = append(out, forbidden(c, "a document of another kind cannot be laid over this one", nil, "apiVersion", "kind")...)
	out = append(out, forbidden(c, vmoduleWhy, nil, "logging.vmodule")...)
	out = append(out, forbidden(c, "a node's name is its machine's hostname", []string{"CIS-4.2.7"}, "hostnameOverride")...)
	return append(out, owned(c, "use network { pods }, or leave it to kubeadm", "clusterCIDR", "clientConnection.kubeconfig", "bindAddress")...)
}
