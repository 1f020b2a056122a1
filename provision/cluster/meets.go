package cluster

import (
	"slices"
	"strings"
)

// Meets says whether a value is as strict as what is asked for, or stricter: by the rule
// of the setting and by the type that it has, and never by how it is written. Values are
// those of [Setting.Stricter].
func (s Setting) Meets(have, asked any) bool {
	switch s.Rule {
	case Minimum, Maximum:
		m, ok := s.count(have)
		n, ok2 := s.count(asked)
		if !ok || !ok2 {
			return s.Same(have, asked)
		}
		return m == n || (m > n) == (s.Rule == Minimum)
	case Between:
		return true // as in Stricter
	case TrueWins, FalseWins:
		is, ok := s.boolean(have)
		want, ok2 := s.boolean(asked)
		if !ok || !ok2 {
			return s.Same(have, asked)
		}
		return is == (s.Rule == TrueWins) || is == want
	case Ordered:
		at := slices.Index(s.Levels, written(asked))
		if at < 0 { // of a level that is none nothing is known but itself
			return s.Same(have, asked)
		}
		return slices.Index(s.Levels, written(have)) >= at
	case Union:
		return among(elements(asked), elements(have))
	case Intersection:
		return among(elements(have), elements(asked)) && (len(elements(have)) > 0 || !s.Written)
	case Exempt:
		return among(elements(have), elements(asked))
	case Beneath:
		all, of := elements(have), elements(asked)
		return len(of) == 0 || len(all) > 0 && !slices.ContainsFunc(all, func(e string) bool { return !below(e, of) })
	case Pairs:
		is := pairsOf(have)
		for name, value := range pairsOf(asked) {
			if v, there := is[name]; !there || v != value {
				return false
			}
		}
		return true
	case Fixed, Forbidden, OneOf:
	}
	return s.Same(have, asked)
}

// among says whether all words of a list are in another, in any order.
func among(all, in []string) bool {
	return !slices.ContainsFunc(all, func(e string) bool { return !slices.Contains(in, e) })
}

// below says whether a path is one of several, or lies in one.
func below(path string, in []string) bool {
	return slices.ContainsFunc(in, func(p string) bool { return path == p || strings.HasPrefix(path, p+"/") })
}

// beneath is what lies in what both lists allow: of two that lie in each other the lower.
func (s Setting) beneath(a, b any) (any, bool) {
	mine, theirs := elements(a), elements(b)
	if len(theirs) == 0 {
		return a, true
	}
	if len(mine) == 0 {
		return b, true
	}
	var out []string
	for _, e := range mine {
		if below(e, theirs) {
			out = append(out, e)
		}
	}
	for _, e := range theirs {
		if below(e, mine) && !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	return like(a, out), len(out) > 0
}
