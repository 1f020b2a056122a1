# The three releases that were maintained when this was written begin with 1.35. Older kubelets
# are told by how their version begins.
control "PCI-10.1" {
  title   = "Kubernetes is of a release that is still mended"
  section = "10"
  refs    = ["STIG-V-242443", "NSA-UP-1"]
  check = cluster.kubernetes >= version("1.35") && count(nodes()) > 0 && all([for n in nodes() : starts_with(n.kubelet, "v1.") && !any([
    for old in ["0.", "1", "2", "3.", "30.", "31.", "32.", "33.", "34.", "4.", "5.", "6.", "7.", "8.", "9."] : starts_with(n.kubelet, "v1.${old}")
  ])])
  evidence = [for n in nodes() : "${n.name} runs kubelet ${n.kubelet}"]
  remedy   = "upgrade the control plane and every node to a release that is maintained, and to its newest patch"
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
