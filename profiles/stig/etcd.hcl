control "STIG-V-242379" {
  title   = "etcd is told to make itself no certificate for clients"
  cat     = 2
  rule    = "CNTR-K8-000180"
  refs    = ["CIS-2.3", "NSA-ET-2"]
  applies = node.control_plane
  check   = arg(etcd, "auto-tls") == "false"
  remedy  = "set --auto-tls=false on etcd; its default is the same, but the text wants to see it"
  harden {
    etcd { args = { auto-tls = false } }
  }
}

control "STIG-V-242380" {
  title   = "etcd is told to make itself no certificate for other members"
  cat     = 2
  rule    = "CNTR-K8-000190"
  refs    = ["CIS-2.6", "NSA-ET-2"]
  applies = node.control_plane
  check   = arg(etcd, "peer-auto-tls") == "false"
  remedy  = "set --peer-auto-tls=false on etcd; its default is the same, but the text wants to see it"
  harden {
    etcd { args = { peer-auto-tls = false } }
  }
}

control "STIG-V-242423" {
  title   = "etcd's clients show a certificate"
  cat     = 2
  rule    = "CNTR-K8-001450"
  refs    = ["CIS-2.2", "NSA-ET-2", "PCI-1.1"]
  applies = node.control_plane
  check   = arg(etcd, "client-cert-auth") == "true"
  remedy  = "set --client-cert-auth=true on etcd"
  harden {
    etcd { args = { client-cert-auth = true } }
  }
}

control "STIG-V-242426" {
  title   = "etcd's members show each other a certificate"
  cat     = 2
  rule    = "CNTR-K8-001480"
  refs    = ["CIS-2.5", "NSA-ET-2"]
  applies = node.control_plane
  check   = arg(etcd, "peer-client-cert-auth") == "true"
  remedy  = "set --peer-client-cert-auth=true on etcd"
  harden {
    etcd { args = { peer-client-cert-auth = true } }
  }
}

control "STIG-V-242427" {
  title   = "etcd has the key of the certificate that it serves clients with"
  cat     = 2
  rule    = "CNTR-K8-001490"
  refs    = ["CIS-2.1", "NSA-ET-2"]
  applies = node.control_plane
  check   = arg(etcd, "key-file") != null
  remedy  = "set --key-file on etcd"
}

control "STIG-V-242428" {
  title   = "etcd serves clients with a certificate"
  cat     = 2
  rule    = "CNTR-K8-001500"
  refs    = ["CIS-2.1", "NSA-ET-2"]
  applies = node.control_plane
  check   = arg(etcd, "cert-file") != null
  remedy  = "set --cert-file on etcd"
}

control "STIG-V-242432" {
  title   = "etcd's members speak with certificates"
  cat     = 2
  rule    = "CNTR-K8-001540"
  refs    = ["CIS-2.4", "NSA-ET-2"]
  applies = node.control_plane
  check   = arg(etcd, "peer-cert-file") != null
  remedy  = "set --peer-cert-file on etcd"
}

control "STIG-V-242433" {
  title   = "etcd has the key of the certificate that it shows other members"
  cat     = 2
  rule    = "CNTR-K8-001550"
  refs    = ["CIS-2.4", "NSA-ET-2"]
  applies = node.control_plane
  check   = arg(etcd, "peer-key-file") != null
  remedy  = "set --peer-key-file on etcd"
}
