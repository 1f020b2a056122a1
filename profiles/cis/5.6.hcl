control "CIS-5.6.1" {
  title    = "Namespaces keep apart what different people answer for"
  section  = "5.6"
  level    = 1
  refs     = ["NSA-NS-1", "NSA-APP-D"]
  question = "Do these namespaces keep apart what different teams or applications answer for?"
  evidence = [for n in namespaces() : n.name if !n.system]
}

control "CIS-5.6.2" {
  title    = "Pods say under which seccomp profile their containers run"
  section  = "5.6"
  level    = 2
  refs     = ["CIS-4.2.14", "NSA-PS-4e"]
  changed  = { "1.27" = "docker/default and its annotation are gone; the profile is called RuntimeDefault and stands in securityContext.seccompProfile" }
  check    = !any([for p in pods() : !p.system && any([for c in p.containers : !has(["RuntimeDefault", "Localhost"], c.seccomp)])])
  evidence = union([for p in pods() : "${p.namespace}/${p.name}" if !p.system && any([for c in p.containers : !has(["RuntimeDefault", "Localhost"], c.seccomp)])])
  remedy   = "set seccompProfile to RuntimeDefault in the security contexts of these pods"

  harden {
    admission { pod_security = "restricted" }
  }
}

control "CIS-5.6.3" {
  title    = "The security contexts of containers take away root, capabilities and the way to more rights"
  section  = "5.6"
  level    = 2
  refs     = ["NSA-PS-1", "NSA-PS-4d"]
  check    = !any([for p in pods() : !p.system && any([for c in p.containers : c.privileged || c.escalates || !c.non_root || !has(c.drops, "ALL")])])
  evidence = union([for p in pods() : "${p.namespace}/${p.name}" if !p.system && any([for c in p.containers : c.privileged || c.escalates || !c.non_root || !has(c.drops, "ALL")])])
  remedy   = "set runAsNonRoot: true, allowPrivilegeEscalation: false and capabilities drop ALL in the security contexts of these pods"

  harden {
    admission { pod_security = "restricted" }
  }
}

control "CIS-5.6.4" {
  title    = "Nobody uses the namespace default"
  section  = "5.6"
  level    = 2
  refs     = ["STIG-V-242383"]
  check    = !any([for t in things() : t.namespace == "default"])
  evidence = [for t in things() : "${t.kind} ${t.name}" if t.namespace == "default"]
  remedy   = "move these objects into a namespace that says whose they are"
}
