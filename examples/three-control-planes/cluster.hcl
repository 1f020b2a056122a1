# Three control planes, so that one of them may fail or be worked on: etcd
# writes while two of three live. They hold the endpoint's address among
# themselves, one at a time; nothing has to stand in front of them.
#
#   bulwark validate examples/three-control-planes
#   bulwark apply examples/three-control-planes

cluster "prod-east" {
  defaults   = 1
  kubernetes = "1.37.2"

  # A free address of the control planes' network. With a load balancer of your
  # own, name it instead, and where it connects from:
  #
  #   endpoint {
  #     host      = "api.prod-east.example.com"
  #     balancers = ["10.20.0.4/32"]
  #   }
  endpoint { vip = "10.20.0.10" }

  ssh { user = "ops" }

  firewall { admins = ["203.0.113.0/24"] }

  node "cp-1" {
    role    = "control-plane"
    address = "10.20.0.11"
  }
  node "cp-2" {
    role    = "control-plane"
    address = "10.20.0.12"
  }
  node "cp-3" {
    role    = "control-plane"
    address = "10.20.0.13"
  }

  node "w-1" {
    role    = "worker"
    address = "10.20.0.21"
  }
  node "w-2" {
    role    = "worker"
    address = "10.20.0.22"
  }
}
