control "PCI-6.1" {
  title   = "Secrets lie in etcd encrypted"
  section = "6"
  refs    = ["CIS-1.2.27", "STIG-V-274882", "NSA-SE-1"]
  applies = node.control_plane
  check   = subset(encrypted_by("secrets"), ["aescbc", "aesgcm", "kms", "secretbox"])
  remedy  = "put a provider that encrypts first for secrets in the file of --encryption-provider-config, and write every Secret again"
  harden {
    encryption { resources = ["secrets"] }
  }
}

control "PCI-6.2" {
  title    = "Of a secret it is known which version is in use, and it can be changed"
  section  = "6"
  refs     = ["CIS-5.4.2"]
  question = "Do the values of Secrets come from a store that keeps their versions, and when was each last changed?"
}
