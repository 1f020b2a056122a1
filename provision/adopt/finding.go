package adopt

import (
	"cmp"
	"slices"
)

// Kind says what a finding means for who goes on with the spec.
type Kind string

// The kinds, in the order in which they are shown.
const (
	// Refused cannot be described: there is no spec, and none is written.
	Refused Kind = "refused"
	// Decide is for a person to say; the spec says so at the same place.
	Decide Kind = "decide"
	// LeftOut has no word in a spec, so that apply would take it away.
	LeftOut Kind = "left-out"
	// Weakens is weaker than what bulwark hardens: apply sets it.
	Weakens Kind = "weakens"
	// Changes is otherwise than bulwark has it, and no weaker: apply sets it.
	Changes Kind = "changes"
)

func kinds() []Kind { return []Kind{Refused, Decide, LeftOut, Weakens, Changes} }

// Finding is one thing that the spec does not keep as it is.
type Finding struct {
	Kind Kind `json:"kind"`
	// Setting is the path of the spec's setting, as in "apiserver.args.profiling",
	// or the name of what is none, as in "etcd.account".
	Setting string `json:"setting"`
	// Nodes are those that have it; none means the cluster.
	Nodes []string `json:"nodes,omitempty"`
	// Seen is what is there, Will what bulwark makes of it; "not set" for none.
	Seen string `json:"seen"`
	Will string `json:"will"`
	// Consequence is what that means for who uses the cluster.
	Consequence string `json:"consequence"`
	// Refs are the controls that ask for it.
	Refs []string `json:"refs,omitempty"`
}

// notSet is a value that is not there.
const notSet = "not set"

// findings gathers them; what several nodes have alike is one.
type findings struct{ all []Finding }

func (f *findings) add(x Finding, node string) {
	x.Seen, x.Will = short(x.Seen), short(x.Will)
	for i, have := range f.all {
		if have.Kind == x.Kind && have.Setting == x.Setting && have.Seen == x.Seen && have.Will == x.Will {
			if node != "" && !slices.Contains(have.Nodes, node) {
				f.all[i].Nodes = append(have.Nodes, node)
			}
			return
		}
	}
	if node != "" {
		x.Nodes = []string{node}
	}
	f.all = append(f.all, x)
}

// sorted is by kind, then as they were found: component by component.
func (f *findings) sorted() []Finding {
	slices.SortStableFunc(f.all, func(a, b Finding) int {
		return cmp.Compare(slices.Index(kinds(), a.Kind), slices.Index(kinds(), b.Kind))
	})
	return f.all
}

// short is a value as a table can hold it: machines that somebody else made may
// say anything, and lists of cipher suites are long.
func short(s string) string {
	const most = 120
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
