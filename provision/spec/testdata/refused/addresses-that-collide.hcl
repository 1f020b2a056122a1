cluster "demo" {
  firewall { admins = ["203.0.113.0/24"] }
  network {
    pods     = ["10.0.0.0/16"]
    services = ["10.0.128.0/20"]
  }
  node "cp-1" {
    role    = "control-plane"
    address = "10.0.0.11"
  }
  node "w-1" {
    role    = "worker"
    address = "::ffff:10.0.0.11"
  }
  node "W-1" {
    role    = "worker"
    address = "10.0.0.11"
  }
}
