control "CIS-5.3.1" {
  title    = "The pod network enforces NetworkPolicies"
  section  = "5.3"
  level    = 1
  refs     = ["NSA-NS-2"]
  check    = cluster.enforces
  evidence = "the pod network is ${cluster.cni}"
  remedy   = "use a pod network that enforces NetworkPolicies: with one that does not, they are accepted and do nothing"
}

control "CIS-5.3.2" {
  title    = "In every namespace but those of Kubernetes pods reach each other where a NetworkPolicy allows it alone"
  section  = "5.3"
  level    = 2
  refs     = ["NSA-NS-3", "NSA-APP-E", "PCI-4.1"]
  check = (
    within([for n in namespaces() : n.name if !n.system], [for p in network_policies() : p.namespace if p.all_pods && p.denies_ingress]) &&
    within([for n in namespaces() : n.name if !n.system], [for p in network_policies() : p.namespace if p.all_pods && (p.denies_egress || p.allows_dns)])
  )
  evidence = union([
    for denied in [{
      ingress = [for p in network_policies() : p.namespace if p.all_pods && p.denies_ingress]
      egress  = [for p in network_policies() : p.namespace if p.all_pods && (p.denies_egress || p.allows_dns)]
    }] : [for n in namespaces() : "namespace ${n.name}" if !n.system && !(has(denied.ingress, n.name) && has(denied.egress, n.name))]
  ]...)
  remedy   = "make a NetworkPolicy for all pods of each namespace that allows nothing in and nothing but DNS out, and further ones for what may pass"

  harden {
    policy { default_deny = true }
  }
}
