# The three releases that were maintained when this was written begin with 1.35.
control "PCI-10.1" {
  title   = "Kubernetes is of a release that is still mended"
  section = "10"
  refs    = ["STIG-V-242443", "NSA-UP-1"]
  check   = cluster.kubernetes >= version("1.35")
  remedy  = "upgrade to a release that is maintained, and to its newest patch"
}

control "PCI-10.2" {
  title    = "Machines have the newest patches, and the kernel that is installed is the one that runs"
  section  = "10"
  refs     = ["NSA-UP-1"]
  question = "Is this the newest kernel that the machine's distribution has, and how are its patches installed?"
  evidence = union(
    ["kernel ${sysctl("kernel.osrelease")}"],
    [for p in ["/run/reboot-required"] : "${p} is there: it has to start again" if path(p) != null],
    [for u in ["unattended-upgrades.service", "dnf-automatic.timer", "dnf-automatic-install.timer"] : u if unit(u) != null && unit(u).active],
  )
}

control "PCI-10.3" {
  title    = "Images are scanned for weak points and built again when there are some"
  section  = "10"
  refs     = ["NSA-PS-3", "PCI-13.3"]
  question = "When was each of these last scanned, and how soon is one built again?"
  evidence = union([for p in pods() : [for c in p.containers : c.image] if !p.system]...)
}
