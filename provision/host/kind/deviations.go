package kind

import "github.com/bulwark-k8s/bulwark/provision/cluster"

// deviations are what a container on a shared kernel cannot have as hardened
// as a machine, and what kind's image settles by itself. Facts of kind's own
// configuration for the same reasons: sigs.k8s.io/kind v0.33.0,
// pkg/cluster/internal/kubeadm/config.go and images/base/files.
func deviations(f facts, c *cluster.Cluster) []cluster.Deviation {
	origin := cluster.Origin{Default: "kind"}
	out := []cluster.Deviation{
		{
			ID: "kind-kubelet", Origin: origin,
			Reason:          "the image has its own kubelet unit, which keeps pods in a cgroup of their own inside the container's",
			KeepKubeletUnit: true,
			Kubelet:         cluster.Config{"cgroupRoot": "/kubelet"},
		},
		{
			ID: "kind-disk", Origin: origin,
			Reason: "the disk is the host's: a kubelet that saw it filling would delete images and evict pods for somebody else's files",
			Kubelet: cluster.Config{
				"imageGCHighThresholdPercent": int64(100),
				"evictionHard":                map[string]any{"nodefs.available": "0%", "nodefs.inodesFree": "0%", "imagefs.available": "0%"},
			},
		},
		{
			ID: "kind-kernel", Origin: origin,
			Reason:      "kernel settings and modules are the host's: a container that writes them changes the host",
			SkipSysctls: []string{"*"}, SkipModules: true,
			Kubelet:   cluster.Config{"protectKernelDefaults": false},
			KubeProxy: cluster.Config{"conntrack": map[string]any{"maxPerCore": int64(0)}},
			// kubeadm looks for module files and the kernel's configuration.
			IgnorePreflight: []string{"SystemVerification"},
		},
	}
	if f.cgroup == 1 {
		out = append(out, cluster.Deviation{
			ID: "kind-cgroup-v1", Origin: origin,
			Reason:        "the host has cgroup v1, which the kubelet refuses unless told otherwise",
			Kubelet:       cluster.Config{"failCgroupV1": false},
			SkipPreflight: []string{"cgroup"},
		})
	}
	if f.swap {
		out = append(out, cluster.Deviation{
			ID: "kind-swap", Origin: origin,
			Reason:          "the host swaps, and a container cannot switch that off",
			Kubelet:         cluster.Config{"failSwapOn": false},
			SkipPreflight:   []string{"swap"},
			IgnorePreflight: []string{"Swap"},
		})
	}
	if len(c.ControlPlanes()) > 1 && !c.Endpoint.VIP.IsValid() {
		out = append(out, cluster.Deviation{
			ID: "kind-endpoint", Origin: origin,
			Reason: "nothing balances in front of kind's nodes: the endpoint is the first control plane, and gone with it",
		})
	}
	if f.plugin == "ptp" && c.Network.CNI.Kind == cluster.CNIBridge {
		out = append(out, cluster.Deviation{
			ID: "kind-ptp", Origin: origin,
			Reason:       "the image has no bridge plugin: the plugin ptp connects each pod by a link and a route of its own",
			PointToPoint: true,
		})
	}
	return out
}
