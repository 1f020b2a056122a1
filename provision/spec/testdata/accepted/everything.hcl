# Every word of the language once.

variable "domain" {
  type        = string
  default     = "prod.example.com"
  description = "Where the API's name lives."
}

variable "office" {
  type    = list(string)
  default = ["203.0.113.0/24", "2001:db8:1::/48"]
}

variable "token" {
  default   = coalesce(env("NOT_SET"), "not so secret")
  sensitive = true
}

locals {
  nodes   = "10.0.0.0/24"
  workers = cidrsubnet(local.nodes, 2, 1)
  labels  = { zone = "a", "example.com/rack" = upper("r1") }
}

cluster "prod-east" {
  defaults         = 1
  kubernetes       = "1.37.2"
  image_repository = "registry.example.com:5000/k8s"
  max_unavailable  = "25%"

  endpoint {
    host = "api.${var.domain}"
    port = 6443
  }

  network {
    pods       = ["10.244.0.0/16", "fd00:10:244::/56"]
    services   = ["10.96.0.0/12", "fd00:10:96::/112"]
    dns_domain = "prod.local"
    cni_ports  = ["udp/8472", "tcp/4240-4244", "ipip"]
    cni "manifest" { manifest = file("cni.yaml") }
  }

  ssh {
    user             = "ops"
    port             = 2222
    bastion          = "ops@jump.example.com:22"
    bastion_host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGkPoFlGo4tK1Wt5yd4bKwYk8bUGhKp4Q4JkqVZzq1hH bastion"
  }

  firewall {
    admins    = var.office
    nodeports = ["198.51.100.0/24"]
    allow "ingress" {
      on    = "worker"
      ports = ["tcp/80", "tcp/443"]
      from  = ["0.0.0.0/0", "::/0"]
    }
  }

  encryption {
    provider  = "aescbc"
    key_name  = "theirs"
    resources = ["configmaps", "widgets.example.com"]
  }
  audit {
    policy     = "everything"
    max_age    = 90
    max_backup = 20
    max_size   = 200
  }
  admission {
    pod_security       = "baseline"
    exempt_namespaces  = ["storage", "cni"]
    always_pull_images = true
  }
  policy {
    default_deny            = true
    no_default_tokens       = true
    unprivileged_kube_proxy = true

    namespace "shop" { pod_security = "restricted" }
    namespace "billing" {}

    images {
      registries        = ["registry.example.com:5000/team", "docker.io"]
      digests           = true
      refuse_latest     = true
      mode              = "enforce"
      exempt_namespaces = ["storage"]
    }
  }

  apiserver { args = { goaway-chance = 0.001, enable-admission-plugins = "AlwaysPullImages", profiling = false } }
  controller_manager { args = { terminated-pod-gc-threshold = 100 } }
  scheduler { args = { tls-min-version = "VersionTLS13" } }
  etcd { args = { quota-backend-bytes = 8589934592 } }
  kubelet { config = { maxPods = 60, podPidsLimit = 1024, evictionHard = { "memory.available" = "200Mi" } } }
  kube_proxy { config = { mode = "iptables", conntrack = { min = 0 } } }

  node "cp-1" {
    role     = "control-plane"
    address  = cidrhost(local.nodes, 11)
    host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGkPoFlGo4tK1Wt5yd4bKwYk8bUGhKp4Q4JkqVZzq1hH"
    ssh_host = "cp_one"
  }
  node "w-1" {
    role    = "worker"
    address = cidrhost(local.workers, 1)
    labels  = merge(local.labels, { kind = "db" })
    taints  = ["dedicated=db:NoSchedule", "example.com/spot:PreferNoSchedule"]
  }
}
