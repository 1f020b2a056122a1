package kubeadm

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm/v1beta4"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// joinConfiguration has no token. tlsBootstrapToken may stay empty when the
// user of the discovery kubeconfig carries one (app/discovery.For takes the
// file's credentials then), and it would not help a file without: kubeadm
// reads cluster-info with the file's user alone (app/discovery/file), and
// anonymously that is a 401 here, retried until the timeout.
func joinConfiguration(c *cluster.Cluster, n cluster.Node, discoveryFile string) *v1beta4.JoinConfiguration {
	out := &v1beta4.JoinConfiguration{
		TypeMeta:         metav1.TypeMeta{APIVersion: v1beta4.SchemeGroupVersion.String(), Kind: "JoinConfiguration"},
		CACertPath:       PKIDir + "/ca.crt",
		Discovery:        v1beta4.Discovery{File: &v1beta4.FileDiscovery{KubeConfigPath: discoveryFile}},
		NodeRegistration: nodeRegistration(c, n),
		Patches:          &v1beta4.Patches{Directory: PatchesDir},
		Timeouts:         timeouts(),
	}
	if n.Role == cluster.ControlPlane {
		out.ControlPlane = &v1beta4.JoinControlPlane{LocalAPIEndpoint: localAPIEndpoint(c, n)}
	}
	return out
}

// ignoredPreflight are the checks of kubeadm's that no deviating machine can
// pass, sorted, each once.
func ignoredPreflight(c *cluster.Cluster) []string {
	var out []string
	for _, d := range c.Deviations {
		out = append(out, d.IgnorePreflight...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
