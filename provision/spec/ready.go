package spec

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// settingBlocks are ready blocks that set what is wished for.
func settingBlocks(wishes []wish) string {
	file := hclwrite.NewEmptyFile()
	for _, w := range wishes {
		if w.setting.Rule == cluster.Exempt {
			continue // what is not said is the strictest
		}
		body, parts := file.Body(), strings.Split(w.path, ".")
		if w.setting.Component != "" {
			parts = strings.SplitN(w.path, ".", 2)[:1]
		}
		for _, name := range parts[:max(len(parts)-1, 1)] {
			next := body.FirstMatchingBlock(name, nil)
			if next == nil {
				next = body.AppendNewBlock(name, nil)
			}
			body = next.Body()
		}
		if w.setting.Component == "" {
			body.SetAttributeValue(parts[len(parts)-1], valueOf(w.value))
			continue
		}
		kind, key, _ := strings.Cut(strings.TrimPrefix(w.path, w.setting.Component+"."), ".")
		body.SetAttributeValue(kind, cty.ObjectVal(map[string]cty.Value{key: valueOf(w.value)}))
	}
	return "  " + strings.ReplaceAll(strings.TrimSpace(string(file.Bytes())), "\n", "\n  ")
}

// valueOf is a setting's value as HCL writes it.
func valueOf(v any) cty.Value {
	switch v := v.(type) {
	case bool:
		return cty.BoolVal(v)
	case int64:
		return cty.NumberIntVal(v)
	case []string:
		var all []cty.Value
		for _, e := range v {
			all = append(all, cty.StringVal(e))
		}
		return cty.TupleVal(all)
	}
	return cty.StringVal(cluster.Text(v))
}

// quoted is a value as a spec has it.
func quoted(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case []string:
		var all []string
		for _, e := range v {
			all = append(all, fmt.Sprintf("%q", e))
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	return cluster.Text(v)
}
