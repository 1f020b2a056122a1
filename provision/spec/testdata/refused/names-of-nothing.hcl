variable "region" { default = "east" }

cluster "demo" {
  kubernetes = latest
  firewall { admins = local.admins }
  endpoint { host = "api.${var.regoin}.example.com" }
  node "cp-1" {
    role    = lowr("control-plane")
    address = "10.0.0.11"
  }
}
