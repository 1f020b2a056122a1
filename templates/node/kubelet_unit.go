package node

const (
	// KubeletUnitName is the unit kubeadm starts and stops; its name is not ours to choose.
	KubeletUnitName = "kubelet.service"
	// KubeletUnitPath is where [KubeletUnit] goes, on machines whose packages
	// brought none.
	KubeletUnitPath = UnitDir + "/" + KubeletUnitName
	// KubeletDropInDir holds what is added to the unit.
	KubeletDropInDir = UnitDir + "/" + KubeletUnitName + ".d"
	// KubeletDropInPath is where [KubeletDropIn] goes, likewise.
	KubeletDropInPath = KubeletDropInDir + "/10-kubeadm.conf"
	// KubeletPath is where packages put the kubelet, and where the unit expects it.
	KubeletPath = "/usr/bin/kubelet"
)

// KubeletUnit keeps a kubelet running once kubeadm has configured it. Before
// that it does not start, where the packages' unit starts and dies every ten
// seconds.
func KubeletUnit() []byte {
	return []byte(header + `[Unit]
Description=Kubernetes node agent
Documentation=https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/
Wants=network-online.target
After=network-online.target containerd.service
ConditionPathExists=/var/lib/kubelet/config.yaml
# A node must come back however often its kubelet has failed.
StartLimitIntervalSec=0

[Service]
ExecStart=` + KubeletPath + `
Restart=always
RestartSec=10

[Install]
WantedBy=multi-user.target
`)
}

// KubeletDropIn tells the kubelet what kubeadm wrote for it. The contract,
// file by file, is
// https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/kubelet-integration/.
// KUBELET_EXTRA_ARGS is left out on purpose: a file in /etc/default that can
// outweigh every hardened setting is one that nothing here looks at.
func KubeletDropIn() []byte {
	return []byte(header + `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
# kubeadm sets KUBELET_KUBEADM_ARGS here during init and join.
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=
ExecStart=` + KubeletPath + ` $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS
`)
}
