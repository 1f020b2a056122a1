control "PCI-11.1" {
  title   = "No container takes more of a machine than it was given"
  section = "11"
  refs    = ["CIS-4.2.13", "NSA-NS-4", "NSA-NS-5", "NSA-NS-6"]
  check   = at_least(config(kubelet, "podPidsLimit"), 1) && all([for p in pods() : p.system || all([for c in p.containers : c.limits])])
  remedy  = "give containers limits of processor time and memory, by a LimitRange of their namespace where they say none, and set podPidsLimit"
  harden {
    kubelet { config = { podPidsLimit = 4096 } }
  }
}
