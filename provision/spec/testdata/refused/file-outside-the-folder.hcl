cluster "demo" {
  firewall { admins = ["203.0.113.0/24"] }
  network {
    cni "manifest" { manifest = file("../../../../etc/shadow") }
  }
  node "cp-1" {
    role     = "control-plane"
    address  = "10.0.0.11"
    host_key = file("no-such-key.pub")
  }
}
