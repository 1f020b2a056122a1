control "CIS-4.1.1" {
  title   = "The kubelet's unit can be read and written by root alone"
  section = "4.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242455"]
  check   = any([for p in ["/etc/systemd/system/kubelet.service", "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf", "/usr/lib/systemd/system/kubelet.service", "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"] : path(p) != null]) && all([for p in ["/etc/systemd/system/kubelet.service", "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf", "/usr/lib/systemd/system/kubelet.service", "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"] : path(p) == null || mode_within("0600", path(p))])
  remedy  = "chmod 0600 the kubelet's unit and its drop-ins"
}

control "CIS-4.1.2" {
  title   = "The kubelet's unit is root's"
  section = "4.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242454"]
  check   = any([for p in ["/etc/systemd/system/kubelet.service", "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf", "/usr/lib/systemd/system/kubelet.service", "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"] : path(p) != null]) && all([for p in ["/etc/systemd/system/kubelet.service", "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf", "/usr/lib/systemd/system/kubelet.service", "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"] : path(p) == null || owned_by("root:root", path(p))])
  remedy  = "chown root:root the kubelet's unit and its drop-ins"
}

control "CIS-4.1.3" {
  title   = "kube-proxy's kubeconfig, where a file of the machine is it, can be read and written by root alone"
  section = "4.1"
  level   = 1
  refs    = ["STIG-V-242447"]
  applies = any([for p in ["/etc/kubernetes/proxy.conf", "/etc/kubernetes/kube-proxy.conf", "/var/lib/kube-proxy/kubeconfig.conf"] : path(p) != null])
  check   = all([for p in ["/etc/kubernetes/proxy.conf", "/etc/kubernetes/kube-proxy.conf", "/var/lib/kube-proxy/kubeconfig.conf"] : path(p) == null || mode_within("0600", path(p))])
  remedy  = "chmod 0600 the file that --kubeconfig of kube-proxy names"
}

control "CIS-4.1.4" {
  title   = "kube-proxy's kubeconfig, where a file of the machine is it, is root's"
  section = "4.1"
  level   = 1
  refs    = ["STIG-V-242448"]
  applies = any([for p in ["/etc/kubernetes/proxy.conf", "/etc/kubernetes/kube-proxy.conf", "/var/lib/kube-proxy/kubeconfig.conf"] : path(p) != null])
  check   = all([for p in ["/etc/kubernetes/proxy.conf", "/etc/kubernetes/kube-proxy.conf", "/var/lib/kube-proxy/kubeconfig.conf"] : path(p) == null || owned_by("root:root", path(p))])
  remedy  = "chown root:root the file that --kubeconfig of kube-proxy names"
}

control "CIS-4.1.5" {
  title   = "The kubelet's kubeconfig can be read and written by root alone"
  section = "4.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242452", "NSA-KC-1"]
  check   = mode_within("0600", path("/etc/kubernetes/kubelet.conf"))
  remedy  = "chmod 0600 /etc/kubernetes/kubelet.conf"
}

control "CIS-4.1.6" {
  title   = "The kubelet's kubeconfig is root's"
  section = "4.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242453", "NSA-KC-1"]
  check   = owned_by("root:root", path("/etc/kubernetes/kubelet.conf"))
  remedy  = "chown root:root /etc/kubernetes/kubelet.conf"
}

control "CIS-4.1.7" {
  title   = "The authority that the kubelet knows its clients by can be written by root alone"
  section = "4.1"
  level   = 1
  refs    = ["STIG-V-242449"]
  check   = config(kubelet, "authentication.x509.clientCAFile") == "/etc/kubernetes/pki/ca.crt" ? mode_within("0644", path("/etc/kubernetes/pki/ca.crt")) : mode_within("0644", path(config(kubelet, "authentication.x509.clientCAFile")))
  remedy  = "chmod 0644 the file that authentication.x509.clientCAFile names"
}

control "CIS-4.1.8" {
  title   = "The authority that the kubelet knows its clients by is root's"
  section = "4.1"
  level   = 1
  refs    = ["STIG-V-242450"]
  check   = config(kubelet, "authentication.x509.clientCAFile") == "/etc/kubernetes/pki/ca.crt" ? owned_by("root:root", path("/etc/kubernetes/pki/ca.crt")) : owned_by("root:root", path(config(kubelet, "authentication.x509.clientCAFile")))
  remedy  = "chown root:root the file that authentication.x509.clientCAFile names"
}

control "CIS-4.1.9" {
  title   = "The kubelet's configuration can be read and written by root alone"
  section = "4.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242407", "STIG-V-242456"]
  check   = mode_within("0600", path("/var/lib/kubelet/config.yaml"))
  remedy  = "chmod 0600 /var/lib/kubelet/config.yaml, again after each kubeadm upgrade"
}

control "CIS-4.1.10" {
  title   = "The kubelet's configuration is root's"
  section = "4.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242406", "STIG-V-242457"]
  check   = owned_by("root:root", path("/var/lib/kubelet/config.yaml"))
  remedy  = "chown root:root /var/lib/kubelet/config.yaml"
}
