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
