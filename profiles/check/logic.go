package check

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// quantifier is all or any. One that decides the answer does so whatever the unknown
// ones may be.
func quantifier(every bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "answers", Type: cty.DynamicPseudoType, AllowUnknown: true, AllowDynamicType: true, AllowMarked: true}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if !args[0].IsKnown() {
				return cty.UnknownVal(cty.Bool), nil
			}
			if !args[0].CanIterateElements() {
				return cty.DynamicVal, fmt.Errorf("a list of answers is needed, as in [for p in … : …]")
			}
			out := cty.BoolVal(every)
			for it := args[0].ElementIterator(); it.Next(); {
				_, v := it.Element()
				switch {
				case !v.IsKnown():
					out = cty.UnknownVal(cty.Bool)
				case v.Type() != cty.Bool || v.IsNull():
					return cty.DynamicVal, fmt.Errorf("one of the answers is neither true nor false")
				case v.True() != every:
					return v, nil
				}
			}
			return out, nil
		},
	})
}

// words are those of a list, or of text with commas between them as arguments have it.
func words(v cty.Value) ([]string, error) {
	if v.IsNull() {
		return nil, nil
	}
	if v.Type() == cty.String {
		var out []string
		for w := range strings.SplitSeq(v.AsString(), ",") {
			if w = strings.TrimSpace(w); w != "" {
				out = append(out, w)
			}
		}
		return out, nil
	}
	if !v.CanIterateElements() || v.Type().IsObjectType() || v.Type().IsMapType() {
		return nil, fmt.Errorf("a list or text with commas is needed, not %s", v.Type().FriendlyName())
	}
	out := make([]string, 0, v.LengthInt())
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		switch {
		case !e.IsKnown():
			return nil, errUnknown
		case e.IsNull() || e.Type() != cty.String:
			return nil, fmt.Errorf("the list holds something else than text")
		}
		out = append(out, e.AsString())
	}
	return out, nil
}

func member() function.Function {
	return says([]function.Parameter{may("list", cty.DynamicPseudoType), must("word", cty.String)}, func(args []cty.Value) (bool, error) {
		list, err := words(args[0])
		return slices.Contains(list, args[1].AsString()), err
	})
}

// subset says whether there is something, and nothing that is not allowed. A prefix is
// allowed too where all its addresses are.
func subset() function.Function { return among(true) }

// among is subset, or within, which is true of nothing too.
func among(something bool) function.Function {
	return says([]function.Parameter{may("list", cty.DynamicPseudoType), may("allowed", cty.DynamicPseudoType)}, func(args []cty.Value) (bool, error) {
		list, err := words(args[0])
		if err != nil {
			return false, err
		}
		allowed, err := words(args[1])
		if err != nil {
			return false, err
		}
		known := make(map[string]bool, len(allowed))
		for _, w := range allowed {
			known[w] = true
		}
		some := len(list) > 0 || !something
		list = slices.DeleteFunc(list, func(w string) bool { return known[w] })
		prefixes := asPrefixes(allowed)
		return some && !slices.ContainsFunc(list, func(w string) bool { return !covered(w, prefixes) }), nil
	})
}

// union is all words of several lists, each once.
func union() function.Function {
	return function.New(&function.Spec{
		VarParam: &function.Parameter{Name: "lists", Type: cty.DynamicPseudoType, AllowNull: true, AllowDynamicType: true, AllowMarked: true},
		Type:     function.StaticReturnType(cty.List(cty.String)),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			var all []string
			for _, a := range args {
				list, err := words(a)
				switch {
				case errors.Is(err, errUnknown):
					return cty.UnknownVal(cty.List(cty.String)), nil
				case err != nil:
					return cty.DynamicVal, err
				}
				all = append(all, list...)
			}
			slices.Sort(all)
			all = slices.Compact(all)
			if len(all) == 0 {
				return cty.ListValEmpty(cty.String), nil
			}
			out := make([]cty.Value, len(all))
			for i, w := range all {
				out[i] = cty.StringVal(w)
			}
			return cty.ListVal(out), nil
		},
	})
}

// count is how many elements there are, none of nothing.
func count() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{may("list", cty.DynamicPseudoType)},
		Type:   function.StaticReturnType(cty.Number),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			switch {
			case args[0].IsNull():
				return cty.Zero, nil
			case !args[0].CanIterateElements():
				return cty.DynamicVal, fmt.Errorf("a list is needed, not %s", args[0].Type().FriendlyName())
			}
			return cty.NumberIntVal(int64(args[0].LengthInt())), nil
		},
	})
}

func startsWith() function.Function {
	return says([]function.Parameter{may("text", cty.String), must("beginning", cty.String)}, func(args []cty.Value) (bool, error) {
		return !args[0].IsNull() && strings.HasPrefix(args[0].AsString(), args[1].AsString()), nil
	})
}

func endsWith() function.Function {
	return says([]function.Parameter{may("text", cty.String), must("end", cty.String)}, func(args []cty.Value) (bool, error) {
		return !args[0].IsNull() && strings.HasSuffix(args[0].AsString(), args[1].AsString()), nil
	})
}

// atLeast compares numbers, also one that is an argument's text, and each of a list.
func atLeast() function.Function {
	return says([]function.Parameter{may("value", cty.DynamicPseudoType), must("least", cty.Number)}, func(args []cty.Value) (bool, error) {
		v := args[0]
		if v.IsNull() || !v.Type().IsListType() && !v.Type().IsTupleType() {
			return asMuch(v, args[1])
		}
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			if ok, err := asMuch(e, args[1]); !ok || err != nil {
				return false, err
			}
		}
		return true, nil
	})
}

func asMuch(v, least cty.Value) (bool, error) {
	switch {
	case !v.IsKnown():
		return false, errUnknown
	case v.IsNull():
		return false, nil
	case v.Type() == cty.Number:
	case v.Type() == cty.String:
		n, err := strconv.ParseInt(v.AsString(), 10, 64)
		if err != nil {
			return false, nil // what is no number is not as much
		}
		v = cty.NumberIntVal(n)
	default:
		return false, fmt.Errorf("a number is needed, not %s", v.Type().FriendlyName())
	}
	return v.GreaterThanOrEqualTo(least).True(), nil
}

// repositoryOf is an image's name without what says which version of it is meant:
// "registry.example.com:5000/app" of "registry.example.com:5000/app:1.2@sha256:…".
func repositoryOf() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "image", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			name, _, _ := strings.Cut(args[0].AsString(), "@")
			if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
				name = name[:colon]
			}
			return cty.StringVal(name), nil
		},
	})
}

// ofPath judges what lies at a path by a word, which is read before there is a path.
// Of nothing it is false.
func ofPath(word string, read func(string) (func(mode uint64, user, group string) bool, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{must(word, cty.String), may("path", pathType)},
		Type: func(args []cty.Value) (cty.Type, error) {
			if !args[0].IsKnown() {
				return cty.Bool, nil
			}
			_, err := read(args[0].AsString())
			return cty.Bool, err
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if !args[1].IsWhollyKnown() {
				return cty.UnknownVal(cty.Bool), nil
			}
			judge, err := read(args[0].AsString())
			switch {
			case err != nil || args[1].IsNull():
				return cty.False, err
			}
			text := func(name string) string { return args[1].GetAttr(name).AsString() }
			mode, err := strconv.ParseUint(text("mode"), 8, 12)
			return cty.BoolVal(judge(mode, text("owner"), text("group"))), err
		},
	})
}

// modeWithin says whether what is there has no permission beyond some: 0640 is not
// within 0600.
func modeWithin() function.Function {
	return ofPath("most", func(text string) (func(uint64, string, string) bool, error) {
		most, err := strconv.ParseUint(text, 8, 12)
		if err != nil {
			return nil, fmt.Errorf("%q is no mode; write it as in \"0600\"", text)
		}
		return func(mode uint64, _, _ string) bool { return mode&^most == 0 }, nil
	})
}

// ownedBy says whether what is there is a user's and a group's.
func ownedBy() function.Function {
	return ofPath("owner", func(text string) (func(uint64, string, string) bool, error) {
		wantUser, wantGroup, both := strings.Cut(text, ":")
		if !both {
			return nil, fmt.Errorf("%q is no owner; write user and group as in \"root:root\"", text)
		}
		return func(_ uint64, user, group string) bool { return user == wantUser && group == wantGroup }, nil
	})
}

// duration is a time such as "5m0s" in seconds, null of nothing and of what is none.
func duration() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{may("time", cty.String)},
		Type:   function.StaticReturnType(cty.Number),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if args[0].IsNull() {
				return cty.NullVal(cty.Number), nil
			}
			d, err := time.ParseDuration(args[0].AsString())
			if err != nil {
				return cty.NullVal(cty.Number), nil
			}
			return cty.NumberFloatVal(d.Seconds()), nil
		},
	})
}

// version is a release such as "1.36", or "v1.36" as Pod Security has it, as a number to
// compare cluster.kubernetes with.
func version() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{must("release", cty.String)},
		Type:   function.StaticReturnType(cty.Number),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			major, rest, ok := strings.Cut(strings.TrimPrefix(args[0].AsString(), "v"), ".")
			a, err := strconv.ParseUint(major, 10, 8)
			b, err2 := strconv.ParseUint(rest, 10, 8)
			if !ok || err != nil || err2 != nil {
				return cty.DynamicVal, fmt.Errorf("%q is no release; write it as in \"1.36\"", args[0].AsString())
			}
			return cty.NumberIntVal(int64(a)*1000 + int64(b)), nil
		},
	})
}
