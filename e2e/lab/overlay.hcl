# What the lab's machines, privileged containers that share their host's
# kernel, cannot have as hardened as real ones. DEVIATIONS.md says what was
# seen without each. Only the lab uses this file, with --overlay.

deviation "cgroup-v1" {
  reason           = "the host of these containers may still have cgroup v1, which the kubelet refuses unless told otherwise"
  ignore_preflight = ["SystemVerification"]
  skip_preflight   = ["cgroup"]

  kubelet {
    config = { failCgroupV1 = false }
  }
}

deviation "shared-kernel" {
  reason       = "kernel settings and modules are the host's: a container that writes them changes the host"
  skip_sysctls = ["*"]
  skip_modules = true

  kubelet {
    config = { protectKernelDefaults = false }
  }
  kube_proxy {
    config = { conntrack = { maxPerCore = 0 } }
  }
}
