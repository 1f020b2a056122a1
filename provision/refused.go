package provision

import (
	"context"
	"encoding/json"
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
	out, err := client.Refused(ctx, policy.PodSecurityLevel(l.cluster.Admission), append(l.managed(), policy.ExemptNamespaces(l.cluster.Admission)...))
	if err != nil {
		return append(out, state.Refused{Unknown: observe.Printable(err.Error())})
	}
	return out
}

// managed are the namespaces that have a standard of their own by the spec.
func (l looker) managed() []string {
	var out []string
	for _, n := range l.cluster.Policy.Namespaces {
		out = append(out, n.Name)
	}
	return out
}

// refusedByLabel asks the same of the namespaces whose labels are about to be set.
func (l looker) refusedByLabel(ctx context.Context, client *kube.Client, api state.API) []state.Refused {
	levels := map[string]string{}
	for _, n := range l.cluster.Policy.Namespaces {
		if have, there := api.Objects[namespace(n.Name).String()]; there && enforced(have) != n.PodSecurity {
			levels[n.Name] = n.PodSecurity
		}
	}
	if len(levels) == 0 {
		return nil
	}
	out, err := client.RefusedAt(ctx, levels)
	if err != nil {
		return append(out, state.Refused{Unknown: observe.Printable(err.Error())})
	}
	return out
}

func namespace(name string) state.ObjectRef {
	return state.ObjectRef{APIVersion: "v1", Kind: "Namespace", Name: name}
}

// enforced is the standard that a namespace's own label says.
func enforced(namespace state.HaveObject) string {
	var head struct {
		Metadata struct{ Labels map[string]string }
	}
	if err := json.Unmarshal(namespace.JSON, &head); err != nil {
		return ""
	}
	return head.Metadata.Labels["pod-security.kubernetes.io/enforce"]
}

// refusedImages asks which pods run images that the policy of images does not let in,
// where that policy is about to change.
func (l looker) refusedImages(ctx context.Context, client *kube.Client, api state.API) []state.Refused {
	images, moves := l.cluster.Policy.Images, false
	for _, w := range l.wants {
		for _, f := range w.Facts {
			if f.Object != nil && f.Object.Policy == state.PolicyImages {
				moves = moves || kube.Missing(*f.Object, api.Objects[f.Object.Ref.String()])
			}
		}
	}
	if !moves {
		return nil
	}
	out, err := client.RefusedImages(ctx, func(image string) []string { return policy.Against(images, image) }, images.ExemptNamespaces)
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
