package plan

import (
	"path"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Where what starts components lies: units of systemd, and manifests of static pods.
const (
	unitFiles = "/etc/systemd/system/"
	manifests = "/etc/kubernetes/manifests/"
)

// starts says whether a component is started from a wanted file of bulwark's own.
func starts(want state.File) bool {
	return want.Origin == state.Written && (strings.HasPrefix(want.Path, unitFiles) || strings.HasPrefix(want.Path, manifests))
}

// rewritten names that a plan changes the bytes of a file of a node.
func rewritten(node, path string) string { return node + "/rewritten" + path }

// stale says whether systemd knows another unit than lies on disk, or will when this
// plan is done. Of the kubelet's that is its process's to mend, which starts again.
func (r rules) stale(want state.WantUnit, got state.Unit, n *state.Node) bool {
	return want.Name != kubeletUnit && (got.Stale || r.planned[rewritten(n.Name, unitFiles+want.Name)])
}

// startedStep is [rules.processStep], and says also whether a component was started
// from what lies on disk: by its unit, or with arguments that no kubeadm knows of.
func (r rules) startedStep(s Step, want state.WantProcess, n *state.Node) (Step, bool) {
	s, unmet := r.processStep(s, want, n)
	got, runs := n.Processes[want.Name]
	if unmet || !runs || !n.Files[kubeletConf].Exists() || r.planned[restart(n.Name, want.Name)] {
		return s, unmet
	}
	if want.Unit != "" {
		for _, read := range want.Reads {
			if r.planned[rewritten(n.Name, read)] { // it was not there, and is put there at once
				s.Process.Seen = path.Base(read) + " was not there"
				return s, true
			}
		}
		if n.Units[want.Unit].Stale {
			s.Process.Seen = want.Unit + " or a drop-in of it is another one on disk than systemd has read"
			return s, true
		}
	}
	if len(want.Args) > 0 && len(got.Args) > 0 && !slices.Equal(want.Args, got.Args[1:]) {
		s.Process.Seen = strings.Join(differing(want.Args, got.Args[1:]), " ")
		return s, true
	}
	return s, false
}
