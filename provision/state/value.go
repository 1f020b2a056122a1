package state

import (
	"encoding/json"
	"strings"
)

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

// Lacks says whether have misses anything of want: a field, an element, or a
// value. What have holds beyond want is somebody else's.
func Lacks(want, have []byte) bool {
	var w, h any
	if json.Unmarshal(want, &w) != nil || json.Unmarshal(have, &h) != nil {
		return true
	}
	return lacks(w, h)
}

func lacks(w, h any) bool {
	switch w := w.(type) {
	case map[string]any:
		hm, ok := h.(map[string]any)
		if !ok {
			return true
		}
		for k, v := range w {
			if lacks(v, hm[k]) {
				return true
			}
		}
		return false
	case []any:
		hl, ok := h.([]any)
		if !ok {
			return len(w) > 0 || h != nil
		}
		for i, v := range w {
			if lacks(v, match(i, v, hl)) {
				return true
			}
		}
		return false
	}
	return w != h
}

// match finds the element of a list that stands for v: the one of the same
// name where elements have names, else the one at the same place.
func match(i int, v any, list []any) any {
	if m, ok := v.(map[string]any); ok {
		if name, ok := m["name"].(string); ok {
			for _, e := range list {
				if em, ok := e.(map[string]any); ok && em["name"] == name {
					return e
				}
			}
			return nil
		}
	}
	if i < len(list) {
		return list[i]
	}
	return nil
}
