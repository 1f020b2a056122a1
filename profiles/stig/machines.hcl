control "STIG-V-242393" {
  title   = "No ssh daemon runs on workers"
  cat     = 2
  rule    = "CNTR-K8-000400"
  applies = !node.control_plane
  check   = all([for name in ["ssh.service", "sshd.service", "ssh.socket", "sshd.socket"] : unit(name) == null || !unit(name).active])
  remedy  = "on each worker, when nothing is left to do there: systemctl disable, then systemctl stop ssh.socket, sshd.socket, ssh.service or sshd.service; keep a console to come back by"
  settle  = "bulwark, like any tool that works over SSH, could not look at a worker any more, nor change one or take it back; close workers by hand when all else is done, with a console to come back by, or waive this"
}

control "STIG-V-242394" {
  title   = "No ssh daemon starts with a worker"
  cat     = 2
  rule    = "CNTR-K8-000410"
  applies = !node.control_plane
  check   = all([for name in ["ssh.service", "sshd.service", "ssh.socket", "sshd.socket"] : unit(name) == null || !unit(name).enabled])
  remedy  = "on each worker: systemctl disable ssh.socket, sshd.socket, ssh.service or sshd.service; keep a console to come back by"
  settle  = "bulwark, like any tool that works over SSH, could not look at a worker any more after it started anew, nor change one or take it back; close workers by hand when all else is done, with a console to come back by, or waive this"
}

control "STIG-V-242396" {
  title    = "kubectl writes no file that it was not told to, whatever a container answers"
  cat      = 2
  rule     = "CNTR-K8-000430"
  question = "Is every kubectl on these nodes 1.12.9 or newer? It is where it was installed beside their kubelet; `kubectl version --client` says it."
  evidence = [for n in nodes() : "${n.name} has kubelet ${n.kubelet}"]
}
