control "STIG-V-242387" {
  title  = "The kubelet has no port that it answers strangers on"
  cat    = 1
  rule   = "CNTR-K8-000330"
  refs   = ["CIS-4.2.4", "PCI-1.1", "PCI-4.3"]
  check  = arg(kubelet, "read-only-port") == null && (config(kubelet, "readOnlyPort") == 0 || config(kubelet, "readOnlyPort") == null && arg(kubelet, "config") != null)
  remedy = "set readOnlyPort to 0 in the kubelet's configuration or leave it out, and take --read-only-port away"
  harden {
    kubelet { config = { readOnlyPort = 0 } }
  }
}

control "STIG-V-242391" {
  title  = "The kubelet's configuration lets nobody in without credentials"
  cat    = 1
  rule   = "CNTR-K8-000370"
  refs   = ["CIS-4.2.1", "NSA-AA-2", "PCI-1.1"]
  check  = arg(kubelet, "anonymous-auth") == null && config(kubelet, "authentication.anonymous.enabled") == false
  remedy = "set authentication.anonymous.enabled to false in the kubelet's configuration, and take --anonymous-auth away: as an argument it is a finding whatever it says"
  harden {
    kubelet { config = { authentication = { anonymous = { enabled = false } } } }
  }
}

control "STIG-V-242392" {
  title  = "The kubelet's configuration has it ask the API whether a request is allowed"
  cat    = 1
  rule   = "CNTR-K8-000380"
  refs   = ["CIS-4.2.2"]
  check  = arg(kubelet, "authorization-mode") == null && config(kubelet, "authorization.mode") == "Webhook"
  remedy = "set authorization.mode to Webhook in the kubelet's configuration, and take --authorization-mode away: as an argument it is a finding whatever it says"
  harden {
    kubelet { config = { authorization = { mode = "Webhook" } } }
  }
}

control "STIG-V-242397" {
  title   = "Workers start no pods from files"
  cat     = 1
  rule    = "CNTR-K8-000440"
  applies = !node.control_plane
  check   = arg(kubelet, "pod-manifest-path") == null && config(kubelet, "staticPodPath") == null
  remedy  = "take staticPodPath out of the configuration of workers' kubelets (a patch of kubeadm's, again with each upgrade), and --pod-manifest-path away"
}

control "STIG-V-242399" {
  title   = "Kubelets take no configuration from the API"
  cat     = 2
  rule    = "CNTR-K8-000460"
  changed = { "1.24" = "kubelets cannot be configured from the API any more, and one that names the feature gate DynamicKubeletConfig does not start; the text asks nothing from 1.26 on" }
  applies = cluster.kubernetes < version("1.26")
  check   = arg(kubelet, "feature-gates") == null && all([for c in node.control_plane ? [apiserver, controller_manager, scheduler, kubelet] : [kubelet] : feature(c, "DynamicKubeletConfig") == false])
  remedy  = "set the feature gate DynamicKubeletConfig to false in the arguments of the control plane's components and in the kubelet's configuration, and take --feature-gates away from the kubelet"
}

control "STIG-V-242404" {
  title  = "A kubelet goes by its machine's own name"
  cat    = 2
  rule   = "CNTR-K8-000850"
  refs   = ["CIS-4.2.7"]
  check  = arg(kubelet, "hostname-override") == null
  remedy = "name the node as its machine is named, so that kubeadm writes no --hostname-override"
}

control "STIG-V-242420" {
  title  = "The kubelet's configuration names the authority that it knows clients by"
  cat    = 2
  rule   = "CNTR-K8-001420"
  refs   = ["CIS-4.2.3", "NSA-AA-3"]
  check  = arg(kubelet, "client-ca-file") == null && config(kubelet, "authentication.x509.clientCAFile") != null && config(kubelet, "authentication.x509.clientCAFile") != ""
  remedy = "set authentication.x509.clientCAFile in the kubelet's configuration to the cluster's authority, and take --client-ca-file away"
  harden {
    kubelet { config = { authentication = { x509 = { clientCAFile = "/etc/kubernetes/pki/ca.crt" } } } }
  }
}

control "STIG-V-242424" {
  title  = "The kubelet's configuration names the key that it serves with"
  cat    = 2
  rule   = "CNTR-K8-001460"
  refs   = ["CIS-4.2.9"]
  check  = arg(kubelet, "tls-private-key-file") == null && config(kubelet, "tlsPrivateKeyFile") != null && config(kubelet, "tlsPrivateKeyFile") != ""
  remedy = "set tlsPrivateKeyFile in the kubelet's configuration, also where the certificate rotates, and take --tls-private-key-file away"
  harden {
    kubelet { config = { tlsPrivateKeyFile = "/var/lib/kubelet/pki/kubelet-server-current.pem" } }
  }
}

control "STIG-V-242425" {
  title  = "The kubelet's configuration names the certificate that it serves with"
  cat    = 2
  rule   = "CNTR-K8-001470"
  refs   = ["CIS-4.2.9"]
  check  = arg(kubelet, "tls-cert-file") == null && config(kubelet, "tlsCertFile") != null && config(kubelet, "tlsCertFile") != ""
  remedy = "set tlsCertFile in the kubelet's configuration, also where the certificate rotates, and take --tls-cert-file away"
  harden {
    kubelet { config = { tlsCertFile = "/var/lib/kubelet/pki/kubelet-server-current.pem" } }
  }
}

control "STIG-V-242434" {
  title  = "The kubelet does not start where the kernel is set otherwise than it needs"
  cat    = 1
  rule   = "CNTR-K8-001620"
  check  = arg(kubelet, "protect-kernel-defaults") == null && config(kubelet, "protectKernelDefaults") == true
  remedy = "set the kernel as the kubelet needs it (vm.overcommit_memory, vm.panic_on_oom, kernel.panic, kernel.panic_on_oops, kernel.keys.root_maxkeys, kernel.keys.root_maxbytes), then protectKernelDefaults to true in its configuration, and take --protect-kernel-defaults away"
  harden {
    kubelet { config = { protectKernelDefaults = true } }
  }
}

control "STIG-V-245541" {
  title   = "Connections of exec and port-forward that are idle end, after five minutes or later"
  cat     = 2
  rule    = "CNTR-K8-001300"
  refs    = ["CIS-4.2.5"]
  changed = { "1.34" = "the kubelet still takes streamingConnectionIdleTimeout and does nothing by it; the container runtime ends such connections" }
  check   = arg(kubelet, "streaming-connection-idle-timeout") == null && at_least(duration(config(kubelet, "streamingConnectionIdleTimeout")), 300)
  remedy  = "set streamingConnectionIdleTimeout to 5m in the kubelet's configuration (kubeadm writes 0s, which is never), and take --streaming-connection-idle-timeout away"
  exactly = true
  harden {
    kubelet { config = { streamingConnectionIdleTimeout = "5m" } }
  }
}
