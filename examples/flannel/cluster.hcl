# A pod network from a manifest of your own: flannel, which carries what pods
# say to each other in VXLAN. So nodes need no flat network, as with the bridge.
#
#   bulwark validate examples/flannel
#   bulwark apply examples/flannel
#
# The machines pull the two images of flannel.yaml, or have them beforehand, and
# have the four CNI plugins of docs/machines.md, which flannel's own one calls.

cluster "overlay" {
  defaults   = 1
  kubernetes = "1.37.2"

  network {
    # flannel.yaml says the same prefix.
    pods = ["10.244.0.0/16"]

    # The firewall knows flannel by its image, and opens udp/8472 between nodes.
    cni "manifest" { manifest = file("flannel.yaml") }
  }

  # flannel's pods are on the host's network with a capability, which
  # "restricted" refuses. Nothing else belongs into their namespace.
  admission { exempt_namespaces = ["kube-flannel"] }

  firewall { admins = ["203.0.113.0/24"] }

  node "cp-1" {
    role    = "control-plane"
    address = "192.0.2.11"
  }

  node "w-1" {
    role    = "worker"
    address = "198.51.100.21"
  }
}
