control "STIG-V-242402" {
  title   = "The API server writes an audit log"
  cat     = 2
  rule    = "CNTR-K8-000610"
  refs    = ["CIS-1.2.16", "NSA-AL-2", "PCI-7.1"]
  applies = node.control_plane
  check   = arg(apiserver, "audit-log-path") != null
  remedy  = "set --audit-log-path to a file in a folder of root's"
}

control "STIG-V-242403" {
  title   = "The audit log has every request and every answer whole"
  cat     = 2
  rule    = "CNTR-K8-000700"
  refs    = ["CIS-3.2.2", "NSA-AL-4"]
  applies = node.control_plane
  check   = count(audit_rules()) == 1 && all([for r in audit_rules() : r.level == "RequestResponse" && count(union(r.verbs, r.users, r.groups, r.resources, r.namespaces, r.urls)) == 0])
  remedy  = "have one rule in the audit policy, of the level RequestResponse and about everything; the log then holds Secrets in the clear, and has to be kept like them"
  settle  = "the bodies of Secrets are then in the log in the clear, for everybody who reads the log, its copies and its backups"
  harden {
    audit { policy = "everything" }
  }
}

control "STIG-V-242461" {
  title   = "The API server has an audit policy"
  cat     = 2
  rule    = "CNTR-K8-003280"
  refs    = ["CIS-3.2.1", "NSA-AL-1", "PCI-7.1"]
  applies = node.control_plane
  check   = arg(apiserver, "audit-policy-file") != null
  remedy  = "set --audit-policy-file"
}

control "STIG-V-242462" {
  title   = "An audit log grows to a hundred megabytes"
  cat     = 2
  rule    = "CNTR-K8-003290"
  refs    = ["CIS-1.2.19"]
  changed = { "1.36" = "a size of 0 means that the log is never rotated; it counts as less than 100" }
  applies = node.control_plane
  check   = at_least(arg(apiserver, "audit-log-maxsize"), 100)
  remedy  = "set --audit-log-maxsize to 100 or more"
  harden {
    audit { max_size = 100 }
  }
}

control "STIG-V-242463" {
  title   = "Ten old audit logs are kept"
  cat     = 2
  rule    = "CNTR-K8-003300"
  refs    = ["CIS-1.2.18"]
  changed = { "1.36" = "an API server that is told nothing keeps 100; the text wants to see it" }
  applies = node.control_plane
  check   = at_least(arg(apiserver, "audit-log-maxbackup"), 10)
  remedy  = "set --audit-log-maxbackup to 10 or more"
  harden {
    audit { max_backup = 10 }
  }
}

control "STIG-V-242464" {
  title   = "Audit logs are kept for thirty days"
  cat     = 2
  rule    = "CNTR-K8-003310"
  refs    = ["CIS-1.2.17", "NSA-AL-3"]
  changed = { "1.36" = "an API server that is told nothing keeps them for 366 days; the text wants to see it" }
  applies = node.control_plane
  check   = at_least(arg(apiserver, "audit-log-maxage"), 30)
  remedy  = "set --audit-log-maxage to 30 or more"
  harden {
    audit { max_age = 30 }
  }
}

control "STIG-V-242465" {
  title   = "The audit log is a file on the node"
  cat     = 2
  rule    = "CNTR-K8-003320"
  refs    = ["CIS-1.2.16", "NSA-AL-2", "PCI-7.1"]
  applies = node.control_plane
  check   = starts_with(arg(apiserver, "audit-log-path"), "/")
  remedy  = "set --audit-log-path to the whole path of a file; - is the API server's own output"
}
