# Of services beside Kubernetes, which the text names too, nothing is read: their part
# of PCI-1.1 is in the remedy.

control "PCI-1.1" {
  title   = "API server, kubelets and etcd answer nobody whom they do not know"
  section = "1"
  refs    = ["CIS-1.2.1", "CIS-2.2", "CIS-4.2.1", "CIS-4.2.4", "STIG-V-242387", "STIG-V-242390", "STIG-V-242391", "NSA-AA-1", "NSA-AA-2"]
  check = (
    config(kubelet, "authentication.anonymous.enabled") == false && (config(kubelet, "readOnlyPort") == 0 || config(kubelet, "readOnlyPort") == null && arg(kubelet, "config") != null) &&
    (!node.control_plane || (
      anonymous() != null && (!anonymous().enabled || subset(anonymous().paths, ["/healthz", "/livez", "/readyz"])) &&
      arg(apiserver, "client-ca-file") != null && arg(etcd, "client-cert-auth") == "true" && arg(etcd, "peer-client-cert-auth") == "true"
    ))
  )
  remedy  = "close the API to anonymous requests but for its health, the kubelet to all of them and its read-only port (one without a configuration file opens it of itself), and have etcd ask for certificates; dashboards and monitoring of yours need the same"
  changed = { "1.34" = "an authentication configuration closes every path to anonymous requests but the ones that it names, and cannot stand beside --anonymous-auth" }
  harden {
    kubelet { config = { authentication = { anonymous = { enabled = false } }, readOnlyPort = 0 } }
  }
}

control "PCI-1.2" {
  title    = "Administrators come under their own names, and the general account is for emergencies"
  section  = "1"
  refs     = ["CIS-5.1.1", "CIS-5.1.7"]
  applies  = node.control_plane
  question = "Who uses these files and accounts, and is each account one person's?"
  evidence = union(
    [for p in ["/etc/kubernetes/admin.conf", "/etc/kubernetes/super-admin.conf", "/root/.kube/config"] : p if path(p) != null],
    [for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding}" if g.role == "cluster-admin"],
  )
}

control "PCI-1.3" {
  title    = "What somebody proves who they are by can be taken back at once"
  section  = "1"
  refs     = ["CIS-3.1.1", "CIS-3.1.2", "NSA-CP-2"]
  applies  = node.control_plane
  question = "Kubernetes cannot revoke a certificate: do people come by one of these issuers of tokens, and where not, how soon does what they have end?"
  evidence = union(issuers())
}

control "PCI-1.4" {
  title   = "No tokens or passwords lie in files of the API server"
  section = "1"
  refs    = ["CIS-1.2.2", "STIG-V-245542", "STIG-V-245543", "NSA-AA-4"]
  applies = node.control_plane
  check   = arg(apiserver, "token-auth-file") == null && arg(apiserver, "basic-auth-file") == null
  remedy  = "take --token-auth-file away from the API server, and keep kubeconfigs of people in a store that encrypts"
}

control "PCI-1.5" {
  title   = "Pods get a token of the API only by an account of their own"
  section = "1"
  refs    = ["CIS-5.1.5", "CIS-5.1.6", "NSA-PS-5"]
  check = (
    all([for s in service_accounts() : s.name != "default" || !s.automount]) &&
    all([for p in pods() : p.system || !p.token || p.service_account != "default"])
  )
  remedy = "set automountServiceAccountToken to false in each namespace's account default, and give pods that call the API an account with the rights they need"
  harden {
    policy { no_default_tokens = true }
  }
}

control "PCI-1.6" {
  title    = "People who work with the cluster prove themselves by more than one factor"
  section  = "1"
  refs     = ["NSA-CP-2"]
  applies  = node.control_plane
  question = "Does each of these issuers of tokens ask people for a second factor, and is there another way in that asks for none?"
  evidence = union(issuers())
}
