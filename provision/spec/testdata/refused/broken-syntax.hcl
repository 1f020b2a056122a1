cluster "demo" {
  firewall { admins = ["203.0.113.0/24" }
  node "cp-1" {
