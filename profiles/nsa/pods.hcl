# The guide numbers nothing: ids are ours, PS for the chapter on pods. Checks of what
# runs leave out the pods of kube-system, which are the cluster's own.

control "NSA-PS-1" {
  title   = "Pods that may run as root are refused"
  section = "Pod security"
  refs    = ["CIS-5.2.7"]
  applies = node.control_plane
  check = (
    pod_security() != null && pod_security().enforce == "restricted" && all([for level in cluster.namespaces : level == "restricted"]) &&
    within(pod_security().exempt, ["kube-system", "kube-public", "kube-node-lease"]) && count(pod_security().exempt_users) == 0 && count(pod_security().exempt_runtimes) == 0 &&
    (pod_security().enforce_version == "latest" ? true : version(pod_security().enforce_version) >= cluster.kubernetes)
  )
  remedy = "enforce the restricted Pod Security standard in the admission configuration and in each namespace, exempt none but those of Kubernetes, no user and no runtime class, enforce the version latest, and have images run as a user that is not 0"
  harden {
    admission {
      pod_security      = "restricted"
      exempt_namespaces = ["kube-system", "kube-public", "kube-node-lease"]
    }
  }
}

# No Pod Security standard asks for it: what runs is all there is to judge by.
control "NSA-PS-2" {
  title   = "Containers cannot write to the file systems of their images"
  section = "Pod security"
  refs    = ["NSA-APP-B"]
  check   = all([for p in pods() : p.system || all([for c in p.containers : c.read_only_root])])
  remedy  = "set readOnlyRootFilesystem in the security context of each container, and mount an emptyDir where it has to write"
}

control "NSA-PS-3" {
  title    = "Images are of a trusted source, and scanned when they are built and before they run"
  section  = "Pod security"
  refs     = ["CIS-5.5.1", "PCI-3.3", "PCI-10.3"]
  question = "Is each of these images from a source that you trust, and scanned by the build and again by admission?"
  evidence = union([for p in pods() : [for c in p.containers : c.image] if !p.system]...)
}

control "NSA-PS-4a" {
  title   = "Privileged containers are refused, and none runs"
  section = "Pod security"
  refs    = ["CIS-5.2.2", "PCI-3.1"]
  applies = node.control_plane
  check = (
    pod_security() != null && has(["baseline", "restricted"], pod_security().enforce) &&
    all([for n in namespaces() : n.system || !any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])]) &&
    all([for p in pods() : p.system || all([for c in p.containers : !c.privileged && !c.host_process])])
  )
  remedy = "enforce the baseline or restricted Pod Security standard, and take privileged out of the pods that have it"
  harden {
    admission { pod_security = "baseline" }
  }
}

control "NSA-PS-4b" {
  title   = "Pods that share a namespace of the machine are refused, and none runs"
  section = "Pod security"
  refs    = ["CIS-5.2.3", "CIS-5.2.4", "CIS-5.2.5", "PCI-3.1"]
  applies = node.control_plane
  check = (
    pod_security() != null && has(["baseline", "restricted"], pod_security().enforce) &&
    all([for n in namespaces() : n.system || !any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])]) &&
    all([for p in pods() : p.system || !p.host_network && !p.host_pid && !p.host_ipc])
  )
  remedy = "enforce the baseline or restricted Pod Security standard, and take hostNetwork, hostPID and hostIPC out of the pods that have them"
  harden {
    admission { pod_security = "baseline" }
  }
}

control "NSA-PS-4c" {
  title   = "Pods that mount folders of the machine or take its ports are refused, and none runs"
  section = "Pod security"
  refs    = ["CIS-5.2.11", "CIS-5.2.12", "STIG-V-242414", "PCI-3.1"]
  applies = node.control_plane
  check = (
    pod_security() != null && has(["baseline", "restricted"], pod_security().enforce) &&
    all([for n in namespaces() : n.system || !any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])]) &&
    all([for p in pods() : p.system || count(p.host_paths) == 0 && all([for c in p.containers : count(c.host_ports) == 0])])
  )
  remedy = "enforce the baseline or restricted Pod Security standard, and give pods volumes and Services in place of hostPath and hostPort"
  harden {
    admission { pod_security = "baseline" }
  }
}

control "NSA-PS-4d" {
  title   = "Pods that run as root or gain rights are refused, and none runs"
  section = "Pod security"
  refs    = ["CIS-5.2.6", "CIS-5.2.7", "PCI-12.3"]
  applies = node.control_plane
  check = (
    pod_security() != null && pod_security().enforce == "restricted" && all([for level in cluster.namespaces : level == "restricted"]) &&
    all([for n in namespaces() : n.system || !any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["restricted"], v)])]) &&
    all([for p in pods() : p.system || all([for c in p.containers : c.non_root && !c.escalates])])
  )
  remedy = "enforce the restricted Pod Security standard, and set runAsNonRoot and allowPrivilegeEscalation: false"
  harden {
    admission { pod_security = "restricted" }
  }
}

control "NSA-PS-4e" {
  title   = "Containers that name no seccomp profile get the runtime's"
  section = "Pod security"
  refs    = ["CIS-4.2.14", "CIS-5.6.2"]
  check   = config(kubelet, "seccompDefault") == true
  remedy  = "set seccompDefault to true"
  harden {
    kubelet { config = { seccompDefault = true } }
  }
}

control "NSA-PS-5" {
  title   = "Pods get no token of the API unless they have an account of their own"
  section = "Pod security"
  refs    = ["CIS-5.1.5", "CIS-5.1.6", "PCI-1.5"]
  check = (
    all([for s in service_accounts() : s.name != "default" || !s.automount]) &&
    all([for p in pods() : p.system || !p.token || p.service_account != "default"])
  )
  remedy = "set automountServiceAccountToken to false in each namespace's account default, and give pods that call the API an account of their own"
  harden {
    policy { no_default_tokens = true }
  }
}

control "NSA-PS-6" {
  title    = "Workloads of high risk are kept from the machine's kernel by a sandbox"
  section  = "Pod security"
  refs     = ["PCI-9.1"]
  question = "Is there one among these pods that runs what you do not trust, and that the machine's own kernel is too little of a wall for?"
  evidence = [for p in pods() : "${p.namespace}/${p.name}: ${p.runtime_class == "" ? "the machine's kernel" : p.runtime_class}" if !p.system]
}
