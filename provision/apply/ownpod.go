package apply

import (
	"path"

	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// ownPod says whether a step writes the manifest of a static pod that is bulwark's own,
// as kube-vip's is: the kubelet starts it again by itself, like those of kubeadm.
func ownPod(s plan.Step) bool {
	return s.File != nil && s.File.Want.Origin == state.Written && len(s.Restarts) == 1 && path.Base(s.File.Want.Path) == s.Restarts[0]+".yaml"
}
