locals {
  address = local.subnet
  subnet  = "${local.prefix}/24"
  prefix  = local.address
}

cluster "demo" {
  firewall { admins = ["203.0.113.0/24"] }
  node "cp-1" {
    role    = "control-plane"
    address = local.address
  }
}
