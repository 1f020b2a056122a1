package kubeadm

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm/v1beta4"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

func clusterConfiguration(c *cluster.Cluster) (*v1beta4.ClusterConfiguration, error) {
	apiServer, err := apiServerArgs(c)
	controllerManager, err2 := args(cluster.CompControllerManager, nil, c.ControllerManager)
	scheduler, err3 := args(cluster.CompScheduler, nil, c.Scheduler)
	etcd, err4 := args(cluster.CompEtcd, nil, c.Etcd)
	if err := errors.Join(refuseSiteLocal(c), err, err2, err3, err4); err != nil {
		return nil, err
	}
	return &v1beta4.ClusterConfiguration{
		TypeMeta: metav1.TypeMeta{APIVersion: v1beta4.SchemeGroupVersion.String(), Kind: "ClusterConfiguration"},
		// ClusterName is in the contexts of the kubeconfigs kubeadm writes.
		ClusterName:          c.Name,
		KubernetesVersion:    c.Kubernetes.String(),
		ControlPlaneEndpoint: net.JoinHostPort(c.Endpoint.Host, strconv.Itoa(int(c.Endpoint.Port))),
		CertificatesDir:      PKIDir,
		ImageRepository:      imageRepository(c),
		// As strong as RSA-3072, and keys are made in milliseconds on the smallest machine.
		EncryptionAlgorithm: v1beta4.EncryptionAlgorithmECDSAP256,
		Networking: v1beta4.Networking{
			PodSubnet:     prefixes(c.Network.Pods),
			ServiceSubnet: prefixes(c.Network.Services),
			DNSDomain:     c.Network.DNSDomain,
		},
		Etcd: v1beta4.Etcd{Local: &v1beta4.LocalEtcd{DataDir: EtcdDataDir, ExtraArgs: etcd}},
		APIServer: v1beta4.APIServer{
			CertSANs:              certSANs(c),
			ControlPlaneComponent: v1beta4.ControlPlaneComponent{ExtraArgs: apiServer, ExtraVolumes: apiServerVolumes()},
		},
		ControllerManager: v1beta4.ControlPlaneComponent{ExtraArgs: controllerManager},
		Scheduler:         v1beta4.ControlPlaneComponent{ExtraArgs: scheduler},
	}, nil
}

// imageRepository is said even where it is kubeadm's default, so that the
// rendered file shows it.
func imageRepository(c *cluster.Cluster) string {
	if c.ImageRepository == "" {
		return v1beta4.DefaultImageRepository
	}
	return c.ImageRepository
}

// certSANs are the names that every API server answers to: the endpoint's, and
// the loopback names for a connection through a tunnel to the machine itself.
// kubeadm adds a machine's own name and address. Other control planes' are not
// there: one that comes or goes must change nothing on those that stay.
func certSANs(c *cluster.Cluster) []string {
	out := []string{c.Endpoint.Host, "localhost", "127.0.0.1"}
	if c.Endpoint.VIP.IsValid() {
		out = append(out, c.Endpoint.VIP.String())
	}
	if slices.ContainsFunc(c.ControlPlanes(), func(n cluster.Node) bool { return n.Address.Is6() }) {
		out = append(out, "::1")
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// prefixes writes one prefix of each family as kubeadm reads them.
func prefixes(ps []netip.Prefix) string {
	var out []string
	for _, p := range ps {
		out = append(out, p.String())
	}
	return strings.Join(out, ",")
}

// refuseSiteLocal refuses what kubeadm only logs a warning about: fec0::/10,
// which no standard has had since RFC 3879 (2004).
func refuseSiteLocal(c *cluster.Cluster) error {
	siteLocal := netip.MustParsePrefix("fec0::/10")
	var errs []error
	for path, prefixes := range map[string][]netip.Prefix{"network.pods": c.Network.Pods, "network.services": c.Network.Services} {
		for _, p := range prefixes {
			if p.Overlaps(siteLocal) {
				errs = append(errs, cluster.Fault(path, fmt.Errorf("%s overlaps fec0::/10, site-local addresses were withdrawn by RFC 3879; use a prefix of fd00::/8", p)))
			}
		}
	}
	return errors.Join(errs...)
}
