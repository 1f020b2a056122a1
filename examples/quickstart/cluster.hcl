# The smallest cluster there is: one control plane, one worker, everything
# hardened by default. `make up` builds it on kind, where the addresses below
# are replaced by those that kind gave.
#
#   bulwark kind create examples/quickstart
#   bulwark kind delete examples/quickstart

cluster "quickstart" {
  defaults   = 1
  kubernetes = "1.37.2"

  # Who may reach ssh and the API. On kind, the gateway of kind's network is added.
  firewall { admins = ["203.0.113.0/24"] }

  node "cp-1" {
    role    = "control-plane"
    address = "192.0.2.11"
  }

  node "w-1" {
    role    = "worker"
    address = "192.0.2.21"
  }
}
