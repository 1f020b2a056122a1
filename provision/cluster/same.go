package cluster

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// Same says whether two values are one to the component, however they are written: a flag
// reads "F" and "0" as false, and "60s" as a minute. Lists without a rule are in an order,
// which may mean something.
func (s Setting) Same(a, b any) bool {
	switch s.Rule {
	case Union, Intersection, Exempt, Beneath:
		return among(elements(a), elements(b)) && among(elements(b), elements(a))
	case Pairs:
		return maps.Equal(pairsOf(a), pairsOf(b))
	case Minimum, Maximum, Between, TrueWins, FalseWins, Ordered, Fixed, Forbidden, OneOf:
	}
	if same, whole := s.sameParts(a, b); whole {
		return same
	}
	x, y := written(a), written(b)
	if x == y {
		return true
	}
	if p, q := elements(a), elements(b); len(p) > 1 || len(q) > 1 {
		return slices.Equal(p, q)
	}
	if m, ok := s.boolean(a); ok {
		n, ok := s.boolean(b)
		return ok && m == n
	}
	if !isConfig(s.Component) { // a number of a field is one already, and its text is no number
		m, err := strconv.ParseInt(x, 0, 64) // as a flag reads it: "010" is 8
		n, err2 := strconv.ParseInt(y, 0, 64)
		if err == nil && err2 == nil {
			return m == n
		}
	}
	d, err := time.ParseDuration(x)
	e, err2 := time.ParseDuration(y)
	return err == nil && err2 == nil && d == e
}

// sameParts compares what has parts, or is nothing, by these: two of them may be printed
// alike. whole is false where neither value is such.
func (s Setting) sameParts(a, b any) (same, whole bool) {
	if a == nil || b == nil {
		return a == nil && b == nil, true
	}
	part := Setting{Component: s.Component}
	m, isObject := a.(map[string]any)
	n, isObject2 := b.(map[string]any)
	if isObject || isObject2 {
		return isObject && isObject2 && maps.EqualFunc(m, n, part.Same), true
	}
	p, isList := parts(a)
	q, isList2 := parts(b)
	if isList || isList2 {
		return isList && isList2 && slices.EqualFunc(p, q, part.Same), true
	}
	return false, false
}

// parts are those of a list.
func parts(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case []string:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = e
		}
		return out, true
	}
	return nil, false
}
