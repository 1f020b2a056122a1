package plan

import (
	"path"
	"slices"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// roll orders the changes of a living cluster so that it lives on: of each node
// first what nothing starts again for, then, as one guarded change, what something
// does. Control planes change one after the other, and workers after them, as many
// at a time as the spec lets be away. Workers come first where their kubelets still
// serve with certificates of their own: API servers would not trust them any more.
// Static pods that no guarded change replaces end, or become others, in their
// control plane's turn.
func roll(c *cluster.Cluster, have *state.Cluster, steps []Step) []Step {
	changing := map[string]bool{}
	for _, s := range steps {
		if len(s.Restarts) > 0 {
			changing[s.Node] = true
		}
	}
	for i, s := range steps {
		steps[i].Guarded = changing[s.Node] && (len(s.Restarts) > 0 || s.Renewal != nil || s.File != nil && s.File.Want.Feeds)
	}
	if len(changing) > 0 {
		steps = together(steps)
	}
	last := map[string]string{} // by node, the step that its turn ends with
	first := map[string]int{}
	for i, s := range steps {
		if s.Guarded || endsPod(s) && serves(have, s.Node) {
			if _, begun := first[s.Node]; !begun {
				first[s.Node] = i
			}
			last[s.Node] = s.ID
		}
	}
	trusted := unapproved(c, steps, changing) // ends of what comes before the first control plane
	waits := len(trusted) > 0
	var before []string // ends of the turns of control planes so far
	var workers []string
	for _, n := range c.Nodes {
		if last[n.Name] == "" {
			continue
		}
		at := &steps[first[n.Name]]
		if n.Role == cluster.ControlPlane {
			if len(before) > 0 {
				at.After = append(slices.Clone(at.After), before[len(before)-1])
			}
			if waits && changing[n.Name] {
				at.After = append(slices.Clone(at.After), trusted...)
				waits = false
			}
			before = append(before, last[n.Name])
			continue
		}
		workers = append(workers, n.Name)
	}
	most := c.MaxUnavailable.Of(len(c.Workers()))
	for i, name := range workers {
		at := &steps[first[name]]
		if len(before) > 0 && len(trusted) == 0 {
			at.After = append(slices.Clone(at.After), before[len(before)-1])
		}
		if i >= most {
			at.After = append(slices.Clone(at.After), last[workers[i-most]])
		}
	}
	if len(before) > 0 {
		for i, s := range steps {
			if s.Object != nil && s.Object.Derived || s.Encryption != nil {
				steps[i].After = append(slices.Clone(s.After), before[len(before)-1])
			}
		}
	}
	return steps
}

// unapproved are the approvals of serving certificates that workers of a plan wait
// for once they changed.
func unapproved(c *cluster.Cluster, steps []Step, changing map[string]bool) []string {
	var out []string
	for _, s := range steps {
		if s.Kind != KindApproval || !changing[s.Node] {
			continue // as nearly all: to find a node in the spec takes longer
		}
		if n, ok := c.Node(s.Node); ok && n.Role == cluster.Worker {
			out = append(out, s.ID)
		}
	}
	return out
}

// endsPod says whether a step has a kubelet end a static pod, or start another one in
// its place, that no component is: kubeadm's own are changed with a guard.
func endsPod(s Step) bool {
	return s.File != nil && path.Dir(s.File.Want.Path) == manifestsDir && s.File.Want.Origin != state.Derived && !s.File.Attributes
}

// serves says whether a machine is a control plane whose API server may run. What is
// none yet waits for others to become one, and nobody must wait for it in turn.
func serves(have *state.Cluster, node string) bool {
	n := have.Nodes[node]
	return n != nil && n.Files[apiServerManifest].Exists()
}

// together moves the guarded steps of each node behind its others, but before
// anything that waits for what they mend, or is made of what they write for the first
// time; what only the API holds comes last.
func together(steps []Step) []Step {
	var nodes []string
	byNode := map[string][]Step{}
	for _, s := range steps {
		if byNode[s.Node] == nil && s.Node != "" {
			nodes = append(nodes, s.Node)
		}
		byNode[s.Node] = append(byNode[s.Node], s)
	}
	var out []Step
	for _, name := range nodes {
		var first, guarded, rest []Step
		unwritten := map[string]bool{} // what kubeadm reads, and is not there before the change
		for _, s := range byNode[name] {
			if s.Guarded && s.File != nil && s.File.Want.Feeds && s.Action == Add {
				unwritten[s.File.Want.Path] = true
			}
		}
		for _, s := range byNode[name] {
			switch {
			case s.Guarded:
				guarded = append(guarded, s)
			case len(rest) > 0 || s.Kind == KindWait || s.Kind == KindApproval,
				s.Phase != nil && slices.ContainsFunc(s.Phase.Args, func(a string) bool { return unwritten[a] }):
				rest = append(rest, s)
			default:
				first = append(first, s)
			}
		}
		slices.SortStableFunc(guarded, func(a, b Step) int { return order(a) - order(b) })
		out = slices.Concat(out, first, guarded, rest)
	}
	return append(out, byNode[""]...)
}

// order is in which a change does things: what kubeadm reads, what it makes, and
// copies of that; manifests last, since the kubelet acts
// on them at once, and by then all that they name must be there.
func order(s Step) int {
	switch {
	case s.File != nil && s.File.Want.Feeds:
		return 0
	case s.Renewal != nil:
		return 1
	case s.File != nil && s.File.Want.Origin != state.Derived:
		return 2
	case s.File != nil:
		return 3
	default:
		return 4
	}
}

// Restarting are the components that a plan restarts, by node, in the order of
// its steps.
func (p *Plan) Restarting() []NodeRestarts {
	var out []NodeRestarts
	for _, s := range p.Steps {
		for _, name := range s.Restarts {
			i := slices.IndexFunc(out, func(r NodeRestarts) bool { return r.Node == s.Node })
			if i < 0 {
				i = len(out)
				out = append(out, NodeRestarts{Node: s.Node})
			}
			if !slices.Contains(out[i].Components, name) {
				out[i].Components = append(out[i].Components, name)
			}
		}
	}
	return out
}

// NodeRestarts are the components of one node that start again.
type NodeRestarts struct {
	Node       string   `json:"node"`
	Components []string `json:"components"`
}
