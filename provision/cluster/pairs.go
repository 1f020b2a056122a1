package cluster

import (
	"strconv"
	"strings"
)

// pairsOf are the parts of "A=true,B=F" by their names, each written as others are. Of two
// that name the same the last one counts, as in the component.
func pairsOf(v any) map[string]string {
	out := map[string]string{}
	for _, e := range elements(v) {
		name, value := pair(e)
		out[name] = value
	}
	return out
}

// pair is the name and the value of one part.
func pair(part string) (name, value string) {
	name, value, has := strings.Cut(part, "=")
	if !has {
		value = "true" // as in Setting.pairs
	}
	value = strings.TrimSpace(value)
	if b, err := strconv.ParseBool(value); err == nil {
		value = strconv.FormatBool(b)
	}
	// A gate that names no part of the program is one of Kubernetes' own.
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(name), "kube:")), value
}

// bothPairs are the parts of two values together: false where a name has another value in
// each.
func bothPairs(a, b any) (any, bool) {
	all, is := elements(a), pairsOf(a)
	for _, e := range elements(b) {
		name, _ := pair(e)
		value := pairsOf(b)[name]
		switch have, there := is[name]; {
		case !there:
			all, is[name] = append(all, name+"="+value), value
		case have != value:
			return a, false
		}
	}
	return like(a, all), true
}
