control "PCI-5.1" {
  title    = "Nobody comes by a certificate that cannot be taken back, and certificates are renewed"
  section  = "5"
  refs     = ["CIS-3.1.1", "CIS-4.2.10", "PCI-1.3"]
  applies  = node.control_plane
  question = "Do people have certificates, how long are those good for, and when were the cluster's own last renewed?"
  evidence = [
    "certificates are signed for ${arg(controller_manager, "cluster-signing-duration") == null ? "8760h0m0s" : arg(controller_manager, "cluster-signing-duration")} at most",
    "kubelets renew theirs: ${config(kubelet, "rotateCertificates") == true}",
    "issuers of tokens: ${count(issuers())}",
  ]
}

control "PCI-5.2" {
  title    = "Nothing outside of the cluster trusts its authority"
  section  = "5"
  question = "Is the cluster's authority (/etc/kubernetes/pki/ca.crt) among what browsers, machines or other clusters of yours trust, and does it sign for nothing else?"
}
