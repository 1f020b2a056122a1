control "CIS-1.2.1" {
  title   = "Requests without credentials reach nothing, or the health of the API server alone"
  section = "1.2"
  level   = 1
  refs    = ["CIS-2.1.0-1.2.1", "STIG-V-242390", "NSA-AA-1", "PCI-1.1"]
  changed = { "1.34" = "an authentication configuration can name the paths that are open without credentials; /livez, /readyz and /healthz alone count as met, since kubeadm's probes need them and version 2.1.0 of the benchmark names them" }
  applies = node.control_plane
  check   = anonymous() != null && (!anonymous().enabled || subset(anonymous().paths, ["/livez", "/readyz", "/healthz"]))
  remedy  = "give the API server an authentication configuration whose anonymous section lets /livez, /readyz and /healthz through and nothing else; --anonymous-auth=false ends the probes of kubeadm's manifests"
}

control "CIS-2.1.0-1.2.1" {
  title   = "Requests without credentials are off, or reach the three paths of health alone"
  section = "1.2"
  level   = 1
  refs    = ["CIS-1.2.1", "STIG-V-242390", "NSA-AA-1", "PCI-1.1"]
  applies = node.control_plane
  check   = anonymous() != null && (!anonymous().enabled || subset(anonymous().paths, ["/livez", "/readyz", "/healthz"]))
  remedy  = "give the API server an authentication configuration whose anonymous section lets /livez, /readyz and /healthz through and nothing else, or set --anonymous-auth=false where nothing probes it"
}

control "CIS-1.2.2" {
  title   = "The API server takes no tokens from a file"
  section = "1.2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-245543", "NSA-AA-4", "PCI-1.4"]
  applies = node.control_plane
  check   = arg(apiserver, "token-auth-file") == null
  remedy  = "take --token-auth-file away from the API server"
}

control "CIS-1.2.3" {
  title   = "Services cannot claim addresses outside of the cluster"
  section = "1.2"
  level   = 1
  changed = { "1.36" = "spec.externalIPs of a Service is deprecated, and works as before until it is refused" }
  applies = node.control_plane
  check   = has(arg(apiserver, "enable-admission-plugins"), "DenyServiceExternalIPs")
  remedy  = "add DenyServiceExternalIPs to --enable-admission-plugins"

  harden {
    apiserver { args = { enable-admission-plugins = "DenyServiceExternalIPs" } }
  }
}

control "CIS-1.2.4" {
  title   = "The API server shows kubelets a client certificate"
  section = "1.2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-245544"]
  applies = node.control_plane
  check   = arg(apiserver, "kubelet-client-certificate") != null && arg(apiserver, "kubelet-client-key") != null
  remedy  = "set --kubelet-client-certificate and --kubelet-client-key"
}

control "CIS-1.2.5" {
  title   = "The API server verifies the certificates of kubelets"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(apiserver, "kubelet-certificate-authority") != null
  remedy  = "set --kubelet-certificate-authority, and have kubelets serve with certificates of that authority"
}

control "CIS-1.2.6" {
  title   = "Not every request is allowed"
  section = "1.2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242382", "NSA-AA-5"]
  applies = node.control_plane
  check   = arg(apiserver, "authorization-mode") != null && !has(arg(apiserver, "authorization-mode"), "AlwaysAllow")
  remedy  = "set --authorization-mode=Node,RBAC"
}

control "CIS-1.2.7" {
  title   = "Kubelets may do what is about their own node"
  section = "1.2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242382", "NSA-CP-7"]
  applies = node.control_plane
  check   = has(arg(apiserver, "authorization-mode"), "Node")
  remedy  = "set --authorization-mode=Node,RBAC"
}

control "CIS-1.2.8" {
  title   = "Rights are given by roles"
  section = "1.2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242382", "NSA-AA-5", "NSA-CP-7"]
  applies = node.control_plane
  check   = has(arg(apiserver, "authorization-mode"), "RBAC")
  remedy  = "set --authorization-mode=Node,RBAC"
}

control "CIS-1.2.9" {
  title   = "Nobody can flood the API server with events"
  section = "1.2"
  level   = 1
  applies = node.control_plane
  check   = has(arg(apiserver, "enable-admission-plugins"), "EventRateLimit") && has(admission_plugins(), "EventRateLimit")
  remedy  = "add EventRateLimit to --enable-admission-plugins, and its limits to the file of --admission-control-config-file"

  harden {
    apiserver { args = { enable-admission-plugins = "EventRateLimit" } }
  }
}

control "CIS-1.2.10" {
  title   = "Admission does not let everything in"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = !has(arg(apiserver, "enable-admission-plugins"), "AlwaysAdmit")
  remedy  = "take AlwaysAdmit out of --enable-admission-plugins"
}

control "CIS-1.2.11" {
  title   = "Images are pulled anew for each pod, so that who has no credentials cannot use what others pulled"
  section = "1.2"
  level   = 1
  applies = node.control_plane
  check   = has(arg(apiserver, "enable-admission-plugins"), "AlwaysPullImages")
  remedy  = "add AlwaysPullImages to --enable-admission-plugins, once every image comes from a registry that answers"
  settle  = "images that were loaded onto machines are then not used without a registry that answers, and while it does not answer no pod starts again"

  harden {
    admission { always_pull_images = true }
  }
}

control "CIS-1.2.12" {
  title   = "Pods get a service account"
  section = "1.2"
  level   = 2
  scored  = true
  applies = node.control_plane
  check   = !has(arg(apiserver, "disable-admission-plugins"), "ServiceAccount")
  remedy  = "take ServiceAccount out of --disable-admission-plugins"
}

control "CIS-1.2.13" {
  title   = "Nothing is made in namespaces that are not there or go"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = !has(arg(apiserver, "disable-admission-plugins"), "NamespaceLifecycle")
  remedy  = "take NamespaceLifecycle out of --disable-admission-plugins"
}

control "CIS-1.2.14" {
  title   = "Kubelets change their own node and pods alone"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = has(arg(apiserver, "enable-admission-plugins"), "NodeRestriction")
  remedy  = "add NodeRestriction to --enable-admission-plugins"
  harden {
    apiserver { args = { enable-admission-plugins = "NodeRestriction" } }
  }
}

control "CIS-1.2.15" {
  title   = "The API server is not profiled over the network"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(apiserver, "profiling") == "false"
  remedy  = "set --profiling=false"
  harden {
    apiserver { args = { profiling = "false" } }
  }
}

control "CIS-1.2.16" {
  title   = "The API server writes an audit log"
  section = "1.2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242402", "STIG-V-242465", "NSA-AL-2", "PCI-7.1"]
  applies = node.control_plane
  check   = arg(apiserver, "audit-log-path") != null
  remedy  = "set --audit-log-path and a policy"
}

control "CIS-1.2.17" {
  title   = "Audit logs are kept for thirty days"
  section = "1.2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242464", "NSA-AL-3"]
  changed = { "1.36" = "an API server that is not told keeps audit logs for 366 days; the argument is asked for all the same" }
  applies = node.control_plane
  check   = at_least(arg(apiserver, "audit-log-maxage"), 30)
  remedy  = "set --audit-log-maxage to 30 or more"
  harden {
    audit { max_age = 30 }
  }
}

control "CIS-1.2.18" {
  title   = "Ten old audit logs are kept"
  section = "1.2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242463"]
  changed = { "1.36" = "an API server that is not told keeps 100 old audit logs; the argument is asked for all the same" }
  applies = node.control_plane
  check   = at_least(arg(apiserver, "audit-log-maxbackup"), 10)
  remedy  = "set --audit-log-maxbackup to 10 or more"
  harden {
    audit { max_backup = 10 }
  }
}

control "CIS-1.2.19" {
  title   = "An audit log grows to a hundred megabytes"
  section = "1.2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242462"]
  changed = { "1.36" = "0 lets an audit log grow without end" }
  applies = node.control_plane
  check   = at_least(arg(apiserver, "audit-log-maxsize"), 100)
  remedy  = "set --audit-log-maxsize to 100 or more"
  harden {
    audit { max_size = 100 }
  }
}

control "CIS-1.2.20" {
  title   = "A request ends after one to five minutes"
  section = "1.2"
  level   = 1
  refs    = ["STIG-V-242438"]
  applies = node.control_plane
  check   = arg(apiserver, "request-timeout") == null || at_least(duration(arg(apiserver, "request-timeout")), 60) && !at_least(duration(arg(apiserver, "request-timeout")), 301)
  remedy  = "set --request-timeout to a time from 60s to 300s, or leave it at its default of 60s"

  harden {
    apiserver { args = { request-timeout = "60s" } }
  }
}

control "CIS-1.2.21" {
  title   = "A token ends with its service account"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(apiserver, "service-account-lookup") == null || arg(apiserver, "service-account-lookup") == "true"
  remedy  = "take --service-account-lookup=false away"
  harden {
    apiserver { args = { service-account-lookup = "true" } }
  }
}

control "CIS-1.2.22" {
  title   = "Tokens of service accounts are verified by a key of their own"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(apiserver, "service-account-key-file") != null
  remedy  = "set --service-account-key-file"
}

control "CIS-1.2.23" {
  title   = "The API server shows etcd a client certificate"
  section = "1.2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242430", "STIG-V-242431"]
  applies = node.control_plane
  check   = arg(apiserver, "etcd-certfile") != null && arg(apiserver, "etcd-keyfile") != null
  remedy  = "set --etcd-certfile and --etcd-keyfile"
}

control "CIS-1.2.24" {
  title   = "The API server serves with a certificate"
  section = "1.2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242422", "NSA-CP-1"]
  applies = node.control_plane
  check   = arg(apiserver, "tls-cert-file") != null && arg(apiserver, "tls-private-key-file") != null
  remedy  = "set --tls-cert-file and --tls-private-key-file"
}

control "CIS-1.2.25" {
  title   = "Clients are known by certificates of an authority"
  section = "1.2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242419"]
  applies = node.control_plane
  check   = arg(apiserver, "client-ca-file") != null
  remedy  = "set --client-ca-file"
}

control "CIS-1.2.26" {
  title   = "The API server verifies etcd's certificate"
  section = "1.2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242429"]
  applies = node.control_plane
  check   = arg(apiserver, "etcd-cafile") != null
  remedy  = "set --etcd-cafile"
}

control "CIS-1.2.27" {
  title   = "The API server is told how to encrypt what it stores"
  section = "1.2"
  level   = 1
  refs    = ["STIG-V-274882", "NSA-SE-1", "PCI-6.1"]
  applies = node.control_plane
  check   = arg(apiserver, "encryption-provider-config") != null
  remedy  = "set --encryption-provider-config to a file that encrypts secrets, the same on every control plane"

  harden {
    encryption { resources = ["secrets"] }
  }
}

control "CIS-1.2.28" {
  title   = "Secrets are encrypted by AES-CBC, secretbox or a key service"
  section = "1.2"
  level   = 1
  refs    = ["STIG-V-274882", "NSA-SE-1", "NSA-APP-H", "PCI-6.1"]
  applies = node.control_plane
  check   = encrypted_by("secrets") != null && has(["aescbc", "kms", "secretbox"], encrypted_by("secrets"))
  remedy  = "make aescbc, secretbox or kms the first provider of secrets in the file of --encryption-provider-config, and write every Secret again"

  harden {
    encryption { resources = ["secrets"] }
  }
}

control "CIS-1.2.29" {
  title   = "The API server offers strong cipher suites alone"
  section = "1.2"
  level   = 1
  refs    = ["STIG-V-242418"]
  applies = node.control_plane
  check = subset(arg(apiserver, "tls-cipher-suites"), [
    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
  ])
  remedy = "set --tls-cipher-suites to suites of ECDHE with AES-GCM or ChaCha20"

  harden {
    apiserver { args = { tls-cipher-suites = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" } }
  }
}

control "CIS-1.2.30" {
  title   = "Tokens of service accounts are not extended"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(apiserver, "service-account-extend-token-expiration") == "false"
  remedy  = "set --service-account-extend-token-expiration=false"
  harden {
    apiserver { args = { service-account-extend-token-expiration = "false" } }
  }
}
