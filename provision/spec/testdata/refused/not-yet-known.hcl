cluster "demo" {
  profiles = ["nsa-cisa", "cis"]
  firewall { admins = ["203.0.113.0/24"] }

  node "cp-1" {
    role    = "control-plane"
    address = "10.0.0.11"
  }
  node "cp-2" {
    role    = "control-plane"
    address = "10.0.0.12"
  }
  waive "CIS-1.2.11" {
    reason  = "images are preloaded"
    expires = "2027-06-30"
  }
}
