control "CIS-2.1" {
  title   = "etcd serves with a certificate"
  section = "2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242427", "STIG-V-242428", "NSA-ET-2"]
  applies = node.control_plane
  check   = arg(etcd, "cert-file") != null && arg(etcd, "key-file") != null
  remedy  = "set --cert-file and --key-file"
}

control "CIS-2.2" {
  title   = "etcd's clients show a certificate"
  section = "2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242423", "NSA-ET-2", "PCI-1.1"]
  applies = node.control_plane
  check   = arg(etcd, "client-cert-auth") == "true"
  remedy  = "set --client-cert-auth=true"
  harden {
    etcd { args = { client-cert-auth = "true" } }
  }
}

control "CIS-2.3" {
  title   = "etcd makes itself no certificate for clients"
  section = "2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242379"]
  applies = node.control_plane
  check   = arg(etcd, "auto-tls") == null || arg(etcd, "auto-tls") == "false"
  remedy  = "set --auto-tls=false"
  harden {
    etcd { args = { auto-tls = "false" } }
  }
}

control "CIS-2.4" {
  title   = "etcd's members speak with certificates"
  section = "2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242432", "STIG-V-242433"]
  applies = node.control_plane
  check   = arg(etcd, "peer-cert-file") != null && arg(etcd, "peer-key-file") != null
  remedy  = "set --peer-cert-file and --peer-key-file"
}

control "CIS-2.5" {
  title   = "etcd's members show each other a certificate"
  section = "2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242426"]
  applies = node.control_plane
  check   = arg(etcd, "peer-client-cert-auth") == "true"
  remedy  = "set --peer-client-cert-auth=true"
  harden {
    etcd { args = { peer-client-cert-auth = "true" } }
  }
}

control "CIS-2.6" {
  title   = "etcd makes itself no certificate for other members"
  section = "2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242380"]
  applies = node.control_plane
  check   = arg(etcd, "peer-auto-tls") == null || arg(etcd, "peer-auto-tls") == "false"
  remedy  = "set --peer-auto-tls=false"
  harden {
    etcd { args = { peer-auto-tls = "false" } }
  }
}

control "CIS-2.7" {
  title   = "etcd knows its clients by an authority of its own"
  section = "2"
  level   = 2
  refs    = ["NSA-ET-3"]
  applies = node.control_plane
  check   = arg(etcd, "trusted-ca-file") != null && arg(etcd, "trusted-ca-file") != arg(apiserver, "client-ca-file")
  remedy  = "make an authority for etcd alone and set --trusted-ca-file to it"
}
