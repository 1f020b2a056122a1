cluster "demo" {
  firewall { admins = ["203.0.113.0/24"] }

  apiserver {
    args = {
      authorization-mode = "AlwaysAllow"
      token-auth-file    = "/etc/tokens"
      profiling          = true
    }
  }
  kubelet {
    config = {
      authentication = { anonymous = { enabled = true } }
      podPidsLimit   = -1
    }
  }
  node "cp-1" {
    role    = "control-plane"
    address = "10.0.0.11"
  }
}
