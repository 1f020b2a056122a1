package kubeadm

import (
	"net/netip"
	"net/url"

	kubeadmapi "k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm"
	kubeadmutil "k8s.io/kubernetes/cmd/kubeadm/app/util"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// etcdArguments are kubeadm's (phases/etcd.getEtcdCommand), held here as data:
// that package brings an etcd client and gRPC with it. A test reads kubeadm's
// source and fails when the two part.
//
// What a later member is told of the cluster it enters depends on who was
// there then, so it is a reference.
func etcdArguments(c *cluster.Cluster, n cluster.Node, cc *kubeadmapi.ClusterConfiguration) []string {
	localhost := "127.0.0.1"
	if n.Address.Is6() {
		localhost = "::1"
	}
	client, peer := etcdURL("https", n.Address.String(), etcdClientPort), etcdURL("https", n.Address.String(), etcdPeerPort)
	base := map[string]string{
		"name":                           n.Name,
		"listen-client-urls":             etcdURL("https", localhost, etcdClientPort) + "," + client,
		"advertise-client-urls":          client,
		"listen-peer-urls":               peer,
		"initial-advertise-peer-urls":    peer,
		"data-dir":                       EtcdDataDir,
		"cert-file":                      PKIDir + "/etcd/server.crt",
		"key-file":                       PKIDir + "/etcd/server.key",
		"trusted-ca-file":                PKIDir + "/etcd/ca.crt",
		"client-cert-auth":               "true",
		"peer-cert-file":                 PKIDir + "/etcd/peer.crt",
		"peer-key-file":                  PKIDir + "/etcd/peer.key",
		"peer-trusted-ca-file":           PKIDir + "/etcd/ca.crt",
		"peer-client-cert-auth":          "true",
		"snapshot-count":                 "10000",
		"listen-metrics-urls":            etcdURL("http", localhost, etcdMetricsPort),
		"feature-gates":                  "InitialCorruptCheck=true",
		"watch-progress-notify-interval": "5s",
		"initial-cluster":                n.Name + "=" + peer,
	}
	if first := c.ControlPlanes(); len(first) > 0 && first[0].Name != n.Name {
		base["initial-cluster"] = state.Ref(InitialClusterRef(n.Name))
		base["initial-cluster-state"] = "existing"
	}
	var list []kubeadmapi.Arg
	for name, value := range base {
		list = append(list, kubeadmapi.Arg{Name: name, Value: value}) // sorted below
	}
	return kubeadmutil.ArgumentsToCommand(list, cc.Etcd.Local.ExtraArgs)
}

// InitialClusterRef names the value of etcd's --initial-cluster on a control
// plane that joined: adopted from its manifest, never made up.
func InitialClusterRef(node string) string { return "etcd-initial-cluster/" + node }

// Ports of etcd as kubeadm sets them (app/constants).
const (
	etcdClientPort  = 2379
	etcdPeerPort    = 2380
	etcdMetricsPort = 2381
)

func etcdURL(scheme, host string, port uint16) string {
	u := url.URL{Scheme: scheme, Host: netip.AddrPortFrom(netip.MustParseAddr(host), port).String()}
	return u.String()
}
