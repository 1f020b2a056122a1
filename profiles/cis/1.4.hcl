control "CIS-1.4.1" {
  title   = "The scheduler is not profiled over the network"
  section = "1.4"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(scheduler, "profiling") == "false"
  remedy  = "set --profiling=false"
  harden {
    scheduler { args = { profiling = "false" } }
  }
}

control "CIS-1.4.2" {
  title   = "The scheduler listens on loopback alone"
  section = "1.4"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242384"]
  applies = node.control_plane
  check   = arg(scheduler, "bind-address") == null || arg(scheduler, "bind-address") == "127.0.0.1"
  remedy  = "set --bind-address=127.0.0.1"
}
