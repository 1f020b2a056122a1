# A first spec. Change the names and addresses, then:
#   bulwark validate .     is this spec all right?
#   bulwark render . -o out    what would be written?
#   bulwark apply .        make the machines a cluster
#
# Everything that is not here is hardened by default.

cluster "demo" {
  # The generation of bulwark's defaults: a newer bulwark changes nothing by itself.
  defaults   = 1
  kubernetes = "1.37.2"

  # How the machines are reached. Your agent, ~/.ssh/config and known_hosts are used.
  ssh {
    user = "ops" # with sudo that asks for no password, or root
  }

  # Who may reach ssh and the API: the addresses you work from.
  firewall {
    admins = ["203.0.113.0/24"]

    # Further openings have a name.
    # allow "ingress" {
    #   on    = "worker"
    #   ports = ["tcp/80", "tcp/443"]
    #   from  = ["0.0.0.0/0"]
    # }
  }

  # Pod networking: the bridge of one flat network enforces no NetworkPolicy.
  # For a CNI that does, put its manifest beside this file.
  network {
    cni "bridge" {}
    # cni "manifest" { manifest = file("cilium.yaml") }
  }

  # A node's name must be its hostname.
  node "cp-1" {
    role    = "control-plane"
    address = "10.0.0.11"
    # host_key = "ssh-ed25519 AAAA…" # else known_hosts must know it
  }

  node "w-1" {
    role    = "worker"
    address = "10.0.0.21"
  }
}
