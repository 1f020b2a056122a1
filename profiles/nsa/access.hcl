control "NSA-AA-1" {
  title   = "Without credentials nothing of the API is reached but whether it is healthy"
  section = "Authentication and authorization"
  refs    = ["CIS-1.2.1", "STIG-V-242390", "PCI-1.1"]
  applies = node.control_plane
  check   = anonymous() != null && (!anonymous().enabled || subset(anonymous().paths, ["/healthz", "/livez", "/readyz"]))
  remedy  = "let the authentication configuration allow anonymous requests to /healthz, /livez and /readyz alone; --anonymous-auth=false, which the guide names, keeps out the kubelet's own probes of the API server too"
  changed = { "1.34" = "an authentication configuration closes every path to anonymous requests but the ones that it names, and cannot stand beside --anonymous-auth" }
}

control "NSA-AA-2" {
  title   = "The kubelet answers nobody without credentials"
  section = "Authentication and authorization"
  refs    = ["CIS-4.2.1", "STIG-V-242391", "PCI-1.1"]
  check   = config(kubelet, "authentication.anonymous.enabled") == false
  remedy  = "set authentication.anonymous.enabled to false"
  harden {
    kubelet { config = { authentication = { anonymous = { enabled = false } } } }
  }
}

control "NSA-AA-3" {
  title   = "The kubelet knows its clients by certificates of an authority"
  section = "Authentication and authorization"
  refs    = ["CIS-4.2.3", "STIG-V-242420"]
  check   = config(kubelet, "authentication.x509.clientCAFile") != null && config(kubelet, "authentication.x509.clientCAFile") != ""
  remedy  = "set authentication.x509.clientCAFile to the cluster's authority"
  harden {
    kubelet { config = { authentication = { x509 = { clientCAFile = "/etc/kubernetes/pki/ca.crt" } } } }
  }
}

control "NSA-AA-4" {
  title   = "The API server takes neither tokens nor passwords from a file"
  section = "Authentication and authorization"
  refs    = ["CIS-1.2.2", "STIG-V-245542", "STIG-V-245543", "PCI-1.4"]
  applies = node.control_plane
  check   = arg(apiserver, "token-auth-file") == null && arg(apiserver, "basic-auth-file") == null
  remedy  = "take --token-auth-file away from the API server"
}

control "NSA-AA-5" {
  title   = "Rights are given by roles, and not every request is allowed"
  section = "Authentication and authorization"
  refs    = ["CIS-1.2.6", "CIS-1.2.8", "STIG-V-242382"]
  applies = node.control_plane
  check   = has(arg(apiserver, "authorization-mode"), "RBAC") && !has(arg(apiserver, "authorization-mode"), "AlwaysAllow")
  remedy  = "set --authorization-mode=Node,RBAC"
}

control "NSA-AA-6" {
  title    = "Everybody has the rights that they need, and this is looked at again and again"
  section  = "Authentication and authorization"
  refs     = ["CIS-5.1.1", "CIS-5.1.3", "PCI-2.1", "PCI-2.3"]
  question = "Does each of these need what it may do everywhere, or everything it may do, and when was that last asked?"
  evidence = union([for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding} has ${g.role} ${g.namespace == "" ? "everywhere" : "in ${g.namespace}"}"
  if !g.builtin && (g.namespace == "" || has(g.verbs, "*") || has(g.resources, "*"))])
}
