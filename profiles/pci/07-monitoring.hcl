# That the log is kept elsewhere too is asked by PCI-8.1.
control "PCI-7.1" {
  title   = "Requests to the API are written to a log, those for Secrets too"
  section = "7"
  refs    = ["CIS-1.2.16", "CIS-3.2.1", "STIG-V-242402", "STIG-V-242461", "NSA-AL-1", "NSA-AL-2"]
  applies = node.control_plane
  check = (
    arg(apiserver, "audit-policy-file") != null && (starts_with(arg(apiserver, "audit-log-path"), "/") || arg(apiserver, "audit-webhook-config-file") != null) &&
    all([for r in ["secrets", "pods", "pods/exec", "clusterrolebindings.rbac.authorization.k8s.io"] : audit_level("create", r) != null && audit_level("create", r) != "None"])
  )
  remedy = "set --audit-policy-file to a policy that leaves out nothing but probes and --audit-log-path to a file, and take it to a store that nobody here can change"
}
