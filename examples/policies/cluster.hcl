# Policy inside the cluster: what standards ask of its objects. Each line is a
# switch of its own, and none of it is on by default. See docs/spec.md, "policy".

cluster "policies" {
  defaults   = 1
  kubernetes = "1.37.2"

  firewall { admins = ["203.0.113.0/24"] }

  network {
    # NetworkPolicies close something only with a pod network that enforces them.
    # This one is installed by somebody else; its ports between nodes are Cilium's.
    cni_ports = ["udp/8472", "tcp/4240", "tcp/4244"]
    cni "external" {}
  }

  policy {
    default_deny            = true # nothing in or out of pods, but the cluster's DNS
    no_default_tokens       = true # a pod that needs the API names a service account
    unprivileged_kube_proxy = true

    namespace "shop" {}
    namespace "legacy" { pod_security = "baseline" }

    # Begin with "audit": it warns, and says what "enforce" would refuse.
    images {
      registries    = ["registry.example.com", "docker.io/library"]
      digests       = true
      refuse_latest = true
      mode          = "audit"
    }
  }

  node "cp-1" {
    role    = "control-plane"
    address = "10.0.0.11"
  }
  node "w-1" {
    role    = "worker"
    address = "10.0.0.21"
  }
}
