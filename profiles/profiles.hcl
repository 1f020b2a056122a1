profile "cis" {
  title      = "CIS Kubernetes Benchmark 2.0.1, both levels, with 2.1.0's wording of 1.2.1"
  kubernetes = "1.34 to 1.35"
  standards  = ["CIS"]
}

profile "cis-level-1" {
  title      = "CIS Kubernetes Benchmark 2.0.1, level 1"
  kubernetes = "1.34 to 1.35"
  standards  = ["CIS"]
  level      = 1
}

profile "stig" {
  title      = "DISA Kubernetes STIG V2R6"
  kubernetes = "1.34 to 1.35"
  standards  = ["STIG"]
}

profile "nsa-cisa" {
  title     = "NSA/CISA Kubernetes Hardening Guidance 1.2"
  standards = ["NSA"]
}

profile "pci" {
  title     = "PCI SSC guidance for containers and container orchestration 1.0"
  standards = ["PCI"]
}
