# Written by bulwark import, from a cluster that was there: this is what it has,
# as far as bulwark has words for it. What it has otherwise, and what apply would
# change, import has listed; it changed nothing. bulwark plan shows every step.

cluster "kubernetes" {
  defaults   = 1
  kubernetes = "1.37.2"

  endpoint {
    vip = "10.213.219.100"
  }

  network {
    cni_ports = ["udp/8472", "udp/51820-51821"]
    # DaemonSet kube-flannel/flannel, which is left as it is.
    cni "external" {}
  }

  firewall {
    # From here the machines see you now. Everybody else who needs sshd or the API has to be
    # named too, and who needs NodePorts as nodeports, or other ports by allow.
    admins = ["10.213.219.1/32"]
  }

  admission {
    # Where the pod network's own pods run. Add those of other pods that need more than the
    # restricted Pod Security standard gives.
    exempt_namespaces = ["kube-flannel"]
  }

  kube_proxy {
    config = {
      conntrack = {
        maxPerCore = 0
      }
      mode = "iptables"
    }
  }

  node "cp-1" {
    role     = "control-plane"
    address  = "10.213.219.11"
    host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF9X2V6+RYGBVTgD4N+wA6IJzvRo962xjmlNJoTbfQqw"
  }

  node "cp-2" {
    role     = "control-plane"
    address  = "10.213.219.12"
    host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILmGRyu6mB+Ph+dAMwH+cMalM7eoxjdJckNoXVkXBJ+r"
  }

  node "cp-3" {
    role     = "control-plane"
    address  = "10.213.219.13"
    host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINh6AIW8NCvWLxcyQrzDRg1x75nDls2VtamMoYv7IY28"
  }
}
