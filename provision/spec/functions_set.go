package spec

import "github.com/zclconf/go-cty/cty"

// foreseeSet charges for functions that hash what they are given, or compare
// all of it with all of it. The factors are measured: with them, no function
// takes more than some microseconds for a step.
func (b *budget) foreseeSet(name string, args []cty.Value) error {
	all := 0
	for _, a := range args {
		all += size(a)
	}
	switch name {
	case "distinct":
		return b.charge(times(count(args[0]), all) / 2)
	case "setproduct":
		tuples, each := 1, 0
		for _, a := range args {
			tuples = times(tuples, count(a))
			each += size(a) / max(1, count(a))
		}
		return b.charge(times(2*setStep, times(tuples, each)))
	}
	return b.charge(times(setStep, all))
}

// size is how many things a value holds, at any depth, and how much text. What
// it walks was weighed before.
func size(v cty.Value) int {
	v, _ = v.Unmark()
	switch {
	case !v.IsKnown() || v.IsNull():
	case v.Type() == cty.String:
		return 1 + len(v.AsString())/textStep
	case v.CanIterateElements():
		n := 0
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			n += size(e)
		}
		return n
	}
	return 1
}
