package check

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// turn is what a loop evaluates for each element.
type turn struct {
	hclsyntax.Expression
	parts int
}

// Value implements hcl.Expression.
func (t *turn) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	if s := stepsOf(ctx); s != nil {
		s.spend(perTurn + t.parts)
	}
	return t.Expression.Value(ctx)
}

// weighed is what is compared, or given to a function, all of which may be gone through.
type weighed struct{ hclsyntax.Expression }

// Value implements hcl.Expression.
func (w *weighed) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	v, diags := w.Expression.Value(ctx)
	if t := v.Type(); v.IsKnown() && !v.IsNull() && (t.IsCollectionType() || t.IsTupleType()) {
		if s := stepsOf(ctx); s != nil {
			s.spend(v.LengthInt())
		}
	}
	return v, diags
}

// counted is an expression that counts its steps. It is a copy: what was read may be
// read again, and a walk through it has to meet what HCL made.
func counted(e hclsyntax.Expression) hclsyntax.Expression {
	switch e := e.(type) {
	case *hclsyntax.ForExpr:
		c := *e
		c.CollExpr, c.KeyExpr, c.ValExpr, c.CondExpr = counted(e.CollExpr), each(e.KeyExpr), each(e.ValExpr), each(e.CondExpr)
		return &c
	case *hclsyntax.SplatExpr:
		c := *e
		c.Source, c.Each = counted(e.Source), each(e.Each)
		return &c
	case *hclsyntax.FunctionCallExpr:
		c := *e
		c.Args = all(e.Args, weigh)
		return &c
	case *hclsyntax.BinaryOpExpr:
		c := *e
		c.LHS, c.RHS = weigh(e.LHS), weigh(e.RHS)
		return &c
	case *hclsyntax.UnaryOpExpr:
		c := *e
		c.Val = counted(e.Val)
		return &c
	case *hclsyntax.ParenthesesExpr:
		c := *e
		c.Expression = counted(e.Expression)
		return &c
	case *hclsyntax.ConditionalExpr:
		c := *e
		c.Condition, c.TrueResult, c.FalseResult = counted(e.Condition), weigh(e.TrueResult), weigh(e.FalseResult)
		return &c
	case *hclsyntax.TupleConsExpr:
		c := *e
		c.Exprs = all(e.Exprs, counted)
		return &c
	case *hclsyntax.ObjectConsExpr:
		c := *e
		c.Items = nil
		for _, i := range e.Items {
			c.Items = append(c.Items, hclsyntax.ObjectConsItem{KeyExpr: counted(i.KeyExpr), ValueExpr: counted(i.ValueExpr)})
		}
		return &c
	case *hclsyntax.ObjectConsKeyExpr:
		c := *e
		c.Wrapped = counted(e.Wrapped)
		return &c
	case *hclsyntax.TemplateExpr:
		c := *e
		c.Parts = all(e.Parts, counted)
		return &c
	case *hclsyntax.TemplateWrapExpr:
		c := *e
		c.Wrapped = counted(e.Wrapped)
		return &c
	case *hclsyntax.TemplateJoinExpr:
		c := *e
		c.Tuple = weigh(e.Tuple)
		return &c
	case *hclsyntax.IndexExpr:
		c := *e
		c.Collection, c.Key = counted(e.Collection), counted(e.Key)
		return &c
	case *hclsyntax.RelativeTraversalExpr:
		c := *e
		c.Source = counted(e.Source)
		return &c
	}
	return e
}

func all(of []hclsyntax.Expression, do func(hclsyntax.Expression) hclsyntax.Expression) []hclsyntax.Expression {
	out := make([]hclsyntax.Expression, len(of))
	for i, e := range of {
		out[i] = do(e)
	}
	return out
}

// each is what a loop does in each turn, nil of what it does not have.
func each(e hclsyntax.Expression) hclsyntax.Expression {
	if e == nil {
		return nil
	}
	w := &walk{}
	_ = hclsyntax.Walk(e, w) // it was walked before, and all of it is allowed
	return &turn{counted(e), w.parts}
}

// weigh is an expression whose value is gone through.
func weigh(e hclsyntax.Expression) hclsyntax.Expression {
	switch e.(type) {
	case *hclsyntax.LiteralValueExpr, *hclsyntax.TemplateExpr: // never a list
		return counted(e)
	}
	return &weighed{counted(e)}
}
