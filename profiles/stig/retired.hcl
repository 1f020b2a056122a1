control "STIG-V-242386" {
  title   = "The API server has no port without TLS"
  rule    = "CNTR-K8-000320"
  refs    = ["NSA-CP-4"]
  retired = "since V2R5: --insecure-port is gone since Kubernetes 1.24, and an API server that is given it does not start"
}

control "STIG-V-242388" {
  title   = "The API server has no address without TLS"
  rule    = "CNTR-K8-000340"
  refs    = ["NSA-CP-4"]
  retired = "since V2R5: --insecure-bind-address is gone, and an API server that is given it does not start"
}

control "STIG-V-242401" {
  title   = "The API server has an audit policy"
  rule    = "CNTR-K8-000600"
  refs    = ["CIS-3.2.1", "NSA-AL-1"]
  retired = "since V1R11; STIG-V-242461 asks it now"
}

control "STIG-V-242416" {
  title   = "Idle connections to the kubelet end"
  rule    = "CNTR-K8-001300"
  refs    = ["CIS-4.2.5"]
  retired = "STIG-V-245541 took its place"
}

control "STIG-V-242435" {
  title   = "Not every request is allowed"
  rule    = "CNTR-K8-001990"
  refs    = ["CIS-1.2.6", "NSA-AA-5"]
  retired = "since V1R11; STIG-V-242382 asks it now"
}

control "STIG-V-242439" {
  title   = "The API server takes no passwords from a file"
  rule    = "CNTR-K8-002620"
  refs    = ["NSA-AA-4"]
  retired = "STIG-V-245542 took its place"
}

control "STIG-V-242440" {
  title   = "The API server takes no tokens from a file"
  rule    = "CNTR-K8-002630"
  refs    = ["CIS-1.2.2", "NSA-AA-4"]
  retired = "STIG-V-245543 took its place"
}

control "STIG-V-242441" {
  title   = "The API server shows kubelets a client certificate"
  rule    = "CNTR-K8-002640"
  refs    = ["CIS-1.2.4"]
  retired = "STIG-V-245544 took its place"
}

control "STIG-V-242458" {
  title   = "The manifests of the control plane can be written by root alone"
  rule    = "CNTR-K8-003250"
  refs    = ["CIS-1.1.1", "CIS-1.1.3", "CIS-1.1.5", "CIS-1.1.7"]
  retired = "since V1R10; STIG-V-242408 asks it now"
}

control "STIG-V-242468" {
  title   = "The API server speaks TLS 1.2 or newer alone"
  rule    = "CNTR-K8-003350"
  refs    = ["NSA-CP-1", "PCI-4.3"]
  retired = "since V1R10; STIG-V-242378 asks it now"
}
