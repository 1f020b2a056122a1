control "STIG-V-242410" {
  title    = "The ports of the API server are registered, and the firewall keeps to what is"
  cat      = 2
  rule     = "CNTR-K8-000920"
  refs     = ["NSA-CP-3", "NSA-CP-6", "PCI-4.2"]
  applies  = node.control_plane
  question = "Does the list of ports, protocols and services that was assessed (PPSM CAL) have this port of the API server, and may all of these reach it?"
  evidence = union(["kube-apiserver listens on tcp/${arg(apiserver, "secure-port") == null ? "6443" : arg(apiserver, "secure-port")}"], [for from in open_from("tcp/6443") : "tcp/6443 can be reached from ${from}"])
}

control "STIG-V-242411" {
  title    = "The port of the scheduler is registered, and the firewall keeps to what is"
  cat      = 2
  rule     = "CNTR-K8-000930"
  refs     = ["NSA-CP-6"]
  applies  = node.control_plane
  question = "Does the list of ports, protocols and services that was assessed (PPSM CAL) have this port of the scheduler, and may all of these reach it?"
  evidence = union(["kube-scheduler listens on tcp/${arg(scheduler, "secure-port") == null ? "10259" : arg(scheduler, "secure-port")} of ${arg(scheduler, "bind-address") == null ? "every address" : arg(scheduler, "bind-address")}"], [for from in open_from("tcp/10259") : "tcp/10259 can be reached from ${from}"])
}

control "STIG-V-242412" {
  title    = "The port of the controller manager is registered, and the firewall keeps to what is"
  cat      = 2
  rule     = "CNTR-K8-000940"
  refs     = ["NSA-CP-6"]
  applies  = node.control_plane
  question = "Does the list of ports, protocols and services that was assessed (PPSM CAL) have this port of the controller manager, and may all of these reach it?"
  evidence = union(["kube-controller-manager listens on tcp/${arg(controller_manager, "secure-port") == null ? "10257" : arg(controller_manager, "secure-port")} of ${arg(controller_manager, "bind-address") == null ? "every address" : arg(controller_manager, "bind-address")}"], [for from in open_from("tcp/10257") : "tcp/10257 can be reached from ${from}"])
}

control "STIG-V-242413" {
  title    = "The ports of etcd are registered, and the firewall keeps to what is"
  cat      = 2
  rule     = "CNTR-K8-000950"
  refs     = ["NSA-CP-6", "NSA-ET-1", "PCI-4.2"]
  applies  = node.control_plane
  question = "Does the list of ports, protocols and services that was assessed (PPSM CAL) have these ports of etcd, and may all of these reach them?"
  evidence = union(arg(etcd, "listen-client-urls"), arg(etcd, "listen-peer-urls"), arg(etcd, "listen-metrics-urls"), [for from in open_from("tcp/2379") : "tcp/2379 can be reached from ${from}"], [for from in open_from("tcp/2380") : "tcp/2380 can be reached from ${from}"])
}
