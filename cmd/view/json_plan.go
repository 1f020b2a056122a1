package view

import (
	"fmt"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// clusterDoc is what a document says of a cluster.
type clusterDoc struct {
	Name       string    `json:"name"`
	Kubernetes string    `json:"kubernetes"`
	Nodes      []nodeDoc `json:"nodes"`
	// Deviations are what these machines cannot have as hardened as others.
	Deviations []plan.Deviation `json:"deviations,omitempty"`
}

type nodeDoc struct {
	Name    string `json:"name"`
	Role    string `json:"role"`
	Address string `json:"address,omitempty"`
}

func newClusterDoc(c *cluster.Cluster) *clusterDoc {
	d := &clusterDoc{Name: c.Name, Kubernetes: c.Kubernetes.String(), Nodes: []nodeDoc{}}
	for _, n := range c.Nodes {
		x := nodeDoc{Name: n.Name, Role: string(n.Role)}
		if n.Address.IsValid() {
			x.Address = n.Address.String()
		}
		d.Nodes = append(d.Nodes, x)
	}
	for _, x := range c.Deviations {
		d.Deviations = append(d.Deviations, plan.Deviation{ID: x.ID, Reason: x.Reason, Origin: x.Origin.String()})
	}
	return d
}

// planDoc is a plan for programs that read one. It is not a saved plan: of a
// file it says where and how, never its bytes.
type planDoc struct {
	Cluster string         `json:"cluster"`
	Nodes   []string       `json:"nodes,omitempty"`
	Empty   bool           `json:"empty"`
	Summary map[string]int `json:"summary"`
	Steps   []stepDoc      `json:"steps"`
	// Restarts are the components that start again, in that order.
	Restarts   []plan.NodeRestarts `json:"restarts,omitempty"`
	Deviations []plan.Deviation    `json:"deviations,omitempty"`
}

type stepDoc struct {
	ID     string   `json:"id"`
	Node   string   `json:"node,omitempty"`
	Kind   string   `json:"kind"`
	Action string   `json:"action"`
	Title  string   `json:"title"`
	Why    string   `json:"why,omitempty"`
	After  []string `json:"after,omitempty"`
	// Restarts are components of the node that start again because of the step.
	Restarts []string `json:"restarts,omitempty"`
	// Drains are settings for which the node is drained before they change.
	Drains []string       `json:"drains,omitempty"`
	Detail map[string]any `json:"detail,omitempty"`
}

func newPlanDoc(p *plan.Plan) *planDoc {
	d := &planDoc{
		Cluster: p.Cluster, Nodes: p.Nodes, Empty: p.Empty(), Deviations: p.Deviations, Steps: []stepDoc{}, Restarts: p.Restarting(),
		Summary: map[string]int{"add": 0, "change": 0, "remove": 0, "run": 0, "check": 0},
	}
	for _, s := range p.Steps {
		a := actionWord(s.Action)
		d.Summary[a]++
		d.Steps = append(d.Steps, stepDoc{
			ID: s.ID, Node: s.Node, Kind: string(s.Kind), Action: a, Title: s.Title, Why: s.Why, After: s.After, Restarts: s.Restarts, Drains: s.Drains, Detail: detail(s),
		})
	}
	return d
}

// actionWord is the action in a word; symbols are for people.
func actionWord(a plan.Action) string {
	switch a {
	case plan.Add:
		return "add"
	case plan.Change:
		return "change"
	case plan.Remove:
		return "remove"
	case plan.Run:
		return "run"
	case plan.Check:
		return "check"
	}
	return string(a)
}

// detail is what a step acts on.
func detail(s plan.Step) map[string]any {
	switch {
	case s.File != nil:
		d := fileDetail(s.File.Want, s.File.Attributes)
		if diff := difference(s); diff != "" {
			d["diff"] = diff
		}
		return d
	case s.Sysctl != nil:
		return map[string]any{"key": s.Sysctl.Key, "value": s.Sysctl.Value}
	case s.Module != nil:
		return map[string]any{"name": s.Module.Name}
	case s.Unit != nil:
		return map[string]any{"name": s.Unit.Name, "verbs": s.Unit.Verbs}
	case s.Table != nil:
		return map[string]any{"revert_seconds": s.Table.Revert}
	case s.Phase != nil:
		return map[string]any{"args": s.Phase.Args}
	case s.Object != nil:
		return objectDetail(s.Object)
	case s.Approval != nil:
		return map[string]any{"node": s.Approval.Node, "addresses": s.Approval.Addresses}
	case s.Leave != nil:
		return map[string]any{"node": s.Leave.Node, "drain": s.Leave.Drain, "member": s.Leave.Member}
	case s.Process != nil:
		return map[string]any{"process": s.Process.Name, "seen": s.Process.Seen}
	case s.Encryption != nil:
		return map[string]any{"resources": s.Encryption.Resources, "prefix": s.Encryption.Prefix}
	case s.Renewal != nil:
		return map[string]any{"args": s.Renewal.Phase.Args, "seen": s.Renewal.Seen}
	case s.Uncordon != nil:
		return map[string]any{"node": s.Uncordon.Node}
	case s.Wait != nil:
		return map[string]any{"for": string(s.Wait.For), "subject": s.Wait.Subject, "seconds": s.Wait.Seconds}
	}
	return nil
}

func fileDetail(f state.File, attributes bool) map[string]any {
	return map[string]any{
		"path": f.Path, "origin": string(f.Origin), "mode": fmt.Sprintf("%04o", f.Mode.Perm()), "owner": f.Owner,
		"directory": f.Mode.IsDir(), "secret": f.Secret, "attributes_only": attributes,
	}
}

func objectDetail(o *state.Object) map[string]any {
	if o.Tokens {
		return map[string]any{"object": "join tokens", "absent": true}
	}
	return map[string]any{"object": o.Ref.String(), "absent": o.JSON == nil}
}
