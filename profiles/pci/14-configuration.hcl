control "PCI-14.1" {
  title    = "What the cluster is configured by is under version control"
  section  = "14"
  question = "Are the spec, its profiles and the manifests of workloads in a repository where each change has an author, and is nothing secret in it?"
}

control "PCI-15.1" {
  title    = "Configuration is tried before it is used, and follows a standard that is written down"
  section  = "15"
  refs     = ["NSA-UP-4"]
  question = "Is the spec applied to a cluster for tests first (bulwark apply SPEC --on kind), and is the audit by a standard's profile kept?"
}
