control "CIS-5.4.1" {
  title    = "Programs read Secrets from files, and not from their environment"
  section  = "5.4"
  level    = 2
  refs     = ["STIG-V-242415"]
  check    = !any([for p in pods() : any([for c in p.containers : count(c.secret_env) > 0])])
  evidence = union([for p in pods() : "${p.namespace}/${p.name}" if any([for c in p.containers : count(c.secret_env) > 0])])
  remedy   = "mount the Secrets as files: an environment is inherited by every child process and ends up in logs"
}

control "CIS-5.4.2" {
  title    = "Whether Secrets belong into a store of their own has been thought about"
  section  = "5.4"
  level    = 2
  refs     = ["PCI-6.1"]
  applies  = node.control_plane
  question = "Is what the API server does to Secrets in etcd enough, or do some belong into a store outside of the cluster, with its own log and rotation?"
  evidence = [encrypted_by("secrets") == null ? "Secrets lie in etcd in the clear" : "Secrets in etcd are encrypted by ${encrypted_by("secrets")}"]
}
