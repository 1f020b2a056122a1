control "STIG-V-242377" {
  title   = "The scheduler speaks TLS 1.2 or newer alone"
  cat     = 2
  rule    = "CNTR-K8-000160"
  refs    = ["NSA-CP-1", "PCI-4.3"]
  applies = node.control_plane
  check   = subset(arg(scheduler, "tls-min-version"), ["VersionTLS12", "VersionTLS13"])
  remedy  = "set --tls-min-version=VersionTLS12 on the scheduler; its default is not enough, since the text wants to see it"
  harden {
    scheduler { args = { tls-min-version = "VersionTLS12" } }
  }
}

control "STIG-V-242384" {
  title   = "The scheduler listens on loopback alone, and says so"
  cat     = 2
  rule    = "CNTR-K8-000300"
  refs    = ["CIS-1.4.2"]
  applies = node.control_plane
  check   = arg(scheduler, "bind-address") == "127.0.0.1"
  remedy  = "set --bind-address=127.0.0.1 on the scheduler"
  harden {
    scheduler { args = { bind-address = "127.0.0.1" } }
  }
}
