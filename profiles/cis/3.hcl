control "CIS-3.1.1" {
  title    = "People do not come by client certificates, which nobody can take back"
  section  = "3.1"
  level    = 1
  refs     = ["NSA-CP-2", "PCI-1.3"]
  applies  = node.control_plane
  question = "Do people come to the API by an issuer of tokens, and by a client certificate in an emergency alone?"
  evidence = union([for i in union(issuers()) : "the API server takes tokens of ${i}"], [for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding}" if !g.builtin && g.subject_kind != "ServiceAccount"])
}

control "CIS-3.1.2" {
  title    = "People do not come by tokens of service accounts"
  section  = "3.1"
  level    = 1
  refs     = ["PCI-1.3"]
  question = "Is each of these service accounts a program's, so that no person holds its token?"
  evidence = union([for g in grants() : "${g.subject_namespace}/${g.subject} by ${g.binding}" if !g.builtin && g.subject_kind == "ServiceAccount"])
}

control "CIS-3.1.3" {
  title    = "No bootstrap token is left by which somebody could come"
  section  = "3.1"
  level    = 1
  check    = count(bootstrap_tokens()) == 0
  evidence = [for t in bootstrap_tokens() : "${t.id} ${t.description}"]
  remedy   = "delete each token by kubeadm token delete once its node has joined"
}

control "CIS-3.2.1" {
  title   = "What the audit log keeps is said by a policy"
  section = "3.2"
  level   = 1
  refs    = ["STIG-V-242461", "NSA-AL-1", "PCI-7.1"]
  applies = node.control_plane
  check   = arg(apiserver, "audit-policy-file") != null
  remedy  = "set --audit-policy-file to a policy"
}

control "CIS-3.2.2" {
  title   = "The audit log has who changes what and who enters pods, and no Secret"
  section = "3.2"
  level   = 2
  refs    = ["NSA-AL-4", "NSA-APP-L"]
  applies = node.control_plane
  check = (
    all([for r in ["secrets", "configmaps"] : all([for v in ["get", "list", "watch", "create", "update", "patch", "delete"] : audit_level(v, r) == "Metadata"])]) &&
    audit_level("create", "tokenreviews.authentication.k8s.io") == "Metadata" &&
    audit_level("create", "serviceaccounts/token") == "Metadata" &&
    all([for r in ["pods", "deployments.apps"] : all([for v in ["create", "update", "patch", "delete"] : subset(audit_level(v, r), ["Metadata", "Request", "RequestResponse"])])]) &&
    all([for r in ["pods/exec", "pods/portforward", "pods/proxy", "services/proxy"] : all([for v in ["get", "create"] : subset(audit_level(v, r), ["Metadata", "Request", "RequestResponse"])])]) &&
    subset(audit_level("create", "certificatesigningrequests.certificates.k8s.io"), ["Metadata", "Request", "RequestResponse"]) &&
    subset(audit_level("update", "certificatesigningrequests.certificates.k8s.io/approval"), ["Metadata", "Request", "RequestResponse"]) &&
    subset(audit_level("create", "clusterrolebindings.rbac.authorization.k8s.io"), ["Metadata", "Request", "RequestResponse"])
  )
  remedy = "have the policy keep metadata, and no more, of secrets, configmaps, tokenreviews and serviceaccounts/token, and at least metadata of everything else"

  harden {
    audit { policy = "metadata" }
  }
}
