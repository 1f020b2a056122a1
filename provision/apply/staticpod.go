package apply

import (
	"path"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// staticPod is the component among some whose manifest a file is, be it kubeadm's or,
// as kube-vip's, bulwark's own: the kubelet starts it again by itself. It is "" for
// any other file.
func staticPod(f state.File, among []string) string {
	name, isYAML := strings.CutSuffix(path.Base(f.Path), ".yaml")
	if !isYAML || f.Origin != state.Derived && f.Origin != state.Written || !slices.Contains(among, name) {
		return ""
	}
	return name
}
