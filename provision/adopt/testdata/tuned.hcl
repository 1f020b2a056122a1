# Written by bulwark import, from a cluster that was there: this is what it has,
# as far as bulwark has words for it. What it has otherwise, and what apply would
# change, import has listed; it changed nothing. bulwark plan shows every step.

cluster "shop" {
  defaults   = 1
  kubernetes = "1.37.2"

  network {
    pods       = ["10.200.0.0/16"]
    services   = ["10.201.0.0/16"]
    dns_domain = "shop.internal"
    # The pod network is none that bulwark knows. Write the ports that nodes need between them.
    cni_ports = []
    cni "external" {}
  }

  firewall {
    # From here the machines see you now. Everybody else who needs sshd or the API has to be
    # named too, and who needs NodePorts as nodeports, or other ports by allow.
    admins = ["10.213.137.1/32"]
  }

  encryption {
    provider  = "aescbc"
    resources = ["configmaps"]
  }

  apiserver {
    args = {
      enable-admission-plugins = "AlwaysPullImages"
      event-ttl                = "2h"
      goaway-chance            = "0.001"
      request-timeout          = "2m"
    }
  }

  controller_manager {
    args = {
      node-monitor-grace-period = "45s"
    }
  }

  scheduler {
    args = {
      v = "3"
    }
  }

  etcd {
    args = {
      quota-backend-bytes = "4294967296"
    }
  }

  kubelet {
    config = {
      containerLogMaxSize = "20Mi"
      evictionHard = {
        "memory.available" = "150Mi"
      }
      imageGCHighThresholdPercent = 90
      maxPods                     = 60
    }
  }

  kube_proxy {
    config = {
      conntrack = {
        maxPerCore            = 0
        tcpEstablishedTimeout = "12h0m0s"
      }
      mode = "ipvs"
    }
  }

  node "cp-1" {
    role     = "control-plane"
    address  = "10.213.137.11"
    host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJvkALw5AdjECX/SCkluJ+trdH4+RVjokV9+r/KcmVEa"
  }
}
