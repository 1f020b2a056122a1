# Machines without a way to or from the outside: they are reached over a
# bastion, their SSH keys are pinned here, and their images come from a
# registry inside.
#
#   bulwark validate examples/private-network
#   bulwark apply examples/private-network

cluster "vault" {
  defaults         = 1
  kubernetes       = "1.37.2"
  image_repository = "registry.vault.example.com:5000/kubernetes"

  network {
    pods     = ["172.20.0.0/16"]
    services = ["172.21.0.0/16"]
  }

  # One hop. Each key is the text of that machine's
  # /etc/ssh/ssh_host_ed25519_key.pub; known_hosts is not asked where one is pinned.
  ssh {
    user             = "ops"
    bastion          = "ops@bastion.vault.example.com"
    bastion_host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIETCEseb/2cezb615bJaCu7M70SUdpSjdES0/rcfikHE"
  }

  # The machines see every connection come from the bastion: its inner address
  # is the admin's. To use kubectl from a desk, add the desk's network too.
  firewall { admins = ["192.168.10.4/32"] }

  node "cp-1" {
    role     = "control-plane"
    address  = "192.168.10.11"
    host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC6+V4DICPKEWczor38AygdLbWD6KiqiPhkzgiKVFSDV"
  }

  node "w-1" {
    role     = "worker"
    address  = "192.168.10.21"
    host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO+4ApUoBf9CqwdYaNK+IyFlzz9c16G6uovIHVcq+e7W"
  }
}
