//go:build planes

package e2e_test

// decentNamespace is a namespace that four standards find nothing in, and decentPod a pod
// there.
const decentNamespace = `---
apiVersion: v1
kind: Namespace
metadata: {name: team}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: team, namespace: team}
spec: {hard: {pods: "20"}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: team, namespace: team}
spec: {limits: [{type: PersistentVolumeClaim, max: {storage: 1Gi}}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: team, namespace: team}
automountServiceAccountToken: false
---
`

const decentPod = `apiVersion: v1
kind: Pod
metadata:
  name: decent
  namespace: team
  labels: {app: decent}
spec:
  serviceAccountName: team
  terminationGracePeriodSeconds: 0
  securityContext: {runAsNonRoot: true, runAsUser: 65534, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: main
    image: registry.k8s.io/pause:3.10.2
    imagePullPolicy: IfNotPresent
    resources: {limits: {cpu: 50m, memory: 32Mi}}
    securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
`

// The files that most violations are of.
const (
	scheduler = "/etc/kubernetes/manifests/kube-scheduler.yaml"
	manager   = "/etc/kubernetes/manifests/kube-controller-manager.yaml"
	etcd      = "/etc/kubernetes/manifests/etcd.yaml"
	apiserver = "/etc/kubernetes/manifests/kube-apiserver.yaml"
	documents = "/etc/kubernetes/bulwark/apiserver/"
	kubeletIs = "/var/lib/kubelet/config.yaml"
	noPod     = "k -n team delete pod e2e --now"
	allLists  = "nft -f /etc/bulwark/firewall.nft"
)

// labelled are the controls that a namespace fails by a label that lets everything in.
const labelled = "CIS-5.2.2 CIS-5.2.3 CIS-5.2.4 CIS-5.2.5 CIS-5.2.6 CIS-5.2.7 CIS-5.2.8 CIS-5.2.9 CIS-5.2.10 CIS-5.2.11 CIS-5.2.12 " +
	"NSA-PS-4a NSA-PS-4b NSA-PS-4c NSA-PS-4d PCI-3.1 PCI-12.3"

// violations are what is planted, one after the other.
func violations() []violation {
	return []violation{
		// Modes and owners of files.
		{name: "everybody can read the scheduler's kubeconfig", files: "/etc/kubernetes/scheduler.conf", plant: "chmod 0644 $f",
			fails: "CIS-1.1.15 NSA-KC-1"},
		{name: "everybody can write the controller manager's kubeconfig", files: "/etc/kubernetes/controller-manager.conf", plant: "chmod 0666 $f",
			fails: "CIS-1.1.17 STIG-V-242460 NSA-KC-1"},
		{name: "the administrator's kubeconfig is somebody's", files: "/etc/kubernetes/admin.conf", plant: "chown nobody $f",
			fails: "CIS-1.1.14 STIG-V-242446 NSA-KC-1"},
		{name: "there is a kubeconfig of the super administrator", plant: "install -m 0600 /dev/null /etc/kubernetes/super-admin.conf",
			undo: "rm /etc/kubernetes/super-admin.conf", fails: "CIS-5.1.7 PCI-2.2"},
		{name: "a group can read the API server's manifest", files: apiserver, plant: "chmod 0640 $f",
			fails: "CIS-1.1.1"},
		{name: "a manifest is somebody's, and everybody's to write", plant: "cd /etc/kubernetes/manifests; touch .e2e; chmod 0666 .e2e; chown nobody .e2e",
			undo: "rm /etc/kubernetes/manifests/.e2e", fails: "STIG-V-242405 STIG-V-242408 STIG-V-242444"},
		{name: "everybody can write the authority's certificate", plant: "chmod 0666 /etc/kubernetes/pki/ca.crt",
			undo: "chmod 0644 /etc/kubernetes/pki/ca.crt", fails: "CIS-1.1.20 CIS-4.1.7 STIG-V-242449 STIG-V-242466"},
		{name: "a group can read the key of service accounts", plant: "chmod 0640 /etc/kubernetes/pki/sa.key",
			undo: "chmod 0600 /etc/kubernetes/pki/sa.key", fails: "CIS-1.1.21 STIG-V-242467"},
		{name: "a file among the keys is somebody's", plant: "chown nobody /etc/kubernetes/pki/etcd/peer.crt",
			undo: "chown root /etc/kubernetes/pki/etcd/peer.crt", fails: "CIS-1.1.19 STIG-V-242451"},
		{name: "everybody can look into etcd's folder", plant: "chmod 0755 /var/lib/etcd", undo: "chmod 0700 /var/lib/etcd",
			fails: "CIS-1.1.11"},
		{name: "root left a file in etcd's folder", plant: "install -m 0666 /dev/null /var/lib/etcd/member/e2e", undo: "rm /var/lib/etcd/member/e2e",
			fails: "STIG-V-242445 STIG-V-242459"},
		{name: "everybody can read the pod network's configuration", plant: "chmod 0644 /etc/cni/net.d/10-bulwark.conflist",
			undo: "chmod 0600 /etc/cni/net.d/10-bulwark.conflist", fails: "CIS-1.1.9"},
		{name: "everybody can read a worker's kubeconfig", on: "w-1", plant: "chmod 0644 /etc/kubernetes/kubelet.conf",
			undo: "chmod 0600 /etc/kubernetes/kubelet.conf", fails: "CIS-4.1.5 NSA-KC-1"},
		{name: "everybody can write the kubelet's configuration", on: "w-1", files: kubeletIs, plant: "chmod 0666 $f",
			fails: "CIS-4.1.9 STIG-V-242407 STIG-V-242456"},
		{name: "a group can write the kubelet's unit", on: "w-1", plant: "chmod 0664 /etc/systemd/system/kubelet.service.d/10-kubeadm.conf",
			undo: "chmod 0600 /etc/systemd/system/kubelet.service.d/10-kubeadm.conf", fails: "CIS-4.1.1 STIG-V-242455"},

		// Arguments of what runs.
		{name: "the scheduler listens everywhere", files: scheduler, plant: "edit s/bind-address=127.0.0.1/bind-address=0.0.0.0/",
			fails: "CIS-1.4.2 STIG-V-242384"},
		{name: "the scheduler takes any TLS", files: scheduler, plant: "edit /tls-min-version/d",
			fails: "STIG-V-242377 NSA-CP-1"},
		{name: "the controller manager uses its own rights", files: manager, plant: "edit s/account-credentials=true/account-credentials=false/",
			fails: "CIS-1.3.3 STIG-V-242381"},
		{name: "the controller manager keeps dead pods, and can be profiled", files: manager, plant: "edit '/gc-threshold/d;s/profiling=false/profiling=true/'",
			fails: "CIS-1.3.1 CIS-1.3.2 STIG-V-242409"},

		// Files that the API server reads again by itself.
		{name: "a path is open without credentials", files: documents + "authentication.yaml", plant: `edit '/^  conditions:/a\  - path: /version'`,
			fails: "CIS-1.2.1 CIS-2.1.0-1.2.1 STIG-V-242390 NSA-AA-1 PCI-1.1"},
		{name: "new Secrets lie in the clear", files: documents + "encryption.yaml", plant: `edit '/identity/d;s/^- providers:/&\n  - identity: {}/'`,
			fails: "CIS-1.2.28 STIG-V-274882 NSA-APP-H NSA-APP-I NSA-SE-1 PCI-6.1"},

		// The kubelet's configuration, its unit, and kube-proxy's.
		{name: "the kubelet answers anybody", on: "w-1", files: kubeletIs, plant: "edit '/^  anonymous:/{n;s/false/true/}'; kubelet", undo: "kubelet",
			fails: "CIS-4.2.1 STIG-V-242391 NSA-AA-2 PCI-1.1"},
		{name: "the kubelet has a port to read", on: "w-1", files: kubeletIs, plant: "edit 's/^readOnlyPort: 0/readOnlyPort: 10255/'; kubelet", undo: "kubelet",
			fails: "CIS-4.2.4 STIG-V-242387 PCI-1.1 PCI-4.3"},
		{name: "pods have as many processes as they like", on: "w-1", files: kubeletIs, plant: "edit 's/^podPidsLimit: .*/podPidsLimit: -1/'; kubelet", undo: "kubelet",
			fails: "CIS-4.2.13 NSA-NS-6 PCI-11.1"},
		{name: "containers run without a seccomp profile", on: "w-1", files: kubeletIs, plant: "edit 's/^seccompDefault: .*/seccompDefault: false/'; kubelet", undo: "kubelet",
			fails: "CIS-4.2.14 NSA-PS-4e"},
		{name: "the kubelet lets everybody do everything", on: "w-1", files: kubeletIs, plant: "edit 's/^  mode: Webhook/  mode: AlwaysAllow/'; kubelet", undo: "kubelet",
			fails: "CIS-4.2.2 STIG-V-242392"},
		{name: "a worker runs manifests of its own", on: "w-1", files: kubeletIs, plant: "edit '$astaticPodPath: /etc/kubernetes/manifests'; kubelet", undo: "kubelet",
			fails: "STIG-V-242397"},
		{name: "another drop-in gives the kubelet another name", on: "w-1",
			plant: `(cat /etc/systemd/system/kubelet.service.d/10-kubeadm.conf; echo 'ExecStart='; echo 'ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS --hostname-override=w-1') >/etc/systemd/system/kubelet.service.d/20-e2e.conf; kubelet`,
			undo:  "rm /etc/systemd/system/kubelet.service.d/20-e2e.conf; kubelet", fails: "CIS-4.2.7 STIG-V-242404"},
		{name: "kube-proxy shows its metrics to all",
			plant: "k -n kube-system get cm kube-proxy -o yaml >$kept/proxy.yaml; sed 's/metricsBindAddress: .*/metricsBindAddress: 0.0.0.0:10249/' $kept/proxy.yaml | k replace -f -",
			undo:  "sed '/resourceVersion/d' $kept/proxy.yaml | k replace -f -", fails: "CIS-4.3.1@cp-1 CIS-4.3.1@w-1"},

		// The firewall.
		{name: "etcd's port is open", plant: "nft insert rule inet bulwark input tcp dport 2379 accept", undo: allLists,
			fails: "NSA-CP-6 NSA-ET-1 PCI-4.2"},
		{name: "the API server's port is open to all", plant: "nft insert rule inet bulwark input tcp dport 6443 accept", undo: allLists,
			fails: "NSA-CP-3 NSA-CP-6 PCI-4.2"},
		{name: "the kubelet's port is open to a stranger", on: "w-1", plant: "nft insert rule inet bulwark input ip saddr 198.51.100.7 tcp dport 10250 accept", undo: allLists,
			fails: "NSA-WN-1 PCI-4.2"},
		{name: "a worker has no firewall", on: "w-1", plant: "nft delete table inet bulwark", undo: allLists,
			fails: "NSA-WN-1 PCI-4.2"},

		{name: "a rule lets everything in", plant: "nft insert rule inet bulwark input accept", undo: allLists,
			fails: "NSA-CP-3 NSA-CP-6 NSA-ET-1 PCI-4.2"},

		// Rights.
		{name: "somebody reads all Secrets", plant: "grant get secrets", undo: "revoke", fails: "CIS-5.1.2"},
		{name: "somebody makes pods everywhere", plant: "grant create pods", undo: "revoke", fails: "CIS-5.1.4"},
		{name: "somebody can be anybody", plant: "grant impersonate users", undo: "revoke", fails: "CIS-5.1.8"},
		{name: "somebody reaches kubelets by the API server", plant: "grant get nodes/proxy", undo: "revoke", fails: "CIS-5.1.10"},
		{name: "somebody approves certificates", plant: "grant update certificatesigningrequests.certificates.k8s.io/approval", undo: "revoke", fails: "CIS-5.1.11"},
		{name: "somebody makes tokens", plant: "grant create serviceaccounts/token", undo: "revoke", fails: "CIS-5.1.13"},
		{name: "somebody may do everything", plant: "grant '*' '*.*'", undo: "revoke",
			fails: "CIS-5.1.2 CIS-5.1.3 CIS-5.1.4 CIS-5.1.8 CIS-5.1.9 CIS-5.1.10 CIS-5.1.11 CIS-5.1.12 CIS-5.1.13 NSA-APP-J"},
		{name: "a group without limits is bound", plant: "k create clusterrolebinding e2e --clusterrole=view --group=system:masters",
			undo: "k delete clusterrolebinding e2e", fails: "PCI-2.2"},
		{name: "a default service account has rights", plant: "k -n team create rolebinding e2e --clusterrole=view --serviceaccount=team:default",
			undo: "k -n team delete rolebinding e2e", fails: "CIS-5.1.5"},
		{name: "a default service account gives out tokens", plant: `k -n team patch sa default -p '{"automountServiceAccountToken": true}'`,
			undo: `k -n team patch sa default -p '{"automountServiceAccountToken": false}'`, fails: "CIS-5.1.5 NSA-PS-5 PCI-1.5"},

		// What runs in it.
		{name: "a pod has a Secret in its environment", plant: "pod 's/^    image:.*/&\\n    env: [{name: WORD, valueFrom: {secretKeyRef: {name: e2e, key: word}}}]/'", undo: noPod,
			fails: "CIS-5.4.1 STIG-V-242415"},
		{name: "a pod has no limits", plant: "pod /resources:/d", undo: noPod, fails: "NSA-APP-F PCI-11.1@cp-1 PCI-11.1@w-1"},
		{name: "a pod writes to its own files", plant: "pod 's/readOnlyRootFilesystem: true, //'", undo: noPod, fails: "NSA-APP-B NSA-PS-2"},
		{name: "the dashboard runs", plant: "pod 's/app: decent/k8s-app: kubernetes-dashboard/'", undo: noPod, fails: "STIG-V-242395"},
		{name: "an old image is used too", plant: "pod 's/pause:3.10.2/pause:3.9/'", undo: noPod, fails: "STIG-V-242442"},
		{name: "a namespace has no quota", plant: "k -n team get quota team -o yaml >$kept/quota.yaml; k -n team delete quota team", undo: "k create -f $kept/quota.yaml",
			fails: "NSA-APP-G NSA-NS-5"},
		{name: "a namespace has no limits", plant: "k -n team get limits team -o yaml >$kept/limits.yaml; k -n team delete limits team", undo: "k create -f $kept/limits.yaml",
			fails: "NSA-NS-4"},
		{name: "a namespace lets everything in", plant: "k label ns team pod-security.kubernetes.io/enforce=privileged", undo: "k label ns team pod-security.kubernetes.io/enforce-",
			fails: labelled},
		{name: "a namespace lets everything in, and it is there", undo: noPod + "; k label ns team pod-security.kubernetes.io/enforce-",
			plant: "k label ns team pod-security.kubernetes.io/enforce=privileged\npod 's/^  serviceAccountName:.*/&\\n  hostNetwork: true\\n  hostPID: true/;s/allowPrivilegeEscalation: false/privileged: true/;s/runAsNonRoot: true, runAsUser: 65534, //'",
			fails: labelled + " CIS-5.6.3"},
		{name: "kube-proxy has all rights again", plant: "pod 's/namespace: team/namespace: kube-system/;s/Name: team/Name: kube-proxy/;s/allowPrivilegeEscalation: false/privileged: true/'",
			undo: "k -n kube-system delete pod e2e --now", fails: "CIS-5.2.2"},
		{name: "somebody may join", undo: "k -n kube-system delete secret bootstrap-token-e2ee2e",
			plant: "k -n kube-system create secret generic bootstrap-token-e2ee2e --type=bootstrap.kubernetes.io/token --from-literal=token-id=e2ee2e --from-literal=token-secret=e2ee2ee2ee2ee2e2 --from-literal=usage-bootstrap-authentication=true",
			fails: "CIS-3.1.3"},
		{name: "something lies in default", plant: "k -n default create configmap e2e", undo: "k -n default delete configmap e2e",
			fails: "CIS-5.6.4 STIG-V-242383 NSA-APP-D"},
		{name: "a control plane takes any pod", plant: "k taint node cp-1 node-role.kubernetes.io/control-plane-",
			undo: "k taint node cp-1 node-role.kubernetes.io/control-plane:NoSchedule", fails: "PCI-16.2"},

		// What starts the API server again comes last: it takes the longest.
		{name: "the audit log is short", files: apiserver, plant: "edit s/maxage=1825/maxage=7/",
			fails: "CIS-1.2.17 STIG-V-242464 NSA-AL-3 NSA-APP-M"},
		{name: "plugins of admission are off", files: apiserver, plant: "edit s/plugins=NodeRestriction,.*/plugins=NodeRestriction/",
			fails: "CIS-1.2.3 CIS-1.2.9 STIG-V-242436"},
		{name: "etcd answers who has no certificate", files: etcd, plant: "edit s/--client-cert-auth=true/--client-cert-auth=false/",
			fails: "CIS-2.2 STIG-V-242423 NSA-ET-2 PCI-1.1"},
		{name: "pods need not say how they are confined", files: documents + "admission.yaml " + apiserver, plant: "edit 's/ enforce: .*/ enforce: baseline/'; again",
			fails: "CIS-5.2.6 CIS-5.2.7 CIS-5.2.8 CIS-5.2.9 NSA-APP-C NSA-PS-1 NSA-PS-4d PCI-12.3"},
		{name: "a user's pods are not looked at", files: documents + "admission.yaml " + apiserver, plant: "edit 's/ usernames: .*/ usernames: [e2e]/'; again",
			fails: "CIS-5.2.1 STIG-V-254800 NSA-APP-C NSA-PS-1 PCI-3.1 PCI-12.3"},
		{name: "reads of Secrets are not recorded", files: documents + "audit-policy.yaml " + apiserver,
			plant: `edit '/^rules:/a- {level: None, verbs: [get], resources: [{resources: [secrets]}]}'; again`,
			fails: "CIS-3.2.2 NSA-AL-4 NSA-APP-L"},
	}
}
