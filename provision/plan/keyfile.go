package plan

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// manifestsDir is where a control plane's kubelet takes its static pods from, and
// apiServerManifest the one that kubeadm makes of an API server.
const (
	manifestsDir      = "/etc/kubernetes/manifests"
	apiServerManifest = manifestsDir + "/kube-apiserver.yaml"
)

// KeyFile is where the EncryptionConfiguration is that an API server runs with:
// within its container, and on its machine, as the volumes of its static pod say.
// Both are empty where it has none, or does not run.
func KeyFile(n *state.Node) (within, on string, err error) {
	within = argument(n.Processes["kube-apiserver"].Args, "--encryption-provider-config")
	if within == "" {
		return "", "", nil
	}
	var pod struct {
		Spec struct {
			Containers []struct {
				VolumeMounts []struct {
					Name      string `json:"name"`
					MountPath string `json:"mountPath"`
				} `json:"volumeMounts"`
			} `json:"containers"`
			Volumes []struct {
				Name     string `json:"name"`
				HostPath *struct {
					Path string `json:"path"`
				} `json:"hostPath"`
			} `json:"volumes"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(n.Files[apiServerManifest].Text, &pod); err != nil {
		return within, within, fmt.Errorf("%s: %s: %w", n.Name, apiServerManifest, err)
	}
	on = within
	if len(pod.Spec.Containers) == 0 {
		return within, on, nil
	}
	longest := 0
	for _, mount := range pod.Spec.Containers[0].VolumeMounts {
		rest, inside := strings.CutPrefix(within, mount.MountPath)
		if !inside || rest != "" && rest[0] != '/' || len(mount.MountPath) <= longest {
			continue
		}
		for _, v := range pod.Spec.Volumes {
			if v.Name == mount.Name && v.HostPath != nil {
				on, longest = v.HostPath.Path+rest, len(mount.MountPath)
			}
		}
	}
	return within, on, nil
}

// adoptedKeys are, by control plane, the key files that its API servers run with on
// a cluster that somebody else made: their keys are taken over. It is nil where any
// control plane has a key file of ours, or had one, and where not all of them have
// one of their own.
func adoptedKeys(c *cluster.Cluster, have *state.Cluster) map[string]string {
	out := map[string]string{}
	for _, n := range c.ControlPlanes() {
		if !living(have, n.Name) {
			continue
		}
		got := have.Nodes[n.Name]
		within, on, err := KeyFile(got)
		if err != nil || within == "" || within == encryptionFile || got.Files[encryptionFile].Exists() || got.Files[encryptionMarker].Exists() {
			return nil
		}
		out[n.Name] = on
	}
	return out
}

// argument is the value of a flag among arguments, the last one where it is said
// more than once, and "" where it is not said.
func argument(args []string, flag string) string {
	var value string
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, flag+"="); ok {
			value = v
		} else if a == flag && i+1 < len(args) {
			value = args[i+1]
		}
	}
	return value
}
