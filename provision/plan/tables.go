package plan

import (
	"slices"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// oneTable has control planes that run etcd get a new table one after the other:
// one that cuts etcd's members off from each other is taken back by its machine,
// and by then must not be on most of them. Before its table a node waits for no
// other, so that none is waited for that waits itself.
func oneTable(c *cluster.Cluster, have *state.Cluster, steps []Step) []Step {
	before := ""
	for _, n := range c.ControlPlanes() {
		if have.Nodes[n.Name] == nil {
			continue
		}
		if _, runs := have.Nodes[n.Name].Processes["etcd"]; !runs {
			continue
		}
		i := slices.IndexFunc(steps, func(s Step) bool { return s.Node == n.Name && s.Table != nil })
		if i < 0 {
			continue
		}
		if before != "" {
			steps[i].After = append(slices.Clone(steps[i].After), before)
		}
		before = steps[i].ID
	}
	return steps
}

// tablesFirst has the first control plane that changes, and with it all others, wait
// for the tables of those that are in the cluster already: one is kept only where the
// members of etcd still reach each other, and meanwhile one of them would be away.
func tablesFirst(c *cluster.Cluster, have *state.Cluster, steps []Step) []Step {
	first := -1 // step of the control planes that change one after the other
	var tables []Step
	for _, n := range c.ControlPlanes() {
		change := slices.IndexFunc(steps, func(s Step) bool { return s.Node == n.Name && s.Guarded })
		if first < 0 {
			first = change
		}
		table := slices.IndexFunc(steps, func(s Step) bool { return s.Node == n.Name && s.Table != nil })
		switch {
		case table < 0:
		case change >= 0 && change < table:
			return steps // they would wait for each other
		case have.Nodes[n.Name] == nil || len(have.Nodes[n.Name].Processes) == 0:
			// A machine that only joins may take long, and its table cuts nobody off.
		default:
			tables = append(tables, steps[table])
		}
	}
	if first < 0 {
		return steps
	}
	for _, t := range tables {
		if s := steps[first]; t.Node != s.Node { // a node does one thing after the other
			steps[first].After = append(slices.Clone(s.After), t.ID)
		}
	}
	return steps
}
