control "CIS-5.2.1" {
  title   = "Pod Security admission holds every namespace to a standard, but for those of Kubernetes"
  section = "5.2"
  level   = 1
  refs    = ["STIG-V-254800"]
  applies = node.control_plane
  check = (
    pod_security() != null && has(["baseline", "restricted"], pod_security().enforce) &&
    within(pod_security().exempt, ["kube-system", "kube-public", "kube-node-lease"]) && count(pod_security().exempt_users) == 0 && count(pod_security().exempt_runtimes) == 0 &&
    (pod_security().enforce_version == "latest" ? true : version(pod_security().enforce_version) >= cluster.kubernetes)
  )
  remedy = "configure PodSecurity in the file of --admission-control-config-file, exempt no namespace in which users run something, no user and no runtime class, and enforce the version latest"

  harden {
    admission {
      pod_security      = "baseline"
      exempt_namespaces = ["kube-system", "kube-public", "kube-node-lease"]
    }
  }
}

control "CIS-5.2.2" {
  title   = "No privileged container is let in"
  section = "5.2"
  level   = 1
  refs    = ["NSA-PS-4a", "PCI-3.1"]
  changed = { "1.37" = "kube-proxy can do without privileged, so that its pods count too" }
  applies = node.control_plane
  check = (
    pod_security() != null && has(["baseline", "restricted"], pod_security().enforce) &&
    !any([for n in namespaces() : !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])]) &&
    !any([for p in pods() : !(p.system && (p.service_account != "kube-proxy" || cluster.kubernetes < version("1.37"))) && any([for c in p.containers : c.privileged])])
  )
  evidence = union(
    [for n in namespaces() : "namespace ${n.name} is labelled for less" if !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])],
    [for p in pods() : "pod ${p.namespace}/${p.name}" if !(p.system && (p.service_account != "kube-proxy" || cluster.kubernetes < version("1.37"))) && any([for c in p.containers : c.privileged])]
  )
  remedy = "enforce baseline or restricted where the pod runs, and take privileged out of its containers"

  harden {
    admission { pod_security = "baseline" }
    policy { unprivileged_kube_proxy = true }
  }
}

control "CIS-5.2.3" {
  title   = "No pod that sees the processes of its node is let in"
  section = "5.2"
  level   = 1
  refs    = ["NSA-PS-4b", "PCI-3.1"]
  applies = node.control_plane
  check = (
    pod_security() != null && has(["baseline", "restricted"], pod_security().enforce) &&
    !any([for n in namespaces() : !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])]) &&
    !any([for p in pods() : !p.system && p.host_pid])
  )
  evidence = union(
    [for n in namespaces() : "namespace ${n.name} is labelled for less" if !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])],
    [for p in pods() : "pod ${p.namespace}/${p.name}" if !p.system && p.host_pid]
  )
  remedy = "enforce baseline or restricted where the pod runs, and take hostPID out of it"

  harden {
    admission { pod_security = "baseline" }
  }
}

control "CIS-5.2.4" {
  title   = "No pod that shares memory with its node is let in"
  section = "5.2"
  level   = 1
  refs    = ["NSA-PS-4b", "PCI-3.1"]
  applies = node.control_plane
  check = (
    pod_security() != null && has(["baseline", "restricted"], pod_security().enforce) &&
    !any([for n in namespaces() : !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])]) &&
    !any([for p in pods() : !p.system && p.host_ipc])
  )
  evidence = union(
    [for n in namespaces() : "namespace ${n.name} is labelled for less" if !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])],
    [for p in pods() : "pod ${p.namespace}/${p.name}" if !p.system && p.host_ipc]
  )
  remedy = "enforce baseline or restricted where the pod runs, and take hostIPC out of it"

  harden {
    admission { pod_security = "baseline" }
  }
}

control "CIS-5.2.5" {
  title   = "No pod in the network of its node is let in"
  section = "5.2"
  level   = 1
  refs    = ["NSA-PS-4b", "PCI-3.1"]
  applies = node.control_plane
  check = (
    pod_security() != null && has(["baseline", "restricted"], pod_security().enforce) &&
    !any([for n in namespaces() : !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])]) &&
    !any([for p in pods() : !p.system && p.host_network])
  )
  evidence = union(
    [for n in namespaces() : "namespace ${n.name} is labelled for less" if !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])],
    [for p in pods() : "pod ${p.namespace}/${p.name}" if !p.system && p.host_network]
  )
  remedy = "enforce baseline or restricted where the pod runs, and take hostNetwork out of it"

  harden {
    admission { pod_security = "baseline" }
  }
}

control "CIS-5.2.6" {
  title   = "No process gets more rights than its parent"
  section = "5.2"
  level   = 1
  refs    = ["NSA-PS-4d"]
  applies = node.control_plane
  check = (
    pod_security() != null && has(["restricted"], pod_security().enforce) && all([for level in cluster.namespaces : level == "restricted"]) &&
    !any([for n in namespaces() : !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["restricted"], v)])]) &&
    !any([for p in pods() : !p.system && any([for c in p.containers : c.escalates])])
  )
  evidence = union(
    [for n in namespaces() : "namespace ${n.name} is labelled for less" if !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["restricted"], v)])],
    [for p in pods() : "pod ${p.namespace}/${p.name}" if !p.system && any([for c in p.containers : c.escalates])]
  )
  remedy = "enforce restricted where the pod runs, and set allowPrivilegeEscalation: false"

  harden {
    admission { pod_security = "restricted" }
  }
}

control "CIS-5.2.7" {
  title   = "No container runs as root"
  section = "5.2"
  level   = 2
  refs    = ["NSA-PS-1", "PCI-12.3"]
  applies = node.control_plane
  check = (
    pod_security() != null && has(["restricted"], pod_security().enforce) && all([for level in cluster.namespaces : level == "restricted"]) &&
    !any([for n in namespaces() : !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["restricted"], v)])]) &&
    !any([for p in pods() : !p.system && any([for c in p.containers : !c.non_root])])
  )
  evidence = union(
    [for n in namespaces() : "namespace ${n.name} is labelled for less" if !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["restricted"], v)])],
    [for p in pods() : "pod ${p.namespace}/${p.name}" if !p.system && any([for c in p.containers : !c.non_root])]
  )
  remedy = "enforce restricted where the pod runs, and set runAsNonRoot: true"

  harden {
    admission { pod_security = "restricted" }
  }
}

control "CIS-5.2.8" {
  title   = "No container can forge packets"
  section = "5.2"
  level   = 1
  refs    = ["PCI-3.1"]
  applies = node.control_plane
  check = (
    pod_security() != null && has(["restricted"], pod_security().enforce) && all([for level in cluster.namespaces : level == "restricted"]) &&
    !any([for n in namespaces() : !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["restricted"], v)])]) &&
    !any([for p in pods() : !p.system && any([for c in p.containers : !has(c.drops, "ALL") && !has(c.drops, "NET_RAW") || has(c.adds, "ALL") || has(c.adds, "NET_RAW")])])
  )
  evidence = union(
    [for n in namespaces() : "namespace ${n.name} is labelled for less" if !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["restricted"], v)])],
    [for p in pods() : "pod ${p.namespace}/${p.name}" if !p.system && any([for c in p.containers : !has(c.drops, "ALL") && !has(c.drops, "NET_RAW") || has(c.adds, "ALL") || has(c.adds, "NET_RAW")])]
  )
  remedy = "enforce restricted where the pod runs, and drop the capability NET_RAW, or ALL"

  harden {
    admission { pod_security = "restricted" }
  }
}

control "CIS-5.2.9" {
  title   = "No container has a capability but to bind low ports"
  section = "5.2"
  level   = 2
  refs    = ["PCI-3.1"]
  applies = node.control_plane
  check = (
    pod_security() != null && has(["restricted"], pod_security().enforce) && all([for level in cluster.namespaces : level == "restricted"]) &&
    !any([for n in namespaces() : !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["restricted"], v)])]) &&
    !any([for p in pods() : !p.system && any([for c in p.containers : !has(c.drops, "ALL") || count(c.adds) > 0 && !subset(c.adds, ["NET_BIND_SERVICE"])])])
  )
  evidence = union(
    [for n in namespaces() : "namespace ${n.name} is labelled for less" if !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["restricted"], v)])],
    [for p in pods() : "pod ${p.namespace}/${p.name}" if !p.system && any([for c in p.containers : !has(c.drops, "ALL") || count(c.adds) > 0 && !subset(c.adds, ["NET_BIND_SERVICE"])])]
  )
  remedy = "enforce restricted where the pod runs, and drop ALL capabilities"

  harden {
    admission { pod_security = "restricted" }
  }
}

control "CIS-5.2.10" {
  title   = "No container runs as a process of a Windows node"
  section = "5.2"
  level   = 1
  refs    = ["PCI-3.1"]
  applies = node.control_plane
  check = (
    pod_security() != null && has(["baseline", "restricted"], pod_security().enforce) &&
    !any([for n in namespaces() : !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])]) &&
    !any([for p in pods() : !p.system && any([for c in p.containers : c.host_process])])
  )
  evidence = union(
    [for n in namespaces() : "namespace ${n.name} is labelled for less" if !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])],
    [for p in pods() : "pod ${p.namespace}/${p.name}" if !p.system && any([for c in p.containers : c.host_process])]
  )
  remedy = "enforce baseline or restricted where the pod runs, and take hostProcess out of it"

  harden {
    admission { pod_security = "baseline" }
  }
}

control "CIS-5.2.11" {
  title   = "No pod that mounts a folder of its node is let in"
  section = "5.2"
  level   = 1
  refs    = ["NSA-PS-4c", "PCI-3.1"]
  applies = node.control_plane
  check = (
    pod_security() != null && has(["baseline", "restricted"], pod_security().enforce) &&
    !any([for n in namespaces() : !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])]) &&
    !any([for p in pods() : !p.system && count(p.host_paths) > 0])
  )
  evidence = union(
    [for n in namespaces() : "namespace ${n.name} is labelled for less" if !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])],
    [for p in pods() : "pod ${p.namespace}/${p.name}" if !p.system && count(p.host_paths) > 0]
  )
  remedy = "enforce baseline or restricted where the pod runs, and use another kind of volume than hostPath"

  harden {
    admission { pod_security = "baseline" }
  }
}

control "CIS-5.2.12" {
  title   = "No pod takes a port of its node"
  section = "5.2"
  level   = 1
  refs    = ["STIG-V-242414", "NSA-PS-4c"]
  applies = node.control_plane
  check = (
    pod_security() != null && has(["baseline", "restricted"], pod_security().enforce) &&
    !any([for n in namespaces() : !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])]) &&
    !any([for p in pods() : !p.system && any([for c in p.containers : count(c.host_ports) > 0])])
  )
  evidence = union(
    [for n in namespaces() : "namespace ${n.name} is labelled for less" if !n.system && any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])],
    [for p in pods() : "pod ${p.namespace}/${p.name}" if !p.system && any([for c in p.containers : count(c.host_ports) > 0])]
  )
  remedy = "enforce baseline or restricted where the pod runs, and offer it by a Service instead of hostPort"

  harden {
    admission { pod_security = "baseline" }
  }
}
