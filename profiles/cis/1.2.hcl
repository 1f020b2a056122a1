control "CIS-1.2.2" {
  title   = "The API server takes no tokens from a file"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(apiserver, "token-auth-file") == null
  remedy  = "take --token-auth-file away from the API server"
}

control "CIS-1.2.4" {
  title   = "The API server shows kubelets a client certificate"
  section = "1.2"
  level   = 1
  scored  = true
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
  applies = node.control_plane
  check   = arg(apiserver, "authorization-mode") != null && !has(arg(apiserver, "authorization-mode"), "AlwaysAllow")
  remedy  = "set --authorization-mode=Node,RBAC"
}

control "CIS-1.2.7" {
  title   = "Kubelets may do what is about their own node"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = has(arg(apiserver, "authorization-mode"), "Node")
  remedy  = "set --authorization-mode=Node,RBAC"
}

control "CIS-1.2.8" {
  title   = "Rights are given by roles"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = has(arg(apiserver, "authorization-mode"), "RBAC")
  remedy  = "set --authorization-mode=Node,RBAC"
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
}

control "CIS-1.2.15" {
  title   = "The API server is not profiled over the network"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(apiserver, "profiling") == "false"
  remedy  = "set --profiling=false"
}

control "CIS-1.2.16" {
  title   = "The API server writes an audit log"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(apiserver, "audit-log-path") != null
  remedy  = "set --audit-log-path and a policy"
}

control "CIS-1.2.17" {
  title   = "Audit logs are kept for thirty days"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = at_least(arg(apiserver, "audit-log-maxage"), 30)
  remedy  = "set --audit-log-maxage to 30 or more"
}

control "CIS-1.2.18" {
  title   = "Ten old audit logs are kept"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = at_least(arg(apiserver, "audit-log-maxbackup"), 10)
  remedy  = "set --audit-log-maxbackup to 10 or more"
}

control "CIS-1.2.19" {
  title   = "An audit log grows to a hundred megabytes"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = at_least(arg(apiserver, "audit-log-maxsize"), 100)
  remedy  = "set --audit-log-maxsize to 100 or more"
}

control "CIS-1.2.21" {
  title   = "A token ends with its service account"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(apiserver, "service-account-lookup") == null || arg(apiserver, "service-account-lookup") == "true"
  remedy  = "take --service-account-lookup=false away"
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
  applies = node.control_plane
  check   = arg(apiserver, "etcd-certfile") != null && arg(apiserver, "etcd-keyfile") != null
  remedy  = "set --etcd-certfile and --etcd-keyfile"
}

control "CIS-1.2.24" {
  title   = "The API server serves with a certificate"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(apiserver, "tls-cert-file") != null && arg(apiserver, "tls-private-key-file") != null
  remedy  = "set --tls-cert-file and --tls-private-key-file"
}

control "CIS-1.2.25" {
  title   = "Clients are known by certificates of an authority"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(apiserver, "client-ca-file") != null
  remedy  = "set --client-ca-file"
}

control "CIS-1.2.26" {
  title   = "The API server verifies etcd's certificate"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(apiserver, "etcd-cafile") != null
  remedy  = "set --etcd-cafile"
}

control "CIS-1.2.30" {
  title   = "Tokens of service accounts are not extended"
  section = "1.2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(apiserver, "service-account-extend-token-expiration") == "false"
  remedy  = "set --service-account-extend-token-expiration=false"
}
