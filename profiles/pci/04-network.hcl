control "PCI-4.1" {
  title   = "Containers reach nothing, and nothing reaches them, unless a policy lets it"
  section = "4"
  refs    = ["CIS-5.3.2", "NSA-NS-3", "NSA-APP-E"]
  check = (
    cluster.enforces &&
    within([for n in namespaces() : n.name if !n.system], [for p in network_policies() : p.namespace if p.all_pods && p.denies_ingress]) &&
    within([for n in namespaces() : n.name if !n.system], [for p in network_policies() : p.namespace if p.all_pods && (p.denies_egress || p.allows_dns)])
  )
  remedy = "give each namespace a NetworkPolicy that selects every pod and allows neither ingress nor egress but DNS, on a pod network that enforces it"
  harden {
    policy { default_deny = true }
  }
}

# Of sshd port 22 is asked: a check does not know which other one a spec may name.
control "PCI-4.2" {
  title   = "The APIs of the cluster are open to named networks alone"
  section = "4"
  refs    = ["NSA-CP-3", "NSA-CP-6", "NSA-ET-1", "NSA-WN-1"]
  check = (
    firewall() != null && firewall().loaded && firewall().drops &&
    all([for p in ["tcp/2379", "tcp/2380", "tcp/10250", "tcp/10257", "tcp/10259"] : within(open_from(p), cluster.control_planes)]) &&
    !has(open_from("tcp/22"), "0.0.0.0/0") && !has(open_from("tcp/22"), "::/0") && within(open_from("tcp/22"), cluster.admins) &&
    (!node.control_plane || !has(open_from("tcp/${arg(apiserver, "secure-port")}"), "0.0.0.0/0") && !has(open_from("tcp/${arg(apiserver, "secure-port")}"), "::/0") && within(open_from("tcp/${arg(apiserver, "secure-port")}"), union(cluster.nodes, cluster.pods, cluster.admins, cluster.balancers)))
  )
  remedy = "have a firewall let in nodes, pods, firewall { admins } and endpoint { balancers } alone to the API, admins to sshd, and control planes to etcd and kubelets"
}

control "PCI-4.3" {
  title   = "What components say to each other is by TLS, with certificates that kubelets renew"
  section = "4"
  refs    = ["CIS-1.2.24", "CIS-2.1", "CIS-2.4", "CIS-4.2.4", "CIS-4.2.10", "NSA-CP-1", "NSA-ET-2"]
  check = (
    config(kubelet, "rotateCertificates") == true && (config(kubelet, "readOnlyPort") == 0 || config(kubelet, "readOnlyPort") == null && arg(kubelet, "config") != null) &&
    (!node.control_plane || (
      arg(apiserver, "tls-cert-file") != null && arg(apiserver, "etcd-cafile") != null && arg(apiserver, "kubelet-certificate-authority") != null &&
      arg(etcd, "cert-file") != null && arg(etcd, "peer-cert-file") != null
    ))
  )
  remedy = "have every component serve by TLS and verify whom it calls, set rotateCertificates, and close the kubelet's read-only port, which one without a configuration file opens of itself"
  harden {
    kubelet { config = { rotateCertificates = true, readOnlyPort = 0 } }
  }
}
