# The guide takes AES-CBC or a KMS; secretbox is good cryptography and not among them.
control "NSA-SE-1" {
  title   = "Secrets lie in etcd encrypted by AES-CBC or by a KMS"
  section = "Control plane hardening"
  refs    = ["CIS-1.2.27", "CIS-1.2.28", "STIG-V-274882", "NSA-APP-H", "NSA-APP-I", "PCI-6.1"]
  applies = node.control_plane
  check   = subset(encrypted_by("secrets"), ["aescbc", "kms"])
  remedy  = "put aescbc or kms first for secrets in the file of --encryption-provider-config, and write every Secret again"
  harden {
    encryption { provider = "aescbc" }
  }
}

control "NSA-SE-2" {
  title    = "Secrets that were there before encryption were written again"
  section  = "Control plane hardening"
  applies  = node.control_plane
  question = "Was every Secret written once more after this became the provider that they are written by? bulwark does so itself (plan step cluster/encryption/rewrite)."
  evidence = union(encrypted_by("secrets"))
}

control "NSA-SE-3" {
  title    = "Secrets are read by who needs them"
  section  = "Control plane hardening"
  refs     = ["CIS-5.1.2", "STIG-V-274884"]
  question = "Does each of these need to read Secrets, and as many of them?"
  evidence = union([for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding} ${g.namespace == "" ? "everywhere" : "in ${g.namespace}"}"
  if !g.builtin && (has(g.resources, "secrets") || has(g.resources, "*")) && any([for v in ["get", "list", "watch", "*"] : has(g.verbs, v)])])
}
