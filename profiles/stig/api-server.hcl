control "STIG-V-242378" {
  title   = "The API server speaks TLS 1.2 or newer alone"
  cat     = 2
  rule    = "CNTR-K8-000170"
  refs    = ["NSA-CP-1", "PCI-4.3"]
  applies = node.control_plane
  check   = subset(arg(apiserver, "tls-min-version"), ["VersionTLS12", "VersionTLS13"])
  remedy  = "set --tls-min-version=VersionTLS12 on the API server; its default is not enough, since the text wants to see it"
  harden {
    apiserver { args = { tls-min-version = "VersionTLS12" } }
  }
}

control "STIG-V-242382" {
  title   = "Requests are judged by node authorization and then by roles, and by nothing else"
  cat     = 2
  rule    = "CNTR-K8-000270"
  refs    = ["CIS-1.2.6", "CIS-1.2.7", "CIS-1.2.8", "NSA-AA-5", "NSA-CP-7"]
  applies = node.control_plane
  check   = arg(apiserver, "authorization-mode") == "Node,RBAC"
  remedy  = "set --authorization-mode=Node,RBAC, in this order; an authorization configuration in its place is a finding"
  harden {
    apiserver { args = { authorization-mode = "Node,RBAC" } }
  }
}

control "STIG-V-242389" {
  title   = "The API server says which port it serves TLS on"
  cat     = 2
  rule    = "CNTR-K8-000350"
  applies = node.control_plane
  check   = at_least(arg(apiserver, "secure-port"), 1)
  remedy  = "set --secure-port=6443"
}

control "STIG-V-242390" {
  title   = "Who shows no credentials reaches nothing of the API but its health endpoints"
  cat     = 1
  rule    = "CNTR-K8-000360"
  refs    = ["CIS-1.2.1", "NSA-AA-1", "PCI-1.1"]
  changed = { "1.34" = "an authentication configuration can let anonymous requests reach single paths, and --anonymous-auth cannot stand beside that; the health endpoints alone count as met" }
  applies = node.control_plane
  check   = arg(apiserver, "anonymous-auth") != "true" && anonymous() != null && (!anonymous().enabled || subset(anonymous().paths, ["/healthz", "/livez", "/readyz"]))
  remedy  = "give the API server an authentication configuration that lets anonymous requests reach /livez, /readyz and /healthz and nothing else, or set --anonymous-auth=false"
}

control "STIG-V-242398" {
  title   = "No component is told to take audit backends from the API"
  cat     = 2
  rule    = "CNTR-K8-000450"
  changed = { "1.19" = "the feature gate DynamicAuditing is gone, and a component that names it does not start" }
  check   = all([for c in node.control_plane ? [apiserver, controller_manager, scheduler, kubelet] : [kubelet] : feature(c, "DynamicAuditing") == null])
  remedy  = "take DynamicAuditing out of the feature gates of every component"
}

control "STIG-V-242400" {
  title  = "Alpha features and alpha APIs are not switched on as a whole"
  cat    = 2
  rule   = "CNTR-K8-000470"
  check  = all([for c in node.control_plane ? [apiserver, controller_manager, scheduler, kubelet] : [kubelet] : feature(c, "AllAlpha") != true]) && (!node.control_plane || all([for all in ["api/all", "api/all=true", "api/alpha", "api/alpha=true"] : !has(arg(apiserver, "runtime-config"), all)]))
  remedy = "take AllAlpha out of the feature gates of every component, and api/all and api/alpha out of --runtime-config"
}

control "STIG-V-242418" {
  title   = "The API server offers the four suites of ECDHE and AES-GCM"
  cat     = 2
  rule    = "CNTR-K8-001400"
  refs    = ["CIS-1.2.29"]
  applies = node.control_plane
  check   = all([for suite in ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"] : has(arg(apiserver, "tls-cipher-suites"), suite)])
  remedy  = "name all four in --tls-cipher-suites; a list without one of them is a finding, however strong the others are"
  exactly = true
  harden {
    apiserver { args = { tls-cipher-suites = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" } }
  }
}

control "STIG-V-242419" {
  title   = "Clients of the API are known by certificates of an authority"
  cat     = 2
  rule    = "CNTR-K8-001410"
  refs    = ["CIS-1.2.25"]
  applies = node.control_plane
  check   = arg(apiserver, "client-ca-file") != null
  remedy  = "set --client-ca-file"
}

control "STIG-V-242422" {
  title   = "The API server serves with a certificate of its own"
  cat     = 2
  rule    = "CNTR-K8-001440"
  refs    = ["CIS-1.2.24"]
  applies = node.control_plane
  check   = arg(apiserver, "tls-cert-file") != null && arg(apiserver, "tls-private-key-file") != null
  remedy  = "set --tls-cert-file and --tls-private-key-file"
}

control "STIG-V-242429" {
  title   = "The API server knows etcd by an authority"
  cat     = 2
  rule    = "CNTR-K8-001510"
  refs    = ["CIS-1.2.26"]
  applies = node.control_plane
  check   = arg(apiserver, "etcd-cafile") != null
  remedy  = "set --etcd-cafile"
}

control "STIG-V-242430" {
  title   = "The API server shows etcd a client certificate"
  cat     = 2
  rule    = "CNTR-K8-001520"
  refs    = ["CIS-1.2.23"]
  applies = node.control_plane
  check   = arg(apiserver, "etcd-certfile") != null
  remedy  = "set --etcd-certfile"
}

control "STIG-V-242431" {
  title   = "The API server has the key of the certificate that it shows etcd"
  cat     = 2
  rule    = "CNTR-K8-001530"
  refs    = ["CIS-1.2.23"]
  applies = node.control_plane
  check   = arg(apiserver, "etcd-keyfile") != null
  remedy  = "set --etcd-keyfile"
}

control "STIG-V-242438" {
  title   = "The API server says how long a request may take"
  cat     = 2
  rule    = "CNTR-K8-002600"
  refs    = ["CIS-1.2.20"]
  applies = node.control_plane
  check   = at_least(duration(arg(apiserver, "request-timeout")), 0.001)
  remedy  = "set --request-timeout to 60s, or to up to 300s; its default is the same, but the text wants to see it"
  harden {
    apiserver { args = { request-timeout = "60s" } }
  }
}

control "STIG-V-245542" {
  title   = "The API server takes no passwords from a file"
  cat     = 1
  rule    = "CNTR-K8-002620"
  refs    = ["NSA-AA-4"]
  changed = { "1.19" = "the API server has no --basic-auth-file, and does not start with one" }
  applies = node.control_plane
  check   = arg(apiserver, "basic-auth-file") == null
  remedy  = "take --basic-auth-file away from the API server"
}

control "STIG-V-245543" {
  title   = "The API server takes no tokens from a file"
  cat     = 1
  rule    = "CNTR-K8-002630"
  refs    = ["CIS-1.2.2", "NSA-AA-4", "PCI-1.4"]
  applies = node.control_plane
  check   = arg(apiserver, "token-auth-file") == null
  remedy  = "take --token-auth-file away from the API server"
}

control "STIG-V-245544" {
  title   = "The API server shows kubelets a client certificate"
  cat     = 1
  rule    = "CNTR-K8-002640"
  refs    = ["CIS-1.2.4"]
  applies = node.control_plane
  check   = arg(apiserver, "kubelet-client-certificate") != null && arg(apiserver, "kubelet-client-key") != null
  remedy  = "set --kubelet-client-certificate and --kubelet-client-key; that the authority is one that your organisation approved is for you to see to"
}
