package spec

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// No diagnostic shows a value that came from a sensitive variable, nor what
// was made of one. What such a value is at fault for is said where it was
// used, in other words; elsewhere the value is cut out of the text.

const concealed = "What is wrong is not said in detail, since the value comes from a sensitive variable. Correct that variable, or remove its line sensitive = true while you look for the mistake."

// conceal takes values out of diagnostics, whatever they are and however they
// were cut or quoted: a value that is no longer whole is found by no search.
func conceal(diags hcl.Diagnostics) {
	for _, d := range diags {
		d.Detail = concealed
		d.Expression, d.EvalContext = nil, nil // views show the values of its names
	}
}

// secretive says whether an expression uses a sensitive variable, itself or
// through a local. It reads the tree before the budget is wound around it.
func (e *evaluator) secretive(expr hcl.Expression) bool {
	return slices.ContainsFunc(expr.Variables(), func(ref hcl.Traversal) bool {
		root, name, _ := reference(ref)
		return e.secret[root+"."+name]
	})
}

// secretRanges are where an attribute uses sensitive variables: all of it, or
// those items of a map written out that do.
func (e *evaluator) secretRanges(a *hcl.Attribute) []hcl.Range {
	object, ok := a.Expr.(*hclsyntax.ObjectConsExpr)
	if !ok || slices.ContainsFunc(object.Items, func(it hclsyntax.ObjectConsItem) bool { return e.secretive(it.KeyExpr) }) {
		return []hcl.Range{a.Range}
	}
	var out []hcl.Range
	for _, it := range object.Items {
		if e.secretive(it.ValueExpr) {
			out = append(out, hcl.RangeBetween(it.KeyExpr.Range(), it.ValueExpr.Range()))
		}
	}
	return out
}

// keepSecret notes text that no diagnostic of another place may hold, in every
// form that one prints. Shorter text than this would be found in any sentence.
func (l *loader) keepSecret(v cty.Value) {
	const shortest = 3
	keep := func(s string) {
		if len(s) >= shortest {
			l.secrets = append(l.secrets, s)
		}
	}
	v, _ = v.UnmarkDeep()
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		switch {
		case !v.IsKnown() || v.IsNull():
		case v.Type() == cty.Number:
			keep(v.AsBigFloat().Text('f', -1))
		case v.Type() == cty.String:
			s := v.AsString()
			keep(s)
			keep(strings.Trim(strings.TrimSuffix(short(s), "…"), `"`))
			if p, err := netip.ParsePrefix(s); err == nil {
				keep(p.String())
			} else if a, err := netip.ParseAddr(s); err == nil {
				keep(a.String())
			}
		}
		return true, nil
	})
}

// withoutSecrets is the last thing done to diagnostics.
func (l *loader) withoutSecrets(diags hcl.Diagnostics) {
	slices.SortFunc(l.secrets, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	l.secrets = slices.Compact(l.secrets)
	for i, d := range diags {
		if d.Subject != nil && slices.ContainsFunc(l.hidden, func(r hcl.Range) bool { return inside(*d.Subject, r) || inside(r, *d.Subject) }) {
			conceal(diags[i : i+1])
		}
		for _, s := range l.secrets {
			d.Summary = strings.ReplaceAll(d.Summary, s, "<secret>")
			d.Detail = strings.ReplaceAll(d.Detail, s, "<secret>")
		}
	}
}

func inside(r, of hcl.Range) bool {
	return r.Filename == of.Filename && of.Start.Byte <= r.Start.Byte && r.End.Byte <= of.End.Byte
}
