# One spec for several sites: variables, locals and expressions, in two files
# of one folder.
#
#   bulwark validate examples/variables
#   bulwark validate examples/variables --var site=lyon --var max_pods=80
#   BULWARK_VAR_site=lyon bulwark render examples/variables -o rendered
#
# Expressions make values, never blocks or names: each node is written out,
# because each is a machine of its own, and the cluster's name is plain text.

locals {
  machines = "10.30.0.0/16"
  control  = cidrsubnet(local.machines, 8, 1) # 10.30.1.0/24
  workers  = cidrsubnet(local.machines, 8, 2) # 10.30.2.0/24

  offices = [for name, network in var.offices : network]
  common  = { "example.com/site" = var.site }
}

cluster "site" {
  defaults         = 1
  kubernetes       = "1.37.2"
  image_repository = var.registry

  endpoint { host = "api.${var.site}.example.com" }

  firewall {
    admins = local.offices

    allow "web" {
      on    = "worker"
      ports = [for port in [80, 443] : "tcp/${port}"]
      from  = ["0.0.0.0/0"]
    }
  }

  kubelet { config = { maxPods = var.max_pods } }

  node "cp-1" {
    role    = "control-plane"
    address = cidrhost(local.control, 11)
    labels  = local.common
  }

  node "w-1" {
    role    = "worker"
    address = cidrhost(local.workers, 21)
    labels  = merge(local.common, { "topology.kubernetes.io/zone" = "a" })
  }

  node "w-2" {
    role    = "worker"
    address = cidrhost(local.workers, 22)
    labels  = merge(local.common, { "topology.kubernetes.io/zone" = "b" })
  }
}
