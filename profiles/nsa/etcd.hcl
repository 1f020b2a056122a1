control "NSA-ET-1" {
  title   = "etcd is open to control planes alone"
  section = "Control plane hardening"
  refs    = ["PCI-4.2"]
  applies = node.control_plane
  check = (
    firewall() != null && firewall().loaded && firewall().drops &&
    all([for p in ["tcp/2379", "tcp/2380"] : within(open_from(p), cluster.control_planes)])
  )
  remedy = "have a firewall drop what comes to ports 2379 and 2380 from anything but control planes"
}

control "NSA-ET-2" {
  title   = "etcd serves by TLS, and to clients with a certificate alone"
  section = "Control plane hardening"
  refs    = ["CIS-2.1", "CIS-2.2", "STIG-V-242423", "STIG-V-242427", "STIG-V-242428"]
  applies = node.control_plane
  check   = arg(etcd, "client-cert-auth") == "true" && arg(etcd, "cert-file") != null && arg(etcd, "key-file") != null
  remedy  = "set --client-cert-auth=true, --cert-file and --key-file"
}

control "NSA-ET-3" {
  title   = "etcd knows its clients and members by an authority of its own"
  section = "Control plane hardening"
  refs    = ["CIS-2.7"]
  applies = node.control_plane
  check = (
    arg(etcd, "trusted-ca-file") != null && arg(etcd, "trusted-ca-file") != arg(apiserver, "client-ca-file") &&
    arg(etcd, "peer-trusted-ca-file") != null && arg(etcd, "peer-trusted-ca-file") != arg(apiserver, "client-ca-file")
  )
  remedy = "give etcd an authority that signs nothing else, by --trusted-ca-file and --peer-trusted-ca-file"
}
