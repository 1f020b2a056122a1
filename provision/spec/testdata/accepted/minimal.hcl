cluster "demo" {
  firewall { admins = ["203.0.113.0/24"] }

  node "cp-1" {
    role    = "control-plane"
    address = "10.0.0.11"
  }
  node "w-1" {
    role    = "worker"
    address = "10.0.0.21"
  }
}
