package kubeadm

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	"k8s.io/kubernetes/cmd/kubeadm/app/constants"
	"k8s.io/utils/ptr"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// kubeletConfiguration is one for all nodes: kubeadm keeps it in a ConfigMap
// and every node that joins reads it there. What differs between nodes, and
// what the typed form cannot say, is in [Patches].
func kubeletConfiguration(c *cluster.Cluster) (overlaid[kubeletv1beta1.KubeletConfiguration], error) {
	dns, err := clusterDNS(c)
	if err != nil {
		return overlaid[kubeletv1beta1.KubeletConfiguration]{}, err
	}
	base := &kubeletv1beta1.KubeletConfiguration{
		TypeMeta: metav1.TypeMeta{APIVersion: kubeletv1beta1.SchemeGroupVersion.String(), Kind: "KubeletConfiguration"},
		Authentication: kubeletv1beta1.KubeletAuthentication{
			Anonymous: kubeletv1beta1.KubeletAnonymousAuthentication{Enabled: ptr.To(false)},
			Webhook:   kubeletv1beta1.KubeletWebhookAuthentication{Enabled: ptr.To(true)},
			X509:      kubeletv1beta1.KubeletX509Authentication{ClientCAFile: PKIDir + "/ca.crt"},
		},
		Authorization:            kubeletv1beta1.KubeletAuthorization{Mode: kubeletv1beta1.KubeletAuthorizationModeWebhook},
		CgroupDriver:             "systemd",
		ClusterDNS:               []string{dns},
		ClusterDomain:            c.Network.DNSDomain,
		ContainerRuntimeEndpoint: CRISocket,
		EnableDebugFlagsHandler:  ptr.To(false),
		EnableProfilingHandler:   ptr.To(false),
		// Never 0: since v1.37 that means without limit.
		EventRecordQPS:         ptr.To[int32](50),
		FailSwapOn:             ptr.To(true),
		HealthzBindAddress:     "127.0.0.1",
		HealthzPort:            ptr.To[int32](10248),
		MakeIPTablesUtilChains: ptr.To(true),
		PodPidsLimit:           ptr.To[int64](4096),
		// The sysctls it insists on are written before the kubelet starts.
		ProtectKernelDefaults: true,
		RotateCertificates:    true,
		SeccompDefault:        ptr.To(true),
		// The kubelet asks the cluster's CA for its serving certificate, and keeps
		// asking before it expires; naming the file it rotates is what lets
		// CIS 4.2.9, CIS 4.2.11 and V-242424/5 hold together. It starts without
		// the file.
		ServerTLSBootstrap: true,
		TLSCertFile:        KubeletServingFile,
		TLSPrivateKeyFile:  KubeletServingFile,
		StaticPodPath:      ManifestsDir,
		// Without effect since v1.34 and still asked for (V-245541).
		StreamingConnectionIdleTimeout: metav1.Duration{Duration: 5 * time.Minute},
		TLSCipherSuites:                strings.Split(tlsCipherSuites, ","),
		TLSMinVersion:                  tlsMinVersion,
	}
	// Readers of V-242387 want to see the 0, which the typed form drops.
	layers := []cluster.Config{{"readOnlyPort": int64(0)}, c.Kubelet}
	for _, d := range c.Deviations {
		layers = append(layers, d.Kubelet)
	}
	out, err := overlay(base, layers...)
	if err != nil {
		return out, fmt.Errorf("kubelet { config }: %w", err)
	}
	return out, nil
}

// clusterDNS is the address kubeadm gives the DNS Service: the tenth of the
// first prefix of services.
func clusterDNS(c *cluster.Cluster) (string, error) {
	ip, err := constants.GetDNSIP(prefixes(c.Network.Services))
	if err != nil {
		return "", fmt.Errorf("network { services } has no address for DNS: %w", err)
	}
	return ip.String(), nil
}
