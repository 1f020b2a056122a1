package provision

import (
	"context"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/kubeadm"
	"github.com/bulwark-k8s/bulwark/templates/policy"
)

// refused asks which pods that run would not be let in again, where an API server
// is about to be told another thing of Pod Security. What cannot be asked is said.
func (l looker) refused(ctx context.Context, client *kube.Client, nodes map[string]*state.Node) []state.Refused {
	moves, off := admission(l.wants, nodes)
	if !moves {
		return nil
	}
	if off != "" {
		return []state.Refused{{Unknown: "PodSecurity is switched off in the API server of " + off + ", which therefore does not say which pods it will refuse"}}
	}
	out, err := client.Refused(ctx, policy.PodSecurityLevel(l.cluster.Admission), policy.ExemptNamespaces(l.cluster.Admission))
	if err != nil {
		return append(out, state.Refused{Unknown: observe.Printable(err.Error())})
	}
	return out
}

// admission says whether an API server that runs is to be told another thing than it
// was, and on which node it runs without the plugin that is told it.
func admission(wants []state.Want, nodes map[string]*state.Node) (moves bool, off string) {
	for _, w := range wants {
		n := nodes[w.Node]
		if n == nil {
			continue
		}
		server, runs := n.Processes["kube-apiserver"]
		i := slices.IndexFunc(w.Facts, func(f state.Fact) bool { return f.File != nil && f.File.Path == kubeadm.AdmissionFile })
		if !runs || i < 0 {
			continue
		}
		if n.Files[kubeadm.AdmissionFile].SHA256 != state.SHA256(w.Facts[i].File.Content) ||
			!slices.Contains(server.Args, "--admission-control-config-file="+kubeadm.AdmissionFile) {
			moves = true
		}
		for _, arg := range server.Args {
			if plugins, ok := strings.CutPrefix(arg, "--disable-admission-plugins="); ok && slices.Contains(strings.Split(plugins, ","), "PodSecurity") {
				off = w.Node
			}
		}
	}
	return moves, off
}
