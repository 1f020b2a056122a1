package plan

import (
	"fmt"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// mostRefused is how many namespaces have a row of their own.
const mostRefused = 20

// refused warns of pods that run and that Pod Security will not let in again. They
// run on: whoever makes them anew, a rollout say, or a node that is drained, fails.
func refused(have *state.Cluster) []Problem {
	var out []Problem
	for i, r := range have.API.Refused {
		if i == mostRefused {
			return append(out, Problem{Node: "cluster", Check: "pod-security", Warning: true, Seen: fmt.Sprintf("%d more namespaces", len(have.API.Refused)-i),
				Remedy: "mend or exempt those above, and plan again"})
		}
		p := Problem{Node: "cluster", Check: "pod-security", Warning: true, Seen: strings.Join(r.Pods, "; "),
			Remedy: "these pods run on, and are refused when they are made again: change them, or label the namespace (kubectl label namespace NAME " +
				"pod-security.kubernetes.io/enforce=baseline, or privileged), or exempt it in the spec (admission { exempt_namespaces })"}
		if r.Unknown != "" {
			if p.Seen != "" {
				p.Seen += "; "
			} else {
				p.Remedy = "compare its pods with the restricted standard before they are made again: kubernetes.io/docs/concepts/security/pod-security-standards"
			}
			p.Seen += "not judged: " + r.Unknown
		}
		if r.Namespace != "" {
			p.Seen = "namespace " + r.Namespace + ": " + p.Seen
		}
		out = append(out, p)
	}
	return out
}
