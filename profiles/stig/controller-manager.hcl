control "STIG-V-242376" {
  title   = "The controller manager speaks TLS 1.2 or newer alone"
  cat     = 2
  rule    = "CNTR-K8-000150"
  refs    = ["NSA-CP-1", "PCI-4.3"]
  applies = node.control_plane
  check   = subset(arg(controller_manager, "tls-min-version"), ["VersionTLS12", "VersionTLS13"])
  remedy  = "set --tls-min-version=VersionTLS12 on the controller manager; its default is not enough, since the text wants to see it"
  harden {
    controller_manager { args = { tls-min-version = "VersionTLS12" } }
  }
}

control "STIG-V-242381" {
  title   = "Each controller has rights of its own"
  cat     = 1
  rule    = "CNTR-K8-000220"
  refs    = ["CIS-1.3.3"]
  applies = node.control_plane
  check   = arg(controller_manager, "use-service-account-credentials") == "true"
  remedy  = "set --use-service-account-credentials=true"
  harden {
    controller_manager { args = { use-service-account-credentials = true } }
  }
}

control "STIG-V-242385" {
  title   = "The controller manager listens on loopback alone, and says so"
  cat     = 2
  rule    = "CNTR-K8-000310"
  refs    = ["CIS-1.3.7"]
  applies = node.control_plane
  check   = arg(controller_manager, "bind-address") == "127.0.0.1"
  remedy  = "set --bind-address=127.0.0.1 on the controller manager"
  harden {
    controller_manager { args = { bind-address = "127.0.0.1" } }
  }
}

control "STIG-V-242409" {
  title   = "The controller manager is not profiled over the network"
  cat     = 2
  rule    = "CNTR-K8-000910"
  refs    = ["CIS-1.3.2"]
  applies = node.control_plane
  check   = arg(controller_manager, "profiling") == "false"
  remedy  = "set --profiling=false on the controller manager"
  harden {
    controller_manager { args = { profiling = false } }
  }
}

control "STIG-V-242421" {
  title   = "Pods are given the authority that they can know the API by"
  cat     = 2
  rule    = "CNTR-K8-001430"
  refs    = ["CIS-1.3.5"]
  applies = node.control_plane
  check   = arg(controller_manager, "root-ca-file") != null
  remedy  = "set --root-ca-file"
}
