package kubeadm

import (
	"fmt"
	"slices"
	"strings"

	kubeadmapi "k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm"
	"k8s.io/kubernetes/cmd/kubeadm/app/images"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Images are the references a node's runtime must have or be able to pull:
// what `kubeadm config images list` prints for a control plane, and of it what
// can run on a worker.
func Images(c *cluster.Cluster, n cluster.Node) ([]string, error) {
	versioned, err := clusterConfiguration(c)
	if err != nil {
		return nil, err
	}
	var cc kubeadmapi.ClusterConfiguration
	if err := internalCluster(versioned, &cc); err != nil {
		return nil, fmt.Errorf("images of %s: %w", n.Name, err)
	}
	all := images.GetControlPlaneImages(&cc)
	if n.Role == cluster.ControlPlane {
		if c.Endpoint.VIP.IsValid() {
			all = append(all, VIPImage(c))
		}
		return all, nil
	}
	return slices.DeleteFunc(all, func(image string) bool {
		for _, everywhere := range []string{"/kube-proxy:", "/pause:", "/coredns:"} {
			if strings.Contains(image, everywhere) {
				return false
			}
		}
		return true
	}), nil
}

// Registry is the host and port that a reference is pulled from.
func Registry(image string) string {
	host, _, _ := strings.Cut(image, "/")
	if !strings.Contains(host, ":") {
		host += ":443"
	}
	return host
}
