control "PCI-12.1" {
  title    = "Images are built on small ones that are trusted"
  section  = "12"
  question = "What is each of these built on, and is there anything in it that it does not need?"
  evidence = union([for p in pods() : [for c in p.containers : c.image] if !p.system]...)
}

control "PCI-12.2" {
  title    = "What images are built on comes from a registry of your own"
  section  = "12"
  question = "Is there a registry with the images that others may be built on, and do builds reach no other?"
}

control "PCI-12.3" {
  title   = "Containers that run as root are refused, and none runs"
  section = "12"
  refs    = ["CIS-5.2.7", "NSA-PS-1", "NSA-PS-4d"]
  applies = node.control_plane
  check = (
    pod_security() != null && pod_security().enforce == "restricted" && all([for level in cluster.namespaces : level == "restricted"]) &&
    within(pod_security().exempt, ["kube-system", "kube-public", "kube-node-lease"]) && count(pod_security().exempt_users) == 0 && count(pod_security().exempt_runtimes) == 0 &&
    (pod_security().enforce_version == "latest" ? true : version(pod_security().enforce_version) >= cluster.kubernetes) &&
    all([for n in namespaces() : n.system || !any([for k, v in n.labels : k == "pod-security.kubernetes.io/enforce" && !has(["restricted"], v)])]) &&
    all([for p in pods() : p.system || all([for c in p.containers : c.non_root])])
  )
  remedy = "enforce the restricted Pod Security standard, and build images with a user that is not root"
  harden {
    admission {
      pod_security      = "restricted"
      exempt_namespaces = ["kube-system", "kube-public", "kube-node-lease"]
    }
  }
}

control "PCI-12.4" {
  title    = "No image has a secret in it"
  section  = "12"
  refs     = ["STIG-V-274883"]
  question = "Are the layers of images, and the files they are built by, searched for keys and passwords?"
}
