package plan

import "slices"

// Only keeps the steps of some nodes, and answers with the ids of those of them
// that had to go as well: they wait for what another node, or the cluster, has
// not done yet.
func (p *Plan) Only(nodes []string) (waiting []string) {
	p.Nodes = nodes
	gone := map[string]bool{}
	for _, s := range p.Steps {
		if !slices.Contains(nodes, s.Node) {
			gone[s.ID] = true
		}
	}
	for before := -1; before != len(gone); { // a step may wait for one further down
		before = len(gone)
		stuck := map[string]bool{} // nodes that cannot go on
		for _, s := range p.Steps {
			if slices.Contains(nodes, s.Node) && (stuck[s.Node] || slices.ContainsFunc(s.After, func(id string) bool { return gone[id] })) {
				stuck[s.Node], gone[s.ID] = true, true
			}
		}
	}
	p.Steps = slices.DeleteFunc(p.Steps, func(s Step) bool {
		if gone[s.ID] && slices.Contains(nodes, s.Node) {
			waiting = append(waiting, s.ID)
		}
		return gone[s.ID]
	})
	return waiting
}
