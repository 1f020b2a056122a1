control "PCI-3.1" {
  title   = "Pods that could reach their machine are refused, and none runs"
  section = "3"
  refs    = ["CIS-5.2.2", "CIS-5.2.3", "CIS-5.2.4", "CIS-5.2.5", "CIS-5.2.11", "NSA-PS-4a", "NSA-PS-4b", "NSA-PS-4c"]
  applies = node.control_plane
  check = (
    pod_security() != null && has(["baseline", "restricted"], pod_security().enforce) &&
    within(pod_security().exempt, ["kube-system", "kube-public", "kube-node-lease"]) && count(pod_security().exempt_users) == 0 && count(pod_security().exempt_runtimes) == 0 &&
    (pod_security().enforce_version == "latest" ? true : version(pod_security().enforce_version) >= cluster.kubernetes) &&
    all([for n in namespaces() : n.system || !any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["baseline", "restricted"], v)])]) &&
    all([for p in pods() : p.system || !p.host_network && !p.host_pid && !p.host_ipc && count(p.host_paths) == 0 && all([for c in p.containers : !c.privileged && !c.host_process])])
  )
  remedy = "enforce the baseline or restricted Pod Security standard, and take privileged, hostPath, hostNetwork, hostPID and hostIPC out of the pods that have them"
  harden {
    admission {
      pod_security      = "baseline"
      exempt_namespaces = ["kube-system", "kube-public", "kube-node-lease"]
    }
  }
}

control "PCI-3.2" {
  title    = "An image is the one that was meant: by digest, or by a signature that is verified"
  section  = "3"
  refs     = ["PCI-13.4"]
  question = "Is each of these named by its digest (@sha256:…), or is its signature verified before it runs?"
  evidence = union([for p in pods() : [for c in p.containers : c.image] if !p.system]...)
  settle   = "pods that name images by tag would be refused"
  harden {
    policy {
      images {
        digests           = true
        mode              = "enforce"
        exempt_namespaces = []
      }
    }
  }
}

control "PCI-3.3" {
  title    = "Images come from sources that are trusted"
  section  = "3"
  refs     = ["CIS-5.5.1", "NSA-PS-3"]
  question = "Does one of these policies refuse images of other registries than yours? Each is named with what it does."
  evidence = [for a in admission_policies() : [a.name, a.actions]]
  settle   = "which registries are trusted only you know, and the one below is Kubernetes' own alone: name yours beside it in policy { images { registries = […] } }; pods with images of others are then refused"
  harden {
    policy {
      images {
        registries        = ["registry.k8s.io"]
        mode              = "enforce"
        exempt_namespaces = []
      }
    }
  }
}
