# The quickstart, held to four standards at once. What they cannot agree on, or ask at a
# price, is settled below: without these blocks the spec is refused, and says each of them.
#
#   bulwark audit --rendered examples/all-standards
#   bulwark profile explain audit.max_age examples/all-standards

cluster "all-standards" {
  defaults   = 1
  kubernetes = "1.37.2"
  profiles   = ["nsa-cisa", "cis", "stig", "pci"]

  firewall { admins = ["203.0.113.0/24"] }

  # PCI-3.3: where images may come from is for you to say.
  policy {
    images {
      mode          = "enforce"
      registries    = ["registry.k8s.io"]
      refuse_latest = true
    }
  }

  node "cp-1" {
    role    = "control-plane"
    address = "192.0.2.11"
  }

  node "w-1" {
    role    = "worker"
    address = "192.0.2.21"
  }

  # The log either has the bodies of Secrets, as the STIG wants it, or not, as CIS and NSA do.
  waive "STIG-V-242403" {
    reason = "the bodies of Secrets do not belong into a log"
  }

  # bulwark comes over SSH, to workers too.
  waive "STIG-V-242393" {
    reason = "workers are reached over SSH, from the admins' network alone"
  }
  waive "STIG-V-242394" {
    reason = "workers are reached over SSH, from the admins' network alone"
  }

  # Both would keep images from being used that lie on the machines already.
  waive "CIS-1.2.11" {
    reason = "images are loaded onto the machines, and no registry answers"
  }
  waive "PCI-3.2" {
    reason = "images are named by the tags of their releases"
  }

  # The pod network of the quickstart enforces no NetworkPolicies.
  waive "CIS-5.3.1" {
    reason = "no workload of several parties runs here"
  }
  waive "CIS-5.3.2" {
    reason = "as CIS-5.3.1"
  }
  waive "NSA-NS-2" {
    reason = "as CIS-5.3.1"
  }
  waive "NSA-NS-3" {
    reason = "as CIS-5.3.1"
  }
  waive "NSA-APP-E" {
    reason = "as CIS-5.3.1"
  }
  waive "PCI-4.1" {
    reason = "as CIS-5.3.1"
  }
}
