control "STIG-V-242383" {
  title  = "Nobody's objects are in the namespaces that every cluster has"
  cat    = 1
  rule   = "CNTR-K8-000290"
  refs   = ["CIS-5.6.4", "NSA-NS-1"]
  check  = count(things()) == 0
  remedy = "move what people made in default, kube-public and kube-node-lease into namespaces of its own"
}

control "STIG-V-242395" {
  title  = "There is no Kubernetes dashboard"
  cat    = 2
  rule   = "CNTR-K8-000420"
  check  = all([for p in pods() : p.namespace != "kubernetes-dashboard" && !has([for k, v in p.labels : "${k}=${v}"], "k8s-app=kubernetes-dashboard")])
  remedy = "delete the dashboard's Deployment and its namespace"
}

control "STIG-V-242414" {
  title  = "No pod of a user's takes a port of its node below 1024"
  cat    = 2
  rule   = "CNTR-K8-000960"
  refs   = ["CIS-5.2.12", "NSA-PS-4c"]
  check  = all([for p in pods() : p.system || all([for c in p.containers : at_least(c.host_ports, 1024)])])
  remedy = "take the hostPort away, and let a Service or an ingress lead to the pod"
  harden {
    admission { pod_security = "baseline" }
  }
}

control "STIG-V-242415" {
  title  = "No container gets a Secret by its environment"
  cat    = 1
  rule   = "CNTR-K8-001160"
  refs   = ["CIS-5.4.1"]
  check  = all([for p in pods() : all([for c in p.containers : count(c.secret_env) == 0])])
  remedy = "mount the Secret as a file in place of secretKeyRef and secretRef"
}

control "STIG-V-242417" {
  title    = "Only what runs the cluster is in the namespaces of Kubernetes"
  cat      = 2
  rule     = "CNTR-K8-001360"
  refs     = ["CIS-5.6.1", "NSA-NS-1"]
  question = "Is each of these pods a part of the cluster, as its pod network is, and no user's? Static pods, kube-proxy and CoreDNS are left out."
  evidence = [for p in pods() : "${p.namespace}/${p.name}" if p.system && !p.static && !(p.namespace == "kube-system" && (p.service_account == "kube-proxy" || p.service_account == "coredns"))]
}

control "STIG-V-242442" {
  title  = "Of each image that runs there is one version"
  cat    = 2
  rule   = "CNTR-K8-002700"
  refs   = ["NSA-UP-3"]
  check  = count(union([for p in pods() : [for c in p.containers : repository(c.image)]]...)) == count(union([for p in pods() : [for c in p.containers : c.image]]...))
  remedy = "delete the pods that still run an older version of an image, once what they are made by names the newer one"
}

control "STIG-V-242443" {
  title    = "Kubernetes is of a release that is still mended, with all that was mended"
  cat      = 2
  rule     = "CNTR-K8-002720"
  refs     = ["NSA-UP-1", "PCI-10.1"]
  question = "Is this release of Kubernetes still supported, and is there no newer patch release of it that mends something?"
  evidence = [for n in nodes() : "${n.name} runs kubelet ${n.kubelet}"]
}

control "STIG-V-274883" {
  title    = "Passwords and keys are in Secrets or in a store of their own, and nowhere else"
  cat      = 1
  rule     = "CNTR-K8-001161"
  refs     = ["CIS-5.4.2"]
  question = "Is there no password, key or token in the ConfigMaps of these namespaces, or written out in the environment and arguments of their pods?"
  evidence = [for n in namespaces() : n.name if !n.system]
}

control "STIG-V-274884" {
  title    = "Secrets are read by those alone who have to"
  cat      = 2
  rule     = "CNTR-K8-001163"
  refs     = ["CIS-5.1.2", "NSA-SE-3"]
  question = "Does each of these have to read Secrets, and all that it can?"
  evidence = [for g in grants() : "${g.subject_kind} ${g.subject_namespace == "" ? "" : "${g.subject_namespace}/"}${g.subject} by ${g.binding} ${g.namespace == "" ? "everywhere" : "in ${g.namespace}"}" if !g.builtin && (has(g.groups, "") || has(g.groups, "*")) && (has(g.resources, "secrets") || has(g.resources, "*")) && (has(g.verbs, "get") || has(g.verbs, "list") || has(g.verbs, "watch") || has(g.verbs, "*"))]
}
