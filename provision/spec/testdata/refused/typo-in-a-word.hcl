cluster "demo" {
  kuberntes = "1.37.2"
  firewall { admins = ["203.0.113.0/24"] }
  node "cp-1" {
    role    = "control-plane"
    adress  = "10.0.0.11"
  }
}
