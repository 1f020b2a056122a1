control "PCI-16.1" {
  title    = "What has to be protected differently is in different clusters"
  section  = "16"
  refs     = ["CIS-5.6.1", "NSA-NS-1"]
  question = "Do these namespaces all belong to one level of security, or should one of them have a cluster of its own?"
  evidence = [for n in namespaces() : n.name if !n.system]
}

control "PCI-16.2" {
  title   = "Nothing but the control plane runs on its machines"
  section = "16"
  check = all([for n in nodes() : !has([for k, v in n.labels : k], "node-role.kubernetes.io/control-plane") ||
    has(n.taints, "node-role.kubernetes.io/control-plane:NoSchedule") || has(n.taints, "node-role.kubernetes.io/control-plane:NoExecute")
  ])
  remedy = "taint control planes with node-role.kubernetes.io/control-plane:NoSchedule, and give other critical workloads tainted machines of their own"
}

control "PCI-16.3" {
  title    = "Pods get to the machines that are meant for them, and no pod or kubelet can say otherwise"
  section  = "16"
  refs     = ["CIS-1.2.14"]
  question = "Which of these machines are set apart, by a label that kubelets cannot change (node-restriction.kubernetes.io/…) or a taint, and what keeps other pods from asking for them?"
  evidence = [for n in nodes() : union([n.name], [for k, v in n.labels : "${k}=${v}" if starts_with(k, "node-restriction.kubernetes.io/")], n.taints)]
}

control "PCI-16.4" {
  title    = "Who runs applications cannot change what all share"
  section  = "16"
  refs     = ["CIS-5.1.4", "CIS-5.1.12"]
  question = "Is each of these, who may change things in every namespace or things of none, somebody who runs the cluster?"
  evidence = union([for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding} has ${g.role}"
  if !g.builtin && g.namespace == "" && any([for v in ["create", "update", "patch", "delete", "deletecollection", "*"] : has(g.verbs, v)])])
}
