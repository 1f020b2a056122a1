control "STIG-V-242405" {
  title   = "The manifests of the control plane are root's"
  cat     = 2
  rule    = "CNTR-K8-000860"
  refs    = ["CIS-1.1.2", "CIS-1.1.4", "CIS-1.1.6", "CIS-1.1.8"]
  applies = node.control_plane
  check   = entries("/etc/kubernetes/manifests") != null && all([for e in entries("/etc/kubernetes/manifests") : owned_by("root:root", e)])
  remedy  = "chown root:root /etc/kubernetes/manifests/*"
}

control "STIG-V-242406" {
  title  = "The kubelet's configuration is root's"
  cat    = 2
  rule   = "CNTR-K8-000880"
  refs   = ["CIS-4.1.10"]
  check  = owned_by("root:root", path("/var/lib/kubelet/config.yaml"))
  remedy = "chown root:root /var/lib/kubelet/config.yaml"
}

control "STIG-V-242407" {
  title  = "The kubelet's configuration can be written by root alone"
  cat    = 2
  rule   = "CNTR-K8-000890"
  refs   = ["CIS-4.1.9"]
  check  = mode_within("0644", path("/var/lib/kubelet/config.yaml"))
  remedy = "chmod 0644 /var/lib/kubelet/config.yaml, or 0600"
}

control "STIG-V-242408" {
  title   = "The manifests of the control plane can be written by root alone"
  cat     = 2
  rule    = "CNTR-K8-000900"
  refs    = ["CIS-1.1.1", "CIS-1.1.3", "CIS-1.1.5", "CIS-1.1.7"]
  applies = node.control_plane
  check   = entries("/etc/kubernetes/manifests") != null && all([for e in entries("/etc/kubernetes/manifests") : mode_within("0644", e) if e.type == "file"])
  remedy  = "chmod 0644 /etc/kubernetes/manifests/*, or 0600"
}

control "STIG-V-242444" {
  title   = "The manifests of the control plane's components are root's"
  cat     = 2
  rule    = "CNTR-K8-003110"
  refs    = ["CIS-1.1.2", "CIS-1.1.4", "CIS-1.1.6", "CIS-1.1.8"]
  applies = node.control_plane
  check   = entries("/etc/kubernetes/manifests") != null && all([for e in entries("/etc/kubernetes/manifests") : owned_by("root:root", e)])
  remedy  = "chown root:root /etc/kubernetes/manifests/*"
}

control "STIG-V-242445" {
  title   = "What lies in etcd's data is the user's that etcd runs as"
  cat     = 2
  rule    = "CNTR-K8-003120"
  refs    = ["CIS-1.1.12"]
  applies = node.control_plane
  check   = entries("/var/lib/etcd") != null && entries("/var/lib/etcd/member") != null && all([for e in entries("/var/lib/etcd") : owned_by("etcd:etcd", e)]) && all([for e in entries("/var/lib/etcd/member") : owned_by("etcd:etcd", e)])
  remedy  = "have etcd run as a user of its own, and chown -R etcd:etcd /var/lib/etcd"
}

control "STIG-V-242446" {
  title   = "The kubeconfigs of administrators, scheduler and controller manager are root's"
  cat     = 2
  rule    = "CNTR-K8-003130"
  refs    = ["CIS-1.1.14", "CIS-1.1.16", "CIS-1.1.18"]
  applies = node.control_plane
  check   = (path("/etc/kubernetes/admin.conf") == null || owned_by("root:root", path("/etc/kubernetes/admin.conf"))) && owned_by("root:root", path("/etc/kubernetes/scheduler.conf")) && owned_by("root:root", path("/etc/kubernetes/controller-manager.conf"))
  remedy  = "chown root:root /etc/kubernetes/*.conf"
}

control "STIG-V-242447" {
  title   = "kube-proxy's kubeconfig can be written by root alone, where the node has one"
  cat     = 2
  rule    = "CNTR-K8-003140"
  refs    = ["CIS-4.1.3"]
  applies = path("/var/lib/kube-proxy/kubeconfig.conf") != null
  check   = mode_within("0644", path("/var/lib/kube-proxy/kubeconfig.conf"))
  remedy  = "chmod 0644 /var/lib/kube-proxy/kubeconfig.conf, or 0600"
}

control "STIG-V-242448" {
  title   = "kube-proxy's kubeconfig is root's, where the node has one"
  cat     = 2
  rule    = "CNTR-K8-003150"
  refs    = ["CIS-4.1.4"]
  applies = path("/var/lib/kube-proxy/kubeconfig.conf") != null
  check   = owned_by("root:root", path("/var/lib/kube-proxy/kubeconfig.conf"))
  remedy  = "chown root:root /var/lib/kube-proxy/kubeconfig.conf"
}

control "STIG-V-242449" {
  title  = "The authority that kubelets know clients by can be written by root alone"
  cat    = 2
  rule   = "CNTR-K8-003160"
  refs   = ["CIS-4.1.7"]
  check  = mode_within("0644", path("/etc/kubernetes/pki/ca.crt"))
  remedy = "chmod 0644 /etc/kubernetes/pki/ca.crt"
}

control "STIG-V-242450" {
  title  = "The authority that kubelets know clients by is root's"
  cat    = 2
  rule   = "CNTR-K8-003170"
  refs   = ["CIS-4.1.8"]
  check  = owned_by("root:root", path("/etc/kubernetes/pki/ca.crt"))
  remedy = "chown root:root /etc/kubernetes/pki/ca.crt"
}

control "STIG-V-242451" {
  title   = "Certificates and keys are root's"
  cat     = 2
  rule    = "CNTR-K8-003180"
  refs    = ["CIS-1.1.19"]
  applies = node.control_plane
  check   = subset(owners("/etc/kubernetes/pki"), ["root:root"])
  remedy  = "chown -R root:root /etc/kubernetes/pki"
}

control "STIG-V-242452" {
  title  = "The kubelet's kubeconfig can be written by root alone"
  cat    = 2
  rule   = "CNTR-K8-003190"
  refs   = ["CIS-4.1.5", "NSA-KC-1"]
  check  = mode_within("0644", path("/etc/kubernetes/kubelet.conf"))
  remedy = "chmod 0644 /etc/kubernetes/kubelet.conf, or 0600"
}

control "STIG-V-242453" {
  title  = "The kubelet's kubeconfig is root's"
  cat    = 2
  rule   = "CNTR-K8-003200"
  refs   = ["CIS-4.1.6", "NSA-KC-1"]
  check  = owned_by("root:root", path("/etc/kubernetes/kubelet.conf"))
  remedy = "chown root:root /etc/kubernetes/kubelet.conf"
}

control "STIG-V-242454" {
  title  = "kubeadm's drop-in of the kubelet's unit is root's"
  cat    = 2
  rule   = "CNTR-K8-003210"
  refs   = ["CIS-4.1.2"]
  check  = any([for p in ["/etc/systemd/system/kubelet.service", "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf", "/usr/lib/systemd/system/kubelet.service", "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"] : path(p) != null]) && all([for p in ["/etc/systemd/system/kubelet.service.d/10-kubeadm.conf", "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"] : path(p) == null || owned_by("root:root", path(p))])
  remedy = "chown root:root 10-kubeadm.conf"
}

control "STIG-V-242455" {
  title  = "kubeadm's drop-in of the kubelet's unit can be written by root alone"
  cat    = 2
  rule   = "CNTR-K8-003220"
  refs   = ["CIS-4.1.1"]
  check  = any([for p in ["/etc/systemd/system/kubelet.service", "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf", "/usr/lib/systemd/system/kubelet.service", "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"] : path(p) != null]) && all([for p in ["/etc/systemd/system/kubelet.service.d/10-kubeadm.conf", "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"] : path(p) == null || mode_within("0644", path(p))])
  remedy = "chmod 0644 10-kubeadm.conf, or 0600"
}

control "STIG-V-242456" {
  title  = "The kubelet's configuration can be changed by root alone"
  cat    = 2
  rule   = "CNTR-K8-003230"
  refs   = ["CIS-4.1.9"]
  check  = mode_within("0644", path("/var/lib/kubelet/config.yaml"))
  remedy = "chmod 0644 /var/lib/kubelet/config.yaml, or 0600"
}

control "STIG-V-242457" {
  title  = "The kubelet's configuration belongs to root"
  cat    = 2
  rule   = "CNTR-K8-003240"
  refs   = ["CIS-4.1.10"]
  check  = owned_by("root:root", path("/var/lib/kubelet/config.yaml"))
  remedy = "chown root:root /var/lib/kubelet/config.yaml"
}

control "STIG-V-242459" {
  title   = "The files of etcd's data can be written by their owner alone"
  cat     = 2
  rule    = "CNTR-K8-003260"
  refs    = ["CIS-1.1.11"]
  applies = node.control_plane
  check   = entries("/var/lib/etcd") != null && entries("/var/lib/etcd/member") != null && all([for e in entries("/var/lib/etcd") : mode_within("0644", e) if e.type == "file"]) && all([for e in entries("/var/lib/etcd/member") : mode_within("0644", e) if e.type == "file"])
  remedy  = "find /var/lib/etcd -type f -exec chmod 0600 {} +; a folder that is 0644 can be entered by nobody but root, so never chmod -R"
}

control "STIG-V-242460" {
  title   = "The kubeconfigs of administrators, scheduler and controller manager can be written by root alone"
  cat     = 2
  rule    = "CNTR-K8-003270"
  refs    = ["CIS-1.1.13", "CIS-1.1.15", "CIS-1.1.17", "NSA-KC-1"]
  applies = node.control_plane
  check   = (path("/etc/kubernetes/admin.conf") == null || mode_within("0644", path("/etc/kubernetes/admin.conf"))) && mode_within("0644", path("/etc/kubernetes/scheduler.conf")) && mode_within("0644", path("/etc/kubernetes/controller-manager.conf"))
  remedy  = "chmod 0644 /etc/kubernetes/*.conf, or 0600"
}

control "STIG-V-242466" {
  title   = "Certificates can be written by root alone"
  cat     = 2
  rule    = "CNTR-K8-003330"
  refs    = ["CIS-1.1.20"]
  applies = node.control_plane
  check   = entries("/etc/kubernetes/pki") != null && all([for e in entries("/etc/kubernetes/pki") : mode_within("0644", e) if ends_with(e.path, ".crt")])
  remedy  = "find /etc/kubernetes/pki -name '*.crt' -exec chmod 0644 {} +"
}

control "STIG-V-242467" {
  title   = "Keys can be read and written by root alone"
  cat     = 2
  rule    = "CNTR-K8-003340"
  refs    = ["CIS-1.1.21"]
  applies = node.control_plane
  check   = entries("/etc/kubernetes/pki") != null && all([for e in entries("/etc/kubernetes/pki") : mode_within("0600", e) if ends_with(e.path, ".key")])
  remedy  = "find /etc/kubernetes/pki -name '*.key' -exec chmod 0600 {} +"
}
