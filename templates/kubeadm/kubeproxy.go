package kubeadm

import (
	"errors"
	"fmt"
	"net"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	componentbasev1alpha1 "k8s.io/component-base/config/v1alpha1"
	kubeproxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"
	"k8s.io/utils/ptr"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

func kubeProxyConfiguration(c *cluster.Cluster) (*kubeproxyv1alpha1.KubeProxyConfiguration, error) {
	base := &kubeproxyv1alpha1.KubeProxyConfiguration{
		TypeMeta:    metav1.TypeMeta{APIVersion: kubeproxyv1alpha1.SchemeGroupVersion.String(), Kind: "KubeProxyConfiguration"},
		BindAddress: proxyBindAddress(c),
		// The path inside the container kubeadm's DaemonSet mounts.
		ClientConnection: componentbasev1alpha1.ClientConnectionConfiguration{Kubeconfig: "/var/lib/kube-proxy/kubeconfig.conf"},
		ClusterCIDR:      prefixes(c.Network.Pods),
		// Load balancers outside ask it whether a node serves; the firewall says who may.
		HealthzBindAddress: net.JoinHostPort(proxyBindAddress(c), "10256"),
	}
	if c.Policy.UnprivilegedKubeProxy {
		leaveKernelAlone(base)
	}
	var deviating []cluster.Config
	for _, d := range c.Deviations {
		deviating = append(deviating, d.KubeProxy)
	}
	out, err := overlay(base, cluster.CompKubeProxy, c.KubeProxy, deviating...)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, f := range out.dropped {
		// Unlike the kubelet's, this configuration has no patch to put it back with.
		name, _, _ := strings.Cut(strings.TrimPrefix(f.path, "/"), "/")
		errs = append(errs, cluster.Fault(cluster.CompKubeProxy+".config."+name, fmt.Errorf("%s cannot be set to its zero value, kubeadm drops it; leave it out", f.path)))
	}
	return out.typed, errors.Join(errs...)
}

// leaveKernelAlone keeps kube-proxy from setting what it may not when it is not
// privileged, and would end itself for (pkg/proxy/conntrack, setSysctls;
// pkg/proxy/iptables, NewProxier): how many connections the kernel remembers and how
// long, and that 127.0.0.1 is an address which NodePorts are reached at.
func leaveKernelAlone(base *kubeproxyv1alpha1.KubeProxyConfiguration) {
	base.Conntrack = kubeproxyv1alpha1.KubeProxyConntrackConfiguration{
		MaxPerCore: ptr.To[int32](0), Min: ptr.To[int32](0),
		TCPEstablishedTimeout: &metav1.Duration{}, TCPCloseWaitTimeout: &metav1.Duration{},
	}
	base.IPTables.LocalhostNodePorts = ptr.To(false)
}

// proxyBindAddress is every address of the family the nodes use, the value
// kubeadm would otherwise take from the first control plane's address.
func proxyBindAddress(c *cluster.Cluster) string {
	if cps := c.ControlPlanes(); len(cps) > 0 && cps[0].Address.Is6() {
		return "::"
	}
	return "0.0.0.0"
}
