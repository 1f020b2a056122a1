package kubeadm

// Where things lie on a node. Each directory holds one kind of thing, since
// each has its own reader: the API server's container sees [APIServerDir] and
// nothing beside it, kubeadm reads every file in [PatchesDir], and etcd's
// account owns [EtcdPKIDir].
const (
	// Dir holds everything bulwark gives kubeadm; root, 0700.
	Dir = "/etc/kubernetes/bulwark"

	// ConfigFile is what [Init] or [Join] renders, and the argument of
	// kubeadm's --config.
	ConfigFile = Dir + "/kubeadm.yaml"
	// DiscoveryFile is the kubeconfig a joining node finds and trusts the
	// cluster by. It carries a token, so it exists only while a node joins.
	DiscoveryFile = Dir + "/discovery.conf"

	// JoinFile is what [Join] renders on a control plane, whose ConfigFile says how
	// it would be the first one. It is needed, and exists, only while it joins.
	JoinFile = Dir + "/join.yaml"

	// PatchesDir holds [Patches].
	PatchesDir = Dir + "/patches"

	// APIServerDir is mounted read-only into the API server: policies, and the
	// encryption key.
	APIServerDir           = Dir + "/apiserver"
	AuthenticationFile     = APIServerDir + "/authentication.yaml"
	AuditPolicyFile        = APIServerDir + "/audit-policy.yaml"
	AdmissionFile          = APIServerDir + "/admission.yaml"
	EncryptionProviderFile = APIServerDir + "/encryption.yaml"

	// AuditDir is mounted read-write into the API server.
	AuditDir = "/var/log/kubernetes/audit"
	AuditLog = AuditDir + "/audit.log"

	// EtcdPKIDir holds etcd's own copies of its certificates, owned by
	// [state.EtcdUID], 0700. It lies outside of [PKIDir], all of which CIS
	// 1.1.19 and V-242451 want to be root's.
	EtcdPKIDir = Dir + "/etcd"
	// EtcdDataDir is etcd's data, owned by [state.EtcdUID], 0700.
	EtcdDataDir = "/var/lib/etcd"

	// PKIDir is kubeadm's certificate directory.
	PKIDir = "/etc/kubernetes/pki"
	// ManifestsDir is where control planes keep their static pods; a worker's
	// kubelet reads none.
	ManifestsDir = "/etc/kubernetes/manifests"

	// KubeletServingFile is the certificate and key that the kubelet serves and
	// rotates; it makes the file itself once its request is approved.
	KubeletServingFile = "/var/lib/kubelet/pki/kubelet-server-current.pem"

	// CRISocket is containerd's, as kubeadm and the kubelet write it.
	CRISocket = "unix:///run/containerd/containerd.sock"
)

// Copy is a file that exists twice on a node.
type Copy struct{ From, To string }

// EtcdCopies are the certificates etcd reads, from kubeadm's own to the copies
// under etcd's account. The CA's key is not among them, etcd never signs; nor
// is apiserver-etcd-client, which is the API server's and stays root's.
// `kubeadm certs renew` and upgrades write only the originals, so the copies
// have to follow, and etcd has to start again.
func EtcdCopies() []Copy {
	var out []Copy
	for _, name := range []string{
		"ca.crt",
		"server.crt", "server.key",
		"peer.crt", "peer.key",
	} {
		out = append(out, Copy{From: PKIDir + "/etcd/" + name, To: EtcdPKIDir + "/" + name})
	}
	return out
}
