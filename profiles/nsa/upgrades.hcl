control "NSA-UP-1" {
  title    = "Kubernetes, machines and runtimes have the newest patches"
  section  = "Upgrades"
  refs     = ["STIG-V-242443", "PCI-10.1", "PCI-10.2"]
  question = "Are these the newest patches of their release, and are those of the machines installed as soon?"
  evidence = [for n in nodes() : "${n.name} has kubelet ${n.kubelet}"]
}

control "NSA-UP-2" {
  title    = "Weak points are looked for again and again"
  section  = "Upgrades"
  question = "Who scans the cluster and tries to break in, how often, and what came of it last time?"
}

control "NSA-UP-3" {
  title    = "What is not used is taken away"
  section  = "Upgrades"
  refs     = ["STIG-V-242442"]
  question = "Is each of these namespaces, in which nothing runs, still needed, and what else is left of something that is over?"
  evidence = union([for used in [union([for p in pods() : p.namespace])] : [for n in namespaces() : n.name if !n.system && !has(used, n.name)]]...)
}

control "NSA-UP-4" {
  title    = "The CIS Kubernetes Benchmark is followed too"
  section  = "Upgrades"
  refs     = ["PCI-15.1"]
  question = "Is the profile cis audited beside this one, and is what fails of it waived with a reason or mended?"
}
