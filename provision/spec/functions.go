package spec

import (
	"fmt"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// functions are what a spec may call: cty's standard set without clocks and
// randomness, the addresses, and file. All of them depend on the spec alone.
func (e *evaluator) standard(files *folder) map[string]function.Function {
	all := map[string]function.Function{
		"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "int": stdlib.IntFunc,
		"log": stdlib.LogFunc, "max": stdlib.MaxFunc, "min": stdlib.MinFunc, "parseint": stdlib.ParseIntFunc,
		"pow": stdlib.PowFunc, "signum": stdlib.SignumFunc,

		"chomp": stdlib.ChompFunc, "format": stdlib.FormatFunc, "formatlist": stdlib.FormatListFunc,
		"indent": stdlib.IndentFunc, "join": stdlib.JoinFunc, "lower": stdlib.LowerFunc, "regex": stdlib.RegexFunc,
		"regexall": stdlib.RegexAllFunc, "regexreplace": stdlib.RegexReplaceFunc, "replace": stdlib.ReplaceFunc,
		"sort": stdlib.SortFunc, "split": stdlib.SplitFunc, "strlen": stdlib.StrlenFunc, "strrev": stdlib.ReverseFunc,
		"substr": stdlib.SubstrFunc, "title": stdlib.TitleFunc, "trim": stdlib.TrimFunc, "trimprefix": stdlib.TrimPrefixFunc,
		"trimspace": stdlib.TrimSpaceFunc, "trimsuffix": stdlib.TrimSuffixFunc, "upper": stdlib.UpperFunc,

		"chunklist": stdlib.ChunklistFunc, "coalesce": stdlib.CoalesceFunc, "coalescelist": stdlib.CoalesceListFunc,
		"compact": stdlib.CompactFunc, "concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc,
		"distinct": stdlib.DistinctFunc, "element": stdlib.ElementFunc, "flatten": stdlib.FlattenFunc,
		"hasindex": stdlib.HasIndexFunc, "index": stdlib.IndexFunc, "keys": stdlib.KeysFunc, "length": stdlib.LengthFunc,
		"lookup": stdlib.LookupFunc, "merge": stdlib.MergeFunc, "range": stdlib.RangeFunc, "reverse": stdlib.ReverseListFunc,
		"slice": stdlib.SliceFunc, "values": stdlib.ValuesFunc, "zipmap": stdlib.ZipmapFunc,

		"sethaselement": stdlib.SetHasElementFunc, "setintersection": stdlib.SetIntersectionFunc,
		"setproduct": stdlib.SetProductFunc, "setsubtract": stdlib.SetSubtractFunc,
		"setsymmetricdifference": stdlib.SetSymmetricDifferenceFunc, "setunion": stdlib.SetUnionFunc,

		"csvdecode": stdlib.CSVDecodeFunc, "jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc,

		"tobool": stdlib.MakeToFunc(cty.Bool), "tonumber": stdlib.MakeToFunc(cty.Number), "tostring": stdlib.MakeToFunc(cty.String),
		"tolist": stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)), "tomap": stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
		"toset": stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)),

		"cidrhost": cidrHost(), "cidrsubnet": cidrSubnet(),
		"file": readFile(files), "env": envElsewhere(),
	}
	for name, f := range all {
		all[name] = e.budget.bounded(name, f)
	}
	return all
}

// bounded is a function that pays for what it walks and builds, before it does.
func (b *budget) bounded(name string, f function.Function) function.Function {
	pay := func(args []cty.Value) error {
		for _, a := range args {
			if err := b.weigh(a, true); err != nil {
				return err
			}
		}
		return b.foresee(name, args)
	}
	return function.New(&function.Spec{
		Description: f.Description(),
		Params:      f.Params(),
		VarParam:    f.VarParam(),
		// Some functions do their work already to find the type.
		Type: func(args []cty.Value) (cty.Type, error) {
			if err := pay(args); err != nil {
				return cty.DynamicPseudoType, err
			}
			return f.ReturnTypeForValues(args)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v, err := f.Call(args)
			if err != nil {
				return v, err
			}
			return v, b.weigh(v, true)
		},
	})
}

// foresee charges for results that can be far larger than their arguments.
func (b *budget) foresee(name string, args []cty.Value) error {
	switch name {
	case "parseint":
		if len(text(args, 0)) > maxDigits {
			return fmt.Errorf("the number has more than %d digits", maxDigits)
		}
	case "jsondecode":
		if jsonDepth(text(args, 0)) > maxNested {
			return b.refuse(fmt.Sprintf("The JSON text is nested more than %d levels deep", maxNested))
		}
	case "distinct", "toset", "tomap", "sethaselement", "setintersection", "setproduct", "setsubtract", "setsymmetricdifference", "setunion":
		return b.foreseeSet(name, args)
	case "join":
		n := len(text(args, 0))
		pieces := 0
		for _, list := range args[1:] {
			pieces += count(list)
		}
		return b.build(times(n, pieces))
	case "indent":
		if n := args[0]; n.IsKnown() && !n.IsNull() {
			spaces, _ := n.AsBigFloat().Int64()
			if spaces > 1000 {
				return fmt.Errorf("a line can be indented by 1000 spaces at most")
			}
			return b.build(times(int(spaces), 1+strings.Count(text(args, 1), "\n")))
		}
	case "replace":
		return b.build(times(strings.Count(text(args, 0), text(args, 1)), len(text(args, 2))))
	case "split":
		return b.charge(strings.Count(text(args, 1), text(args, 0)))
	case "regex", "regexall", "regexreplace":
		return b.foreseeRegex(name, args)
	case "format", "formatlist":
		return b.foreseeFormat(args)
	}
	return nil
}

// foreseeRegex charges what matching takes: a program can be a thousand times
// its pattern, and every letter may have to go through all of it.
func (b *budget) foreseeRegex(name string, args []cty.Value) error {
	pattern, subject := text(args, 0), text(args, 1)
	if name == "regexreplace" {
		pattern, subject = text(args, 1), text(args, 0)
		if err := b.build(times(len(subject)+1, len(text(args, 2)))); err != nil {
			return err
		}
	}
	if len(pattern) > 1024 {
		return fmt.Errorf("the pattern has more than 1024 characters")
	}
	program := len(pattern)
	if strings.Contains(pattern, "{") {
		program += 1000
	}
	return b.charge(times(len(subject), program) / textStep)
}

// foreseeFormat charges for the text and, for formatlist, for every line of it.
func (b *budget) foreseeFormat(args []cty.Value) error {
	layout := text(args, 0)
	digits := 0
	for _, c := range layout {
		if digits++; c < '0' || c > '9' {
			digits = 0
		}
		if digits > 3 {
			return fmt.Errorf("a width or precision has more than 3 digits")
		}
	}
	largest, rows := 1000, 1 // a width or precision alone makes as much
	for i := range args[1:] {
		if a, _ := args[1+i].Unmark(); a.IsKnown() && !a.IsNull() && a.CanIterateElements() {
			rows = max(rows, a.LengthInt())
			for it := a.ElementIterator(); it.Next(); {
				_, v := it.Element()
				largest = max(largest, len(text([]cty.Value{v}, 0)))
			}
		}
		largest = max(largest, len(text(args, 1+i)))
	}
	verbs := strings.Count(layout, "%")
	if verbs == 0 {
		return b.build(times(len(layout), rows))
	}
	// Most verbs print a few letters: only what could be a bomb is an estimate.
	if worst := times(times(verbs, largest), rows); worst > maxText {
		return b.build(worst)
	}
	return b.charge(rows)
}

// build charges for text that is about to be made.
func (b *budget) build(bytes int) error {
	if bytes > 4*maxText {
		return b.refuse(fmt.Sprintf("A function's result may have about %d bytes", maxText))
	}
	return b.charge(bytes / textStep)
}

// text is an argument when it is a string, or "".
func text(args []cty.Value, i int) string {
	if i >= len(args) {
		return ""
	}
	v, _ := args[i].Unmark()
	if v.IsKnown() && !v.IsNull() && v.Type() == cty.String {
		return v.AsString()
	}
	return ""
}

func count(v cty.Value) int {
	v, _ = v.Unmark()
	if v.IsKnown() && !v.IsNull() && v.CanIterateElements() {
		return v.LengthInt()
	}
	return 0
}

// times multiplies without overflow: beyond the limits a number is as good as any.
func times(a, b int) int {
	const enough = 1 << 40
	if a != 0 && b > enough/a {
		return enough
	}
	return a * b
}

func jsonDepth(s string) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
			deepest = max(deepest, depth)
		case c == ']' || c == '}':
			depth--
		}
	}
	return deepest
}
