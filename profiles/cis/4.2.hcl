control "CIS-4.2.1" {
  title   = "The kubelet answers nobody without credentials"
  section = "4.2"
  level   = 1
  scored  = true
  check   = config(kubelet, "authentication.anonymous.enabled") == false
  remedy  = "set authentication.anonymous.enabled to false"
}

control "CIS-4.2.2" {
  title   = "The kubelet asks the API whether a request is allowed"
  section = "4.2"
  level   = 1
  scored  = true
  check   = config(kubelet, "authorization.mode") != null && config(kubelet, "authorization.mode") != "AlwaysAllow"
  remedy  = "set authorization.mode to Webhook"
}

control "CIS-4.2.3" {
  title   = "The kubelet knows its clients by certificates of an authority"
  section = "4.2"
  level   = 1
  scored  = true
  check   = config(kubelet, "authentication.x509.clientCAFile") != null
  remedy  = "set authentication.x509.clientCAFile to the cluster's authority"
}

control "CIS-4.2.6" {
  title   = "The kubelet keeps the chains of iptables that it needs"
  section = "4.2"
  level   = 1
  scored  = true
  check   = config(kubelet, "makeIPTablesUtilChains") != false
  remedy  = "take makeIPTablesUtilChains: false away"
}

control "CIS-4.2.10" {
  title   = "The kubelet renews the certificate it knows the API by"
  section = "4.2"
  level   = 1
  scored  = true
  check   = config(kubelet, "rotateCertificates") != false
  remedy  = "set rotateCertificates to true"
}
