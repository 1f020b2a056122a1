package check

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// source is where functions that ask of a node get their answers. An error is about
// the question, not about the node.
type source interface {
	// arg is the value of an argument that a component runs with, null where it has none.
	arg(component, name string) (cty.Value, error)
	// config is one field of the file that a kubelet or kube-proxy is configured by.
	config(component, field string) (cty.Value, error)
	// feature says whether a component's feature gate is set so, null where it is not named.
	feature(component, gate string) (cty.Value, error)
	// path is what lies at a path, null where nothing does.
	path(path string) (cty.Value, error)
	// owners are those of a folder and of all that lies under it, each once.
	owners(path string) (cty.Value, error)
	// unit is a unit of systemd, null where there is none of the name.
	unit(name string) (cty.Value, error)
	// sysctl is a kernel setting in force.
	sysctl(key string) (cty.Value, error)
}

// pathType and unitType are what path and unit answer with.
var (
	pathType = cty.Object(map[string]cty.Type{"type": cty.String, "mode": cty.String, "owner": cty.String, "group": cty.String})
	unitType = cty.Object(map[string]cty.Type{"enabled": cty.Bool, "active": cty.Bool, "masked": cty.Bool})
)

// Functions are the names of all that a check may call.
func Functions() []string { return slices.Sorted(maps.Keys(functions(nil))) }

func functions(from source) map[string]function.Function {
	return map[string]function.Function{
		"arg":     asks2("component", "name", cty.String, func(a, b string) (cty.Value, error) { return from.arg(a, b) }),
		"config":  asks2("component", "field", cty.DynamicPseudoType, func(a, b string) (cty.Value, error) { return from.config(a, b) }),
		"feature": asks2("component", "gate", cty.Bool, func(a, b string) (cty.Value, error) { return from.feature(a, b) }),
		"path":    asks("path", pathType, func(a string) (cty.Value, error) { return from.path(a) }),
		"owners":  asks("path", cty.List(cty.String), func(a string) (cty.Value, error) { return from.owners(a) }),
		"unit":    asks("name", unitType, func(a string) (cty.Value, error) { return from.unit(a) }),
		"sysctl":  asks("key", cty.String, func(a string) (cty.Value, error) { return from.sysctl(a) }),

		"all": quantifier(true), "any": quantifier(false),
		"has": member(), "subset": subset(), "at_least": atLeast(), "mode_within": modeWithin(),
		"owned_by": ownedBy(), "duration": duration(), "version": version(),
	}
}

// asks is a function of one word that asks of the node.
func asks(name string, answer cty.Type, ask func(string) (cty.Value, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: name, Type: cty.String}},
		Type:   function.StaticReturnType(answer),
		Impl:   func(args []cty.Value, _ cty.Type) (cty.Value, error) { return ask(args[0].AsString()) },
	})
}

// asks2 is one of a component and a word.
func asks2(first, second string, answer cty.Type, ask func(a, b string) (cty.Value, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: first, Type: cty.String}, {Name: second, Type: cty.String}},
		Type: func(args []cty.Value) (cty.Type, error) {
			if answer != cty.DynamicPseudoType || !args[0].IsKnown() || !args[1].IsKnown() {
				return answer, nil
			}
			v, err := ask(args[0].AsString(), args[1].AsString()) // a field has the type it has
			return v.Type(), err
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return ask(args[0].AsString(), args[1].AsString())
		},
	})
}

// may is a parameter that may be absent.
func may(name string, t cty.Type) function.Parameter {
	return function.Parameter{Name: name, Type: t, AllowNull: true, AllowDynamicType: true}
}

func says(params []function.Parameter, say func(args []cty.Value) (bool, error)) function.Function {
	return function.New(&function.Spec{
		Params: params,
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			ok, err := say(args)
			return cty.BoolVal(ok), err
		},
	})
}

// quantifier is all or any. One that decides the answer does so whatever the unknown
// ones may be.
func quantifier(every bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "answers", Type: cty.DynamicPseudoType, AllowUnknown: true, AllowDynamicType: true}},
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
	var out []string
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		if e.IsNull() || e.Type() != cty.String {
			return nil, fmt.Errorf("the list holds something else than text")
		}
		out = append(out, e.AsString())
	}
	return out, nil
}

func member() function.Function {
	return says([]function.Parameter{may("list", cty.DynamicPseudoType), {Name: "word", Type: cty.String}}, func(args []cty.Value) (bool, error) {
		list, err := words(args[0])
		return slices.Contains(list, args[1].AsString()), err
	})
}

// subset says whether there is something, and nothing that is not allowed.
func subset() function.Function {
	return says([]function.Parameter{may("list", cty.DynamicPseudoType), may("allowed", cty.DynamicPseudoType)}, func(args []cty.Value) (bool, error) {
		list, err := words(args[0])
		if err != nil {
			return false, err
		}
		allowed, err := words(args[1])
		return len(list) > 0 && !slices.ContainsFunc(list, func(w string) bool { return !slices.Contains(allowed, w) }), err
	})
}

// atLeast compares numbers, also one that is an argument's text.
func atLeast() function.Function {
	return says([]function.Parameter{may("value", cty.DynamicPseudoType), {Name: "least", Type: cty.Number}}, func(args []cty.Value) (bool, error) {
		v := args[0]
		switch {
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
		return v.GreaterThanOrEqualTo(args[1]).True(), nil
	})
}

// ofPath judges what lies at a path by a word, which is read before there is a path.
// Of nothing it is false.
func ofPath(word string, read func(string) (func(mode uint64, user, group string) bool, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: word, Type: cty.String}, may("path", pathType)},
		Type: func(args []cty.Value) (cty.Type, error) {
			if !args[0].IsKnown() {
				return cty.Bool, nil
			}
			_, err := read(args[0].AsString())
			return cty.Bool, err
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			judge, err := read(args[0].AsString())
			if err != nil || args[1].IsNull() {
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

// version is a release such as "1.36" as a number to compare node.kubernetes with.
func version() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "release", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Number),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			major, rest, ok := strings.Cut(args[0].AsString(), ".")
			a, err := strconv.ParseUint(major, 10, 8)
			b, err2 := strconv.ParseUint(rest, 10, 8)
			if !ok || err != nil || err2 != nil {
				return cty.DynamicVal, fmt.Errorf("%q is no release; write it as in \"1.36\"", args[0].AsString())
			}
			return cty.NumberIntVal(int64(a)*1000 + int64(b)), nil
		},
	})
}

// listed are words as a sentence has them.
func listed(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}
