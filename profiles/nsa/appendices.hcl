# Appendices are examples: each control asks for what its example is about.

control "NSA-APP-A" {
  title    = "Images are built to run as a user that is not root"
  section  = "Appendix A"
  refs     = ["CIS-5.2.7", "PCI-12.3"]
  question = "Can the images of these pods, which may run as root, have a USER of their own?"
  evidence = [for p in pods() : "${p.namespace}/${p.name}" if !p.system && any([for c in p.containers : !c.non_root])]
}

control "NSA-APP-B" {
  title   = "Deployments mount what they write to, and the rest is read only"
  section = "Appendix B"
  refs    = ["NSA-PS-2"]
  check   = all([for p in pods() : p.system || all([for c in p.containers : c.read_only_root])])
  remedy  = "set readOnlyRootFilesystem in the security context of each container, and mount an emptyDir where it has to write"
}

control "NSA-APP-C" {
  title   = "Pods are held to the restricted standard, and warnings and the audit log go by it too"
  section = "Appendix C"
  refs    = ["CIS-5.2.1", "STIG-V-254800"]
  applies = node.control_plane
  check = (
    pod_security() != null && pod_security().enforce == "restricted" && pod_security().warn == "restricted" && pod_security().audit == "restricted" &&
    all([for level in cluster.namespaces : level == "restricted"]) && within(pod_security().exempt, ["kube-system", "kube-public", "kube-node-lease"]) && count(pod_security().exempt_users) == 0 && count(pod_security().exempt_runtimes) == 0 &&
    (pod_security().enforce_version == "latest" ? true : version(pod_security().enforce_version) >= cluster.kubernetes)
  )
  remedy  = "name restricted for enforce, warn and audit in the configuration of the PodSecurity plugin and for each namespace, exempt none but those of Kubernetes, no user and no runtime class, and enforce the version latest"
  changed = { "1.25" = "there are no PodSecurityPolicies, which the example is of; the plugin PodSecurity takes their place" }
  harden {
    admission {
      pod_security      = "restricted"
      exempt_namespaces = ["kube-system", "kube-public", "kube-node-lease"]
    }
  }
}

control "NSA-APP-D" {
  title   = "What people make is in namespaces that they made for it"
  section = "Appendix D"
  refs    = ["CIS-5.6.4", "STIG-V-242383"]
  check   = count(things()) == 0
  remedy  = "make a namespace for each application, and move there what is in default, kube-public and kube-node-lease"
}

control "NSA-APP-E" {
  title   = "Each namespace has policies that deny all ingress, and all egress but DNS, and they are enforced"
  section = "Appendix E"
  refs    = ["CIS-5.3.2", "NSA-NS-3", "PCI-4.1"]
  check = (
    cluster.enforces &&
    within([for n in namespaces() : n.name if !n.system], [for p in network_policies() : p.namespace if p.all_pods && p.denies_ingress]) &&
    within([for n in namespaces() : n.name if !n.system], [for p in network_policies() : p.namespace if p.all_pods && (p.denies_egress || p.allows_dns)])
  )
  remedy = "give each namespace a NetworkPolicy with an empty podSelector and policyTypes Ingress and Egress, on a pod network that enforces it"
  harden {
    policy { default_deny = true }
  }
}

# A LimitRange's figures are not read; what it is for is that each container has limits.
control "NSA-APP-F" {
  title   = "Every container has a limit of processor time and memory, its own or a LimitRange's"
  section = "Appendix F"
  refs    = ["NSA-NS-4", "PCI-11.1"]
  check   = all([for p in pods() : p.system || all([for c in p.containers : c.limits])])
  remedy  = "give each namespace a LimitRange with defaults of processor time and memory, and make its pods again"
}

control "NSA-APP-G" {
  title   = "Namespaces that pods run in have a ResourceQuota"
  section = "Appendix G"
  refs    = ["NSA-NS-5", "PCI-11.1"]
  check   = within([for p in pods() : p.namespace if !p.system], [for q in quotas() : q.namespace])
  remedy  = "give each namespace a ResourceQuota of requests and limits"
}

control "NSA-APP-H" {
  title   = "The encryption configuration has AES-CBC or a KMS first for Secrets"
  section = "Appendix H"
  refs    = ["CIS-1.2.27", "CIS-1.2.28", "NSA-SE-1"]
  applies = node.control_plane
  check   = arg(apiserver, "encryption-provider-config") != null && subset(encrypted_by("secrets"), ["aescbc", "kms"])
  remedy  = "put aescbc first for secrets, and identity last if at all"
  harden {
    encryption { provider = "aescbc" }
  }
}

# The guide prefers this to appendix H and takes either.
control "NSA-APP-I" {
  title   = "What encrypts Secrets is a KMS, or AES-CBC where there is none"
  section = "Appendix I"
  refs    = ["CIS-1.2.28", "NSA-SE-1"]
  applies = node.control_plane
  check   = subset(encrypted_by("secrets"), ["aescbc", "kms"])
  remedy  = "put kms with apiVersion v2 first for secrets, or aescbc where there is no KMS"
  changed = { "1.29" = "the first version of KMS, which the example has, is off; use apiVersion v2" }
  harden {
    encryption { provider = "aescbc" }
  }
}

control "NSA-APP-J" {
  title   = "Roles that people gave name what may be done, and to what"
  section = "Appendix J"
  refs    = ["CIS-5.1.3"]
  check   = all([for g in grants() : g.builtin || !has(g.verbs, "*") && !has(g.resources, "*") && !has(g.groups, "*")])
  remedy  = "write the verbs, resources and groups of each role in place of *"
}

control "NSA-APP-K" {
  title    = "Bindings hold in a namespace, and everywhere only where they have to"
  section  = "Appendix K"
  refs     = ["CIS-5.1.1", "PCI-2.1"]
  question = "Does each of these have to hold in every namespace, or would a RoleBinding in one do?"
  evidence = union([for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding} has ${g.role}" if !g.builtin && g.namespace == ""])
}

control "NSA-APP-L" {
  title   = "The audit policy has Secrets at Metadata, and ends with everything at RequestResponse"
  section = "Appendix L"
  refs    = ["CIS-3.2.2", "NSA-AL-4"]
  applies = node.control_plane
  check = (
    audit_level("get", "secrets") == "Metadata" && audit_level("update", "secrets") == "Metadata" && audit_rules() != null &&
    any([for r in audit_rules() : r.level == "RequestResponse" && count(r.verbs) + count(r.users) + count(r.groups) + count(r.resources) + count(r.namespaces) + count(r.urls) == 0])
  )
  remedy = "write a policy with a rule for secrets at Metadata, and a last one without conditions at RequestResponse"
  harden {
    audit { policy = "metadata" }
  }
}

control "NSA-APP-M" {
  title   = "The API server has a policy, a log and five years to keep it"
  section = "Appendix M"
  refs    = ["CIS-1.2.16", "CIS-1.2.17", "CIS-3.2.1", "NSA-AL-1", "NSA-AL-2", "NSA-AL-3"]
  applies = node.control_plane
  check   = arg(apiserver, "audit-policy-file") != null && starts_with(arg(apiserver, "audit-log-path"), "/") && at_least(arg(apiserver, "audit-log-maxage"), 1825)
  remedy  = "set --audit-policy-file, --audit-log-path and --audit-log-maxage=1825, and mount both into the pod"
  harden {
    audit { max_age = 1825 }
  }
}

control "NSA-APP-N" {
  title    = "A webhook that audit events are sent to is reached by TLS"
  section  = "Appendix N"
  refs     = ["NSA-AL-5"]
  applies  = node.control_plane && arg(apiserver, "audit-webhook-config-file") != null
  question = "Does this file name an address of https and the authority to know it by? The guide's own example has http."
  evidence = union(arg(apiserver, "audit-webhook-config-file"))
}
