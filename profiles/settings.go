package profiles

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Settings are the paths of what a control hardens: by its own block, and by the
// table of hardened settings.
func (c *Control) Settings() []string {
	var out []string
	if c.Harden != nil {
		out = written(c.Harden, "")
	}
	for _, s := range cluster.Hardened() {
		if !slices.Contains(s.Refs, c.ID) {
			continue
		}
		kind := ".args."
		if s.Component == cluster.CompKubelet || s.Component == cluster.CompKubeProxy {
			kind = ".config."
		}
		out = append(out, s.Component+kind+s.Key)
	}
	return out
}

// written are the paths of all attributes in a block, in the order of its text.
func written(b *hclsyntax.Body, prefix string) []string {
	type part struct {
		at    int
		paths []string
	}
	var parts []part
	for name, a := range b.Attributes {
		parts = append(parts, part{a.NameRange.Start.Byte, fields(a.Expr, prefix+name)})
	}
	for _, inner := range b.Blocks {
		path := strings.Join(append([]string{prefix + inner.Type}, inner.Labels...), ".")
		parts = append(parts, part{inner.TypeRange.Start.Byte, written(inner.Body, path+".")})
	}
	slices.SortFunc(parts, func(a, b part) int { return a.at - b.at })
	var out []string
	for _, p := range parts {
		out = append(out, p.paths...)
	}
	return out
}

// fields are the paths that an attribute sets: its own, or those of an object's keys.
func fields(e hcl.Expression, path string) []string {
	pairs, diags := hcl.ExprMap(e)
	if diags.HasErrors() || len(pairs) == 0 {
		return []string{path}
	}
	var out []string
	for _, p := range pairs {
		key, diags := p.Key.Value(nil)
		if diags.HasErrors() || key.IsNull() || !key.IsKnown() || key.Type() != cty.String {
			return []string{path}
		}
		out = append(out, fields(p.Value, path+"."+key.AsString())...)
	}
	return out
}

// sets says whether there is a setting in a block at all.
func sets(b *hclsyntax.Body) bool {
	for _, a := range b.Attributes {
		if value(a.Expr) {
			return true
		}
	}
	return slices.ContainsFunc(b.Blocks, func(inner *hclsyntax.Block) bool { return sets(inner.Body) })
}

// value says whether an expression is more than objects that hold nothing.
func value(e hcl.Expression) bool {
	pairs, diags := hcl.ExprMap(e)
	return diags.HasErrors() || slices.ContainsFunc(pairs, func(p hcl.KeyValuePair) bool { return value(p.Value) })
}
