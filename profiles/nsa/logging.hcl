control "NSA-AL-1" {
  title   = "The API server has an audit policy that writes something"
  section = "Audit logging and threat detection"
  refs    = ["CIS-3.2.1", "STIG-V-242461", "PCI-7.1"]
  applies = node.control_plane
  check   = arg(apiserver, "audit-policy-file") != null && audit_rules() != null && any([for r in audit_rules() : r.level != "None"])
  remedy  = "set --audit-policy-file to a policy with a rule that writes"
}

control "NSA-AL-2" {
  title   = "The audit log is a file, and not among the output of the API server"
  section = "Audit logging and threat detection"
  refs    = ["CIS-1.2.16", "STIG-V-242402", "STIG-V-242465", "PCI-7.1"]
  applies = node.control_plane
  check   = starts_with(arg(apiserver, "audit-log-path"), "/")
  remedy  = "set --audit-log-path to a file in a folder that root alone may enter"
}

control "NSA-AL-3" {
  title   = "Audit logs are kept for five years"
  section = "Audit logging and threat detection"
  refs    = ["CIS-1.2.17", "STIG-V-242464", "NSA-APP-M"]
  applies = node.control_plane
  check   = at_least(arg(apiserver, "audit-log-maxage"), 1825)
  remedy  = "set --audit-log-maxage=1825; since old files are also counted, take them off the machine or raise --audit-log-maxbackup"
  harden {
    audit { max_age = 1825 }
  }
}

# Of the rest a log may keep less where rules say so by name (tokens, leases, events),
# but nothing that is there to be changed goes unseen.
control "NSA-AL-4" {
  title   = "Of Secrets the audit log keeps who and when, of the rest what was said too"
  section = "Audit logging and threat detection"
  refs    = ["CIS-3.2.2", "NSA-APP-L"]
  applies = node.control_plane
  check = (
    all([for v in ["get", "list", "create", "update", "patch", "delete"] : audit_level(v, "secrets") == "Metadata"]) &&
    all([for r in ["pods", "pods/exec", "namespaces", "serviceaccounts", "deployments.apps", "cronjobs.batch", "rolebindings.rbac.authorization.k8s.io", "clusterroles.rbac.authorization.k8s.io"] : audit_level("create", r) == "RequestResponse"]) &&
    audit_rules() != null && all([for r in audit_rules() : r.level != "None" || count(r.urls) > 0])
  )
  remedy = "let the audit policy write Secrets at Metadata and end with a rule for everything at RequestResponse"
  harden {
    audit { policy = "metadata" }
  }
}

control "NSA-AL-5" {
  title    = "The audit log has a copy away from the machine"
  section  = "Audit logging and threat detection"
  refs     = ["NSA-APP-N", "PCI-7.1"]
  applies  = node.control_plane
  question = "Does the API server send its audit log away, by the webhook of this file, or does a program take it from the disk?"
  evidence = union(arg(apiserver, "audit-webhook-config-file"))
}

control "NSA-AL-6" {
  title    = "Logs of machines and containers go to a store that can only be added to"
  section  = "Audit logging and threat detection"
  refs     = ["PCI-8.1"]
  question = "Do these, or pods of yours, take the journal and the logs of containers to a store elsewhere, by TLS, which nobody here can delete from?"
  evidence = [for u in ["rsyslog.service", "syslog-ng.service", "systemd-journal-upload.service", "fluent-bit.service", "vector.service", "filebeat.service"] : u if unit(u) != null && unit(u).active]
}

control "NSA-AL-7" {
  title    = "What containers ask of the kernel is seen where it matters"
  section  = "Audit logging and threat detection"
  question = "Do seccomp profiles that log, or an agent, show which calls your containers make? These pods have a profile of yours:"
  evidence = [for p in pods() : "${p.namespace}/${p.name}" if any([for c in p.containers : c.seccomp == "Localhost"])]
}

control "NSA-AL-8" {
  title    = "Somebody is told of what is odd in the logs"
  section  = "Audit logging and threat detection"
  question = "Are there rules that alert somebody, and do they know what of Kubernetes' logs is odd: refused requests, new bindings, exec into pods, pulls that fail?"
}

control "NSA-AL-9" {
  title    = "An outage loses no logs"
  section  = "Audit logging and threat detection"
  applies  = node.control_plane
  question = "Is what is written kept on the machine until the store elsewhere has it, and does the disk have room for as long as that may be away?"
  evidence = [
    "the audit log is written ${arg(apiserver, "audit-log-mode") == null ? "blocking" : arg(apiserver, "audit-log-mode")}",
    "old files kept: ${arg(apiserver, "audit-log-maxbackup") == null ? "Kubernetes' default" : arg(apiserver, "audit-log-maxbackup")}",
    "megabytes a file: ${arg(apiserver, "audit-log-maxsize") == null ? "Kubernetes' default" : arg(apiserver, "audit-log-maxsize")}",
  ]
}

control "NSA-AL-10" {
  title    = "Changes of rights, calls of the API, and odd pods, volumes and jobs are seen"
  section  = "Audit logging and threat detection"
  applies  = node.control_plane
  question = "Does somebody, or a program, look at these in the audit log, and at what pods do on their machines?"
  evidence = [for r in ["pods", "pods/exec", "persistentvolumes", "cronjobs.batch", "rolebindings.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io"] :
    "of ${r} the log keeps ${audit_level("create", r) == null ? "nothing" : audit_level("create", r)}"
  ]
}
