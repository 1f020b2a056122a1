package spec

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// refMark begins what apply replaces by a key, a token or a pod prefix on the
// way to a machine (see package state). Text of a spec ends up in the same
// files, so it may not look like one.
const refMark = "<<bulwark:"

// reserved reports a value that holds the mark anywhere, in keys too.
func (l *loader) reserved(what string, at hcl.Range, v cty.Value) bool {
	if !holds(v, refMark) {
		return false
	}
	l.report(problem(CodeReserved, at, "Text that bulwark replaces",
		"%s holds %q, by which bulwark's own files refer to keys and tokens. Write the text without it.", what, refMark))
	return true
}

// holds says whether any string in a known value holds a text.
func holds(v cty.Value, text string) bool {
	v, _ = v.Unmark()
	switch {
	case !v.IsKnown() || v.IsNull():
		return false
	case v.Type() == cty.String:
		return strings.Contains(v.AsString(), text)
	case v.CanIterateElements():
		for it := v.ElementIterator(); it.Next(); {
			if k, e := it.Element(); holds(k, text) || holds(e, text) {
				return true
			}
		}
	}
	return false
}
