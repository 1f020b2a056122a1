package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// settingBlocks are ready blocks that set what is wished for.
func settingBlocks(wishes []wish) string {
	file := hclwrite.NewEmptyFile()
	raw := map[string]map[string]any{} // of a component all stands in one attribute
	for _, w := range wishes {
		if w.setting.Rule == cluster.Exempt {
			continue // what is not said is the strictest
		}
		parts := strings.Split(w.path, ".")
		if w.setting.Component == "" {
			blockIn(file.Body(), parts[:len(parts)-1]).SetAttributeValue(parts[len(parts)-1], valueOf(w.value))
			continue
		}
		component, kind := parts[0], parts[1]
		if raw[component] == nil {
			raw[component] = map[string]any{}
		}
		at := raw[component]
		for _, name := range w.fields[:len(w.fields)-1] {
			inner, ok := at[name].(map[string]any)
			if !ok {
				inner = map[string]any{}
				at[name] = inner
			}
			at = inner
		}
		at[w.fields[len(w.fields)-1]] = w.value
		blockIn(file.Body(), parts[:1]).SetAttributeValue(kind, valueOf(raw[component]))
	}
	return "  " + strings.ReplaceAll(strings.TrimSpace(string(file.Bytes())), "\n", "\n  ")
}

// blockIn is the block of these names, each in the one before, made where it is not there.
func blockIn(body *hclwrite.Body, names []string) *hclwrite.Body {
	for _, name := range names {
		next := body.FirstMatchingBlock(name, nil)
		if next == nil {
			next = body.AppendNewBlock(name, nil)
		}
		body = next.Body()
	}
	return body
}

// valueOf is a setting's value as HCL writes it.
func valueOf(v any) cty.Value {
	switch v := v.(type) {
	case nil:
		return cty.NullVal(cty.DynamicPseudoType)
	case bool:
		return cty.BoolVal(v)
	case int64:
		return cty.NumberIntVal(v)
	case float64:
		return cty.NumberFloatVal(v)
	case []string:
		var all []cty.Value
		for _, e := range v {
			all = append(all, cty.StringVal(e))
		}
		return cty.TupleVal(all)
	case []any:
		var all []cty.Value
		for _, e := range v {
			all = append(all, valueOf(e))
		}
		return cty.TupleVal(all)
	case map[string]any:
		all := map[string]cty.Value{}
		for name, e := range v {
			all[name] = valueOf(e)
		}
		return cty.ObjectVal(all)
	}
	return cty.StringVal(cluster.Text(v))
}

// quoted is a value as a spec has it, in one line.
func quoted(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("%q", v)
	case []string:
		var all []string
		for _, e := range v {
			all = append(all, quoted(e))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, quoted(e))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case map[string]any:
		if len(v) == 0 {
			return "{}"
		}
		var all []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			all = append(all, fmt.Sprintf("%q = %s", name, quoted(v[name])))
		}
		return "{ " + strings.Join(all, ", ") + " }"
	}
	return cluster.Text(v)
}
