control "CIS-1.3.1" {
  title   = "Pods that ended are cleared away before they are too many"
  section = "1.3"
  level   = 1
  applies = node.control_plane
  check   = at_least(arg(controller_manager, "terminated-pod-gc-threshold"), 1) && !at_least(arg(controller_manager, "terminated-pod-gc-threshold"), 12501)
  remedy  = "set --terminated-pod-gc-threshold to a number from 1 to 12500, as 1000; 0 clears nothing away"

  harden {
    controller_manager { args = { terminated-pod-gc-threshold = "1000" } }
  }
}

control "CIS-1.3.2" {
  title   = "The controller manager is not profiled over the network"
  section = "1.3"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242409"]
  applies = node.control_plane
  check   = arg(controller_manager, "profiling") == "false"
  remedy  = "set --profiling=false"
  harden {
    controller_manager { args = { profiling = "false" } }
  }
}

control "CIS-1.3.3" {
  title   = "Each controller has rights of its own"
  section = "1.3"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242381"]
  applies = node.control_plane
  check   = arg(controller_manager, "use-service-account-credentials") == "true"
  remedy  = "set --use-service-account-credentials=true"
  harden {
    controller_manager { args = { use-service-account-credentials = "true" } }
  }
}

control "CIS-1.3.4" {
  title   = "Tokens of service accounts are signed by a key of their own"
  section = "1.3"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = arg(controller_manager, "service-account-private-key-file") != null
  remedy  = "set --service-account-private-key-file"
}

control "CIS-1.3.5" {
  title   = "Pods are given the authority that they can know the API by"
  section = "1.3"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242421"]
  applies = node.control_plane
  check   = arg(controller_manager, "root-ca-file") != null
  remedy  = "set --root-ca-file"
}

control "CIS-1.3.6" {
  title   = "Kubelets may renew the certificates they serve with"
  section = "1.3"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = feature(controller_manager, "RotateKubeletServerCertificate") != false
  remedy  = "take RotateKubeletServerCertificate=false out of --feature-gates"
}

control "CIS-1.3.7" {
  title   = "The controller manager listens on loopback alone"
  section = "1.3"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242385"]
  applies = node.control_plane
  check   = arg(controller_manager, "bind-address") == null || arg(controller_manager, "bind-address") == "127.0.0.1"
  remedy  = "set --bind-address=127.0.0.1"
}
