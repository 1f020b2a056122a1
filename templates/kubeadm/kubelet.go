package kubeadm

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	"k8s.io/kubernetes/cmd/kubeadm/app/constants"
	"k8s.io/utils/ptr"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// kubeletConfiguration is one for all nodes: kubeadm keeps it in a ConfigMap
// and every node that joins reads it there. What differs between nodes, and
// what the typed form cannot say, is in [Patches].
//
// The kubelet asks the cluster's CA for its serving certificate, and keeps
// asking before it expires; that the hardened settings name the file it rotates
// is what lets CIS 4.2.9, CIS 4.2.11 and V-242424/5 hold together. It starts
// without the file.
func kubeletConfiguration(c *cluster.Cluster) (overlaid[kubeletv1beta1.KubeletConfiguration], error) {
	dns, err := clusterDNS(c)
	if err != nil {
		return overlaid[kubeletv1beta1.KubeletConfiguration]{}, err
	}
	base := &kubeletv1beta1.KubeletConfiguration{
		TypeMeta:                 metav1.TypeMeta{APIVersion: kubeletv1beta1.SchemeGroupVersion.String(), Kind: "KubeletConfiguration"},
		CgroupDriver:             "systemd",
		ClusterDNS:               []string{dns},
		ClusterDomain:            c.Network.DNSDomain,
		ContainerRuntimeEndpoint: CRISocket,
		HealthzPort:              ptr.To[int32](10248),
	}
	var deviating []cluster.Config
	for _, d := range c.Deviations {
		deviating = append(deviating, d.Kubelet)
	}
	return overlay(base, cluster.CompKubelet, c.Kubelet, deviating...)
}

// clusterDNS is the address kubeadm gives the DNS Service: the tenth of the
// first prefix of services.
func clusterDNS(c *cluster.Cluster) (string, error) {
	ip, err := constants.GetDNSIP(prefixes(c.Network.Services))
	if err != nil {
		return "", cluster.Fault("network.services", fmt.Errorf("it has no address for DNS: %w; write a larger range", err))
	}
	return ip.String(), nil
}
