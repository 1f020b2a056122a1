# One family, and it is IPv6.
cluster "six" {
  firewall { admins = ["2001:db8:1::/48"] }
  endpoint { host = "2001:db8::11" }
  network {
    pods     = ["fd00:10:244::/56"]
    services = ["fd00:10:96::/112"]
  }
  node "cp-1" {
    role    = "control-plane"
    address = "2001:db8::11"
  }
  node "w-1" {
    role    = "worker"
    address = "2001:db8::21"
  }
}
