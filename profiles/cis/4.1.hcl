control "CIS-4.1.1" {
  title   = "The kubelet's unit can be read and written by root alone"
  section = "4.1"
  level   = 1
  scored  = true
  check   = all([for p in ["/etc/systemd/system/kubelet.service", "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf", "/usr/lib/systemd/system/kubelet.service", "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"] : path(p) == null || mode_within("0600", path(p))])
  remedy  = "chmod 0600 the kubelet's unit and its drop-ins"
}

control "CIS-4.1.2" {
  title   = "The kubelet's unit is root's"
  section = "4.1"
  level   = 1
  scored  = true
  check   = all([for p in ["/etc/systemd/system/kubelet.service", "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf", "/usr/lib/systemd/system/kubelet.service", "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"] : path(p) == null || owned_by("root:root", path(p))])
  remedy  = "chown root:root the kubelet's unit and its drop-ins"
}

control "CIS-4.1.5" {
  title   = "The kubelet's kubeconfig can be read and written by root alone"
  section = "4.1"
  level   = 1
  scored  = true
  check   = mode_within("0600", path("/etc/kubernetes/kubelet.conf"))
  remedy  = "chmod 0600 /etc/kubernetes/kubelet.conf"
}

control "CIS-4.1.6" {
  title   = "The kubelet's kubeconfig is root's"
  section = "4.1"
  level   = 1
  scored  = true
  check   = owned_by("root:root", path("/etc/kubernetes/kubelet.conf"))
  remedy  = "chown root:root /etc/kubernetes/kubelet.conf"
}

control "CIS-4.1.9" {
  title   = "The kubelet's configuration can be read and written by root alone"
  section = "4.1"
  level   = 1
  scored  = true
  check   = mode_within("0600", path("/var/lib/kubelet/config.yaml"))
  remedy  = "chmod 0600 /var/lib/kubelet/config.yaml, again after each kubeadm upgrade"
}

control "CIS-4.1.10" {
  title   = "The kubelet's configuration is root's"
  section = "4.1"
  level   = 1
  scored  = true
  check   = owned_by("root:root", path("/var/lib/kubelet/config.yaml"))
  remedy  = "chown root:root /var/lib/kubelet/config.yaml"
}
