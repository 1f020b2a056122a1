control "NSA-NS-1" {
  title    = "Teams and applications have namespaces of their own, and none of theirs is in kube-system"
  section  = "Network separation"
  refs     = ["CIS-5.6.1", "CIS-5.6.4", "STIG-V-242383", "STIG-V-242417"]
  question = "Is each of these pods in a namespace of its own team or application, and is none of those in kube-system one of yours?"
  evidence = [for p in pods() : "${p.namespace}/${p.name}" if !p.static]
}

control "NSA-NS-2" {
  title   = "The pod network enforces NetworkPolicies"
  section = "Network separation"
  refs    = ["CIS-5.3.1"]
  check   = cluster.enforces
  remedy  = "take a pod network that enforces them, as Calico and Cilium do, by network { cni \"manifest\" { … } }"
}

control "NSA-NS-3" {
  title   = "Nothing reaches a pod, and a pod nothing but DNS, unless a policy lets it"
  section = "Network separation"
  refs    = ["CIS-5.3.2", "NSA-APP-E", "PCI-4.1"]
  check = (
    cluster.enforces &&
    within([for n in namespaces() : n.name if !n.system], [for p in network_policies() : p.namespace if p.all_pods && p.denies_ingress]) &&
    within([for n in namespaces() : n.name if !n.system], [for p in network_policies() : p.namespace if p.all_pods && (p.denies_egress || p.allows_dns)])
  )
  remedy = "give each namespace a NetworkPolicy that selects every pod and allows neither ingress nor egress, on a pod network that enforces it"
  harden {
    policy { default_deny = true }
  }
}

control "NSA-NS-4" {
  title   = "Namespaces that pods run in have a LimitRange"
  section = "Network separation"
  refs    = ["PCI-11.1"]
  check   = within([for p in pods() : p.namespace if !p.system], [for l in limit_ranges() : l.namespace])
  remedy  = "give each namespace a LimitRange with defaults and limits of processor time and memory"
}

control "NSA-NS-5" {
  title   = "Namespaces that pods run in have a ResourceQuota"
  section = "Network separation"
  refs    = ["NSA-APP-G", "PCI-11.1"]
  check   = within([for p in pods() : p.namespace if !p.system], [for q in quotas() : q.namespace])
  remedy  = "give each namespace a ResourceQuota of processor time and memory"
}

control "NSA-NS-6" {
  title   = "A pod can start so many processes and no more"
  section = "Network separation"
  refs    = ["CIS-4.2.13", "PCI-11.1"]
  check   = at_least(config(kubelet, "podPidsLimit"), 1)
  remedy  = "set podPidsLimit, to 4096 or less"
  harden {
    kubelet { config = { podPidsLimit = 4096 } }
  }
}

control "NSA-EN-1" {
  title    = "What nodes and pods say to each other is encrypted where others can listen"
  section  = "Network separation"
  question = "Can anybody listen between your machines, and if so, does the pod network or a mesh encrypt? These pods have the machines' network and may be what does it:"
  evidence = [for p in pods() : "${p.namespace}/${p.name} on ${p.node}" if p.host_network && !p.static]
}
