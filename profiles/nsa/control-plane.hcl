control "NSA-CP-1" {
  title   = "Every component says that TLS 1.2 is the least it speaks"
  section = "Control plane hardening"
  refs    = ["STIG-V-242376", "STIG-V-242377", "STIG-V-242378", "PCI-4.3"]
  check = subset(config(kubelet, "tlsMinVersion"), ["VersionTLS12", "VersionTLS13"]) && (!node.control_plane || (
    all([for c in [apiserver, controller_manager, scheduler] : subset(arg(c, "tls-min-version"), ["VersionTLS12", "VersionTLS13"])]) &&
    subset(arg(etcd, "tls-min-version"), ["TLS1.2", "TLS1.3"])
  ))
  remedy = "set --tls-min-version to VersionTLS12, to TLS1.2 for etcd, and tlsMinVersion of kubelets to VersionTLS12"
  harden {
    apiserver { args = { "tls-min-version" = "VersionTLS12" } }
    controller_manager { args = { "tls-min-version" = "VersionTLS12" } }
    scheduler { args = { "tls-min-version" = "VersionTLS12" } }
    etcd { args = { "tls-min-version" = "TLS1.2" } }
    kubelet { config = { tlsMinVersion = "VersionTLS12" } }
  }
}

control "NSA-CP-2" {
  title    = "People prove who they are by something strong"
  section  = "Control plane hardening"
  refs     = ["CIS-3.1.1", "PCI-1.3", "PCI-1.6"]
  applies  = node.control_plane
  question = "Do people come by one of these issuers of tokens, or else by certificates that end soon?"
  evidence = union(issuers())
}

control "NSA-CP-3" {
  title   = "The API is open to nodes, pods, admins and load balancers alone, and not to everybody"
  section = "Control plane hardening"
  refs    = ["PCI-4.2"]
  applies = node.control_plane
  check = (
    firewall() != null && firewall().loaded && firewall().drops &&
    !has(open_from("tcp/${arg(apiserver, "secure-port")}"), "0.0.0.0/0") && !has(open_from("tcp/${arg(apiserver, "secure-port")}"), "::/0") && within(open_from("tcp/${arg(apiserver, "secure-port")}"), union(cluster.nodes, cluster.pods, cluster.admins, cluster.balancers))
  )
  remedy = "have a firewall drop what comes to the API's port from elsewhere: firewall { admins = [ … ] } with your own networks, and endpoint { balancers = [ … ] }"
}

# The flag is gone, and the API server would not start with it: this finds a manifest of
# a version that still has it.
control "NSA-CP-4" {
  title   = "The API is not served without TLS"
  section = "Control plane hardening"
  refs    = ["STIG-V-242386", "STIG-V-242388"]
  applies = node.control_plane
  check   = (arg(apiserver, "insecure-port") == null || arg(apiserver, "insecure-port") == "0") && arg(apiserver, "insecure-bind-address") == null && arg(apiserver, "secure-port") != "0"
  remedy  = "take --insecure-port and --insecure-bind-address away, and do not set --secure-port to 0"
  changed = { "1.24" = "the API server has no --insecure-port any more, and does not start with one" }
}

control "NSA-CP-5" {
  title    = "Neither the internet nor another network that is not trusted reaches the control plane"
  section  = "Control plane hardening"
  applies  = node.control_plane
  question = "Is every one of these networks yours, and does no router, load balancer or cloud let others through?"
  evidence = union(
    [firewall() != null && firewall().loaded && firewall().drops ? "the rest is dropped" : "nothing is dropped: who gets to the machine reaches every port"],
    [for s in union(open_from("tcp/${arg(apiserver, "secure-port")}")) : "the API from ${s}"],
    [for s in union(open_from("tcp/2379")) : "etcd from ${s}"],
    [for s in union(open_from("tcp/10250")) : "the kubelet from ${s}"],
  )
}

control "NSA-CP-6" {
  title   = "Each port of the control plane is open to whom it is for"
  section = "Control plane hardening"
  refs    = ["STIG-V-242410", "STIG-V-242411", "STIG-V-242412", "STIG-V-242413", "PCI-4.2"]
  applies = node.control_plane
  check = (
    firewall() != null && firewall().loaded && firewall().drops &&
    within(open_from("tcp/${arg(apiserver, "secure-port")}"), union(cluster.nodes, cluster.pods, cluster.admins, cluster.balancers)) &&
    all([for p in ["tcp/2379", "tcp/2380", "tcp/10250", "tcp/10257", "tcp/10258", "tcp/10259"] : within(open_from(p), cluster.control_planes)])
  )
  remedy = "have a firewall let control planes alone reach etcd (2379, 2380), the kubelet (10250) and the controllers (10257 to 10259), and nodes, pods, admins and load balancers the API"
}

control "NSA-CP-7" {
  title   = "Who may do what is said by roles, and for kubelets by their node"
  section = "Control plane hardening"
  refs    = ["CIS-1.2.6", "CIS-1.2.7", "CIS-1.2.8", "STIG-V-242382"]
  applies = node.control_plane
  check   = all([for m in ["Node", "RBAC"] : has(arg(apiserver, "authorization-mode"), m)]) && !has(arg(apiserver, "authorization-mode"), "AlwaysAllow")
  remedy  = "set --authorization-mode=Node,RBAC"
}

control "NSA-KC-1" {
  title   = "Kubeconfigs of a machine can be read and written by root alone"
  section = "Control plane hardening"
  refs    = ["CIS-1.1.13", "CIS-1.1.14", "CIS-1.1.15", "CIS-1.1.16", "CIS-1.1.17", "CIS-1.1.18", "CIS-4.1.5", "CIS-4.1.6"]
  check = all([for p in ["/etc/kubernetes/admin.conf", "/etc/kubernetes/super-admin.conf", "/etc/kubernetes/controller-manager.conf", "/etc/kubernetes/scheduler.conf", "/etc/kubernetes/kubelet.conf", "/root/.kube/config"] :
    path(p) == null || mode_within("0600", path(p)) && owned_by("root:root", path(p))
  ])
  remedy = "chmod 0600 and chown root:root each of them; those that people have at home are theirs alone, 0600 too"
}

control "NSA-WN-1" {
  title   = "A worker's kubelet is open to control planes alone, and its NodePorts to chosen clients"
  section = "Worker node segmentation"
  refs    = ["PCI-4.2"]
  applies = !node.control_plane
  check = (
    firewall() != null && firewall().loaded && firewall().drops &&
    within(open_from("tcp/10250"), cluster.control_planes) &&
    all([for p in ["tcp/30000", "tcp/32767", "udp/30000", "udp/32767"] : within(open_from(p), union(cluster.nodes, cluster.pods, cluster.nodeports))])
  )
  remedy = "have a firewall let control planes alone reach 10250, and firewall { nodeports = [ … ] } alone the ports 30000 to 32767"
}

control "NSA-CL-1" {
  title    = "Pods reach neither the metadata of a cloud nor the network that machines are managed by"
  section  = "Control plane hardening"
  question = "Is there a metadata service (169.254.169.254) or a network of management boards, and does egress keep pods from it? These policies deny egress but for DNS:"
  evidence = [for p in network_policies() : "${p.namespace}/${p.name}" if p.all_pods && (p.denies_egress || p.allows_dns)]
}
