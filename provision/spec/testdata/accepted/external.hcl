# A cluster whose pod network is somebody else's.

cluster "adopted" {
  network {
    cni_ports = []
    cni "external" {}
  }
  firewall { admins = ["203.0.113.7/32"] }
  node "cp-1" {
    role    = "control-plane"
    address = "10.0.0.11"
    taints  = []
  }
}
