control "CIS-1.1.1" {
  title   = "The manifest of the API server can be read and written by root alone"
  section = "1.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242408"]
  applies = node.control_plane
  check   = mode_within("0600", path("/etc/kubernetes/manifests/kube-apiserver.yaml"))
  remedy  = "chmod 0600 /etc/kubernetes/manifests/kube-apiserver.yaml"
}

control "CIS-1.1.2" {
  title   = "The manifest of the API server is root's"
  section = "1.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242405", "STIG-V-242444"]
  applies = node.control_plane
  check   = owned_by("root:root", path("/etc/kubernetes/manifests/kube-apiserver.yaml"))
  remedy  = "chown root:root /etc/kubernetes/manifests/kube-apiserver.yaml"
}

control "CIS-1.1.3" {
  title   = "The manifest of the controller manager can be read and written by root alone"
  section = "1.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242408"]
  applies = node.control_plane
  check   = mode_within("0600", path("/etc/kubernetes/manifests/kube-controller-manager.yaml"))
  remedy  = "chmod 0600 /etc/kubernetes/manifests/kube-controller-manager.yaml"
}

control "CIS-1.1.4" {
  title   = "The manifest of the controller manager is root's"
  section = "1.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242405", "STIG-V-242444"]
  applies = node.control_plane
  check   = owned_by("root:root", path("/etc/kubernetes/manifests/kube-controller-manager.yaml"))
  remedy  = "chown root:root /etc/kubernetes/manifests/kube-controller-manager.yaml"
}

control "CIS-1.1.5" {
  title   = "The manifest of the scheduler can be read and written by root alone"
  section = "1.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242408"]
  applies = node.control_plane
  check   = mode_within("0600", path("/etc/kubernetes/manifests/kube-scheduler.yaml"))
  remedy  = "chmod 0600 /etc/kubernetes/manifests/kube-scheduler.yaml"
}

control "CIS-1.1.6" {
  title   = "The manifest of the scheduler is root's"
  section = "1.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242405", "STIG-V-242444"]
  applies = node.control_plane
  check   = owned_by("root:root", path("/etc/kubernetes/manifests/kube-scheduler.yaml"))
  remedy  = "chown root:root /etc/kubernetes/manifests/kube-scheduler.yaml"
}

control "CIS-1.1.7" {
  title   = "The manifest of the etcd can be read and written by root alone"
  section = "1.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242408"]
  applies = node.control_plane
  check   = mode_within("0600", path("/etc/kubernetes/manifests/etcd.yaml"))
  remedy  = "chmod 0600 /etc/kubernetes/manifests/etcd.yaml"
}

control "CIS-1.1.8" {
  title   = "The manifest of the etcd is root's"
  section = "1.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242405", "STIG-V-242444"]
  applies = node.control_plane
  check   = owned_by("root:root", path("/etc/kubernetes/manifests/etcd.yaml"))
  remedy  = "chown root:root /etc/kubernetes/manifests/etcd.yaml"
}

control "CIS-1.1.9" {
  title   = "The files of the pod network can be read and written by root alone"
  section = "1.1"
  level   = 1
  applies = node.control_plane
  check   = all([for d in ["/etc/cni/net.d", "/var/lib/cni/networks"] : entries(d) == null || all([for e in entries(d) : mode_within("0600", e) if e.type == "file"])])
  remedy  = "chmod 0600 the files under /etc/cni/net.d and /var/lib/cni/networks; where a DaemonSet writes them again, by its own settings"
}

control "CIS-1.1.10" {
  title   = "The files of the pod network are root's"
  section = "1.1"
  level   = 1
  applies = node.control_plane
  check   = all([for d in ["/etc/cni/net.d", "/var/lib/cni/networks"] : entries(d) == null || all([for e in entries(d) : owned_by("root:root", e)])])
  remedy  = "chown -R root:root /etc/cni/net.d /var/lib/cni/networks"
}

control "CIS-1.1.11" {
  title   = "etcd's data can be entered by its owner alone"
  section = "1.1"
  level   = 1
  scored  = true
  applies = node.control_plane
  check   = mode_within("0700", path("/var/lib/etcd"))
  remedy  = "chmod 0700 /var/lib/etcd"
}

control "CIS-1.1.12" {
  title   = "etcd's data is the user's that etcd runs as"
  section = "1.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242445"]
  applies = node.control_plane
  check   = owned_by("etcd:etcd", path("/var/lib/etcd"))
  remedy  = "have etcd run as a user of its own, and chown -R etcd:etcd /var/lib/etcd"
}

control "CIS-1.1.13" {
  title   = "The kubeconfigs of administrators can be read and written by root alone"
  section = "1.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242460", "NSA-KC-1"]
  applies = node.control_plane
  check   = all([for p in ["/etc/kubernetes/admin.conf", "/etc/kubernetes/super-admin.conf"] : path(p) == null || mode_within("0600", path(p))])
  remedy  = "chmod 0600 /etc/kubernetes/admin.conf, and keep super-admin.conf off the node"
}

control "CIS-1.1.14" {
  title   = "The kubeconfigs of administrators are root's"
  section = "1.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242446", "NSA-KC-1"]
  applies = node.control_plane
  check   = all([for p in ["/etc/kubernetes/admin.conf", "/etc/kubernetes/super-admin.conf"] : path(p) == null || owned_by("root:root", path(p))])
  remedy  = "chown root:root /etc/kubernetes/admin.conf"
}

control "CIS-1.1.15" {
  title   = "The kubeconfig of the scheduler can be read and written by root alone"
  section = "1.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242460", "NSA-KC-1"]
  applies = node.control_plane
  check   = mode_within("0600", path("/etc/kubernetes/scheduler.conf"))
  remedy  = "chmod 0600 /etc/kubernetes/scheduler.conf"
}

control "CIS-1.1.16" {
  title   = "The kubeconfig of the scheduler is root's"
  section = "1.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242446", "NSA-KC-1"]
  applies = node.control_plane
  check   = owned_by("root:root", path("/etc/kubernetes/scheduler.conf"))
  remedy  = "chown root:root /etc/kubernetes/scheduler.conf"
}

control "CIS-1.1.17" {
  title   = "The kubeconfig of the controller manager can be read and written by root alone"
  section = "1.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242460", "NSA-KC-1"]
  applies = node.control_plane
  check   = mode_within("0600", path("/etc/kubernetes/controller-manager.conf"))
  remedy  = "chmod 0600 /etc/kubernetes/controller-manager.conf"
}

control "CIS-1.1.18" {
  title   = "The kubeconfig of the controller manager is root's"
  section = "1.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242446", "NSA-KC-1"]
  applies = node.control_plane
  check   = owned_by("root:root", path("/etc/kubernetes/controller-manager.conf"))
  remedy  = "chown root:root /etc/kubernetes/controller-manager.conf"
}

control "CIS-1.1.19" {
  title   = "Certificates and keys are root's"
  section = "1.1"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242451"]
  applies = node.control_plane
  check   = subset(owners("/etc/kubernetes/pki"), ["root:root"])
  remedy  = "chown -R root:root /etc/kubernetes/pki"
}

control "CIS-1.1.20" {
  title   = "Certificates can be written by root alone"
  section = "1.1"
  level   = 1
  refs    = ["STIG-V-242466"]
  applies = node.control_plane
  check   = entries("/etc/kubernetes/pki") != null && all([for e in entries("/etc/kubernetes/pki") : mode_within("0644", e) if ends_with(e.path, ".crt")])
  remedy  = "chmod 0644 the files *.crt under /etc/kubernetes/pki"
}

control "CIS-1.1.21" {
  title   = "Keys can be read and written by root alone"
  section = "1.1"
  level   = 1
  refs    = ["STIG-V-242467"]
  applies = node.control_plane
  check   = entries("/etc/kubernetes/pki") != null && all([for e in entries("/etc/kubernetes/pki") : mode_within("0600", e) if ends_with(e.path, ".key")])
  remedy  = "chmod 0600 the files *.key under /etc/kubernetes/pki"
}
