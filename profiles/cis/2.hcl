control "CIS-2.1" {
  title   = "etcd serves with a certificate"
  section = "2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(etcd, "cert-file") != null && arg(etcd, "key-file") != null
  remedy  = "set --cert-file and --key-file"
}

control "CIS-2.2" {
  title   = "etcd's clients show a certificate"
  section = "2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(etcd, "client-cert-auth") == "true"
  remedy  = "set --client-cert-auth=true"
}

control "CIS-2.3" {
  title   = "etcd makes itself no certificate for clients"
  section = "2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(etcd, "auto-tls") == null || arg(etcd, "auto-tls") == "false"
  remedy  = "set --auto-tls=false"
}

control "CIS-2.4" {
  title   = "etcd's members speak with certificates"
  section = "2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(etcd, "peer-cert-file") != null && arg(etcd, "peer-key-file") != null
  remedy  = "set --peer-cert-file and --peer-key-file"
}

control "CIS-2.5" {
  title   = "etcd's members show each other a certificate"
  section = "2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(etcd, "peer-client-cert-auth") == "true"
  remedy  = "set --peer-client-cert-auth=true"
}

control "CIS-2.6" {
  title   = "etcd makes itself no certificate for other members"
  section = "2"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(etcd, "peer-auto-tls") == null || arg(etcd, "peer-auto-tls") == "false"
  remedy  = "set --peer-auto-tls=false"
}
