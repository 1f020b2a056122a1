package state

import "strings"

// Value answers for a reference from what was read: pod prefixes, by now. Keys
// and tokens are never read into a state.
func (c *Cluster) Value(name string) ([]byte, bool) {
	kind, node, _ := strings.Cut(name, "/")
	switch kind {
	case "pod-cidr", "pod-cidr-6":
		for _, p := range c.API.Nodes[node].PodCIDRs {
			if strings.Contains(p, ":") == (kind == "pod-cidr-6") {
				return []byte(p), true
			}
		}
	}
	return nil, false
}
