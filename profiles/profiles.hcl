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
