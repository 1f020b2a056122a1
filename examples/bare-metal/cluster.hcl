# One control plane and two workers on machines of your own, reached over SSH.
#
#   bulwark validate examples/bare-metal
#   bulwark apply examples/bare-metal --var domain=example.com
#
# Each machine has containerd, runc, nft, the CNI plugins, kubeadm and kubelet,
# and its hostname is the name of its node block: see docs/machines.md.
# `bulwark apply` says what is missing before it changes anything.

variable "domain" {
  type        = string
  default     = "example.com"
  description = "The API is reached at api.prod.DOMAIN, which must lead to the control plane."
}

variable "office" {
  type        = list(string)
  default     = ["203.0.113.0/24"]
  description = "The addresses you work from."
}

locals {
  machines = "10.20.0.0/24"
}

cluster "prod" {
  defaults   = 1
  kubernetes = "1.37.2"

  endpoint { host = "api.prod.${var.domain}" }

  network {
    pods     = ["10.244.0.0/16"]
    services = ["10.96.0.0/12"]

    # All three machines share one flat network, so a bridge with routes will
    # do. It enforces no NetworkPolicy; for a CNI that does, put its manifest
    # beside this file and write: cni "manifest" { manifest = file("cilium.yaml") }
    cni "bridge" {}
  }

  # A user with sudo that asks for no password. Host keys come from known_hosts,
  # or from host_key in each node block.
  ssh { user = "ops" }

  firewall {
    admins = var.office

    allow "ingress" {
      on    = "worker"
      ports = ["tcp/80", "tcp/443"]
      from  = ["0.0.0.0/0"]
    }
  }

  encryption {
    provider  = "secretbox"
    resources = ["secrets", "configmaps"]
  }

  # 22 files of 200 MB: `bulwark apply` checks that the disk has them free.
  audit {
    max_age    = 366
    max_backup = 20
    max_size   = 200
  }

  # The ingress controller wants ports of the host, which "restricted" refuses.
  admission { exempt_namespaces = ["ingress"] }

  # Raw settings. What would weaken a default is refused, with the reason.
  kubelet { config = { maxPods = 60 } }
  apiserver { args = { goaway-chance = "0.001" } }

  node "cp-1" {
    role    = "control-plane"
    address = cidrhost(local.machines, 11)
  }

  node "w-1" {
    role    = "worker"
    address = cidrhost(local.machines, 21)
    labels  = { "topology.kubernetes.io/zone" = "a" }
  }

  node "w-2" {
    role    = "worker"
    address = cidrhost(local.machines, 22)
    labels  = { "topology.kubernetes.io/zone" = "b" }
    taints  = ["dedicated=db:NoSchedule"]
  }
}
