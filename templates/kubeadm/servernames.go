package kubeadm

import (
	"fmt"
	"net/netip"
	"slices"

	kubeadmapi "k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm"
	"k8s.io/kubernetes/cmd/kubeadm/app/util/pkiutil"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// ServerNames are the names and addresses that kubeadm would make the certificate of
// a control plane's API server for, sorted. Those of the machine itself are left out:
// nobody goes by them but who comes through a tunnel, and clusters that bulwark did not
// make do without.
func ServerNames(c *cluster.Cluster, n cluster.Node) ([]string, error) {
	versioned, err := clusterConfiguration(c)
	if err != nil {
		return nil, fmt.Errorf("node %s: %w", n.Name, err)
	}
	config := &kubeadmapi.InitConfiguration{
		NodeRegistration: kubeadmapi.NodeRegistrationOptions{Name: n.Name},
		LocalAPIEndpoint: kubeadmapi.APIEndpoint{AdvertiseAddress: n.Address.String(), BindPort: bindPort(c)},
	}
	if err := internalCluster(versioned, &config.ClusterConfiguration); err != nil {
		return nil, fmt.Errorf("node %s: %w", n.Name, err)
	}
	names, err := pkiutil.GetAPIServerAltNames(config)
	if err != nil {
		return nil, fmt.Errorf("node %s: names of the API server's certificate: %w", n.Name, err)
	}
	out := slices.DeleteFunc(names.DNSNames, func(name string) bool { return name == "localhost" })
	for _, ip := range names.IPs {
		if !ip.IsLoopback() {
			address, _ := netip.AddrFromSlice(ip)
			out = append(out, address.Unmap().String())
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
