control "STIG-V-242436" {
  title   = "The API server asks webhooks whether a change may be made, and says so"
  cat     = 1
  rule    = "CNTR-K8-002000"
  changed = { "1.25" = "the text asks it of older releases; the plugin is on by itself, and naming it does no harm" }
  applies = node.control_plane
  check   = has(arg(apiserver, "enable-admission-plugins"), "ValidatingAdmissionWebhook") && !has(arg(apiserver, "disable-admission-plugins"), "ValidatingAdmissionWebhook")
  remedy  = "add ValidatingAdmissionWebhook to --enable-admission-plugins, beside what is there"
  harden {
    apiserver { args = { enable-admission-plugins = "ValidatingAdmissionWebhook" } }
  }
}

control "STIG-V-242437" {
  title    = "PodSecurityPolicies give pods no more than they need"
  cat      = 1
  rule     = "CNTR-K8-002010"
  refs     = ["NSA-APP-C"]
  changed  = { "1.25" = "there are no PodSecurityPolicies; Pod Security admission took their place, and STIG-V-254800 asks about it" }
  applies  = cluster.kubernetes < version("1.25")
  question = "Does each PodSecurityPolicy keep pods from running as root, as privileged ones, and in the namespaces of their host?"
}

control "STIG-V-254800" {
  title   = "Pods of namespaces that say nothing are held to a Pod Security standard"
  cat     = 1
  rule    = "CNTR-K8-002011"
  refs    = ["CIS-5.2.1", "PCI-3.1"]
  applies = node.control_plane
  check = (
    arg(apiserver, "admission-control-config-file") != null && pod_security() != null && has(["baseline", "restricted"], pod_security().enforce) &&
    within(pod_security().exempt, ["kube-system", "kube-public", "kube-node-lease"]) && count(pod_security().exempt_users) == 0 && count(pod_security().exempt_runtimes) == 0 &&
    (pod_security().enforce_version == "latest" ? true : version(pod_security().enforce_version) >= cluster.kubernetes)
  )
  remedy = "give the API server an admission configuration in which PodSecurity enforces baseline or restricted, of the version latest, and exempts no user, no runtime class, and no namespace but those of Kubernetes"
  harden {
    admission {
      pod_security      = "baseline"
      exempt_namespaces = ["kube-system", "kube-public", "kube-node-lease"]
    }
  }
}

control "STIG-V-254801" {
  title   = "Pod Security admission is not switched off"
  cat     = 1
  rule    = "CNTR-K8-002001"
  refs    = ["CIS-5.2.1"]
  changed = { "1.28" = "the feature gate PodSecurity that the text asks for is gone, and a component that names it does not start; it is asked whether the plugin is on" }
  applies = node.control_plane
  check   = !has(arg(apiserver, "disable-admission-plugins"), "PodSecurity") && feature(apiserver, "PodSecurity") != false
  remedy  = "take PodSecurity out of --disable-admission-plugins"
}

control "STIG-V-274882" {
  title   = "Secrets are encrypted in etcd"
  cat     = 1
  rule    = "CNTR-K8-001162"
  refs    = ["CIS-1.2.27", "CIS-1.2.28", "NSA-APP-H", "NSA-SE-1", "PCI-6.1"]
  applies = node.control_plane
  check   = arg(apiserver, "encryption-provider-config") != null && encrypted_by("secrets") != null && encrypted_by("secrets") != "identity"
  remedy  = "give the API server an encryption configuration in which the first provider of secrets is not identity, and write each Secret once more"
  harden {
    encryption { resources = ["secrets"] }
  }
}
