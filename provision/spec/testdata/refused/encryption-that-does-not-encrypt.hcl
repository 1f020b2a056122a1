cluster "demo" {
  firewall { admins = ["203.0.113.0/24"] }
  encryption { provider = "identity" }
  audit { max_age = 0 }
  ssh { port = 6443 }
  node "cp-1" {
    role    = "control-plane"
    address = "10.0.0.11"
  }
}
