package cluster

import (
	"slices"
	"strings"
)

// Stricter is what two wishes for a setting come to by its rule: the stricter one, or
// both together where they add up. It is false where they contradict each other, so
// that somebody has to decide. Values are those of [Setting.Value], or an argument's
// text.
func (s Setting) Stricter(a, b any) (any, bool) {
	switch s.Rule {
	case Minimum, Maximum:
		m, ok := s.count(a)
		n, ok2 := s.count(b)
		if !ok || !ok2 {
			return a, s.Same(a, b)
		}
		if (m < n) == (s.Rule == Minimum) {
			return b, true
		}
		return a, true
	case Between:
		return a, true // each has been held to the bounds, and none of what lies between is weaker
	case TrueWins, FalseWins:
		if is, ok := s.boolean(b); ok && is == (s.Rule == TrueWins) {
			return b, true
		}
		return a, true
	case Ordered:
		if slices.Index(s.Levels, written(b)) > slices.Index(s.Levels, written(a)) {
			return b, true
		}
		return a, true
	case Union:
		all := elements(a) // in their order, which is one of the value's own
		for _, e := range elements(b) {
			if !slices.Contains(all, e) {
				all = append(all, e)
			}
		}
		return like(a, all), true
	case Intersection:
		both := slices.DeleteFunc(elements(a), func(e string) bool { return !slices.Contains(elements(b), e) })
		return like(a, both), len(both) > 0 || !s.Written
	case Beneath:
		return s.beneath(a, b)
	case Exempt:
		return like(a, slices.DeleteFunc(elements(a), func(e string) bool { return !slices.Contains(elements(b), e) })), true
	case Pairs:
		return bothPairs(a, b)
	case Fixed, Forbidden, OneOf:
	}
	return a, s.Same(a, b)
}

// elements are those of a list, or of text with commas between them.
func elements(v any) []string {
	switch v := v.(type) {
	case []string:
		return slices.Clone(v)
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, written(e))
		}
		return out
	}
	var out []string
	for e := range strings.SplitSeq(written(v), ",") {
		if e = strings.TrimSpace(e); e != "" {
			out = append(out, e)
		}
	}
	return out
}

// like is a list in the form that a value has.
func like(value any, list []string) any {
	switch value.(type) {
	case []string:
		return list
	case []any:
		out := make([]any, len(list))
		for i, e := range list {
			out[i] = e
		}
		return out
	}
	return strings.Join(list, ",")
}

// Text is a value as a sentence or an argument shows it.
func Text(value any) string { return written(value) }
