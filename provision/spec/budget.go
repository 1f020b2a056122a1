package spec

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

const (
	maxSteps  = 1 << 20 // evaluations, elements and pieces of text in one spec
	maxText   = 4 << 20 // bytes of one string
	maxNested = 64      // depth of a value
	maxBits   = 4096    // of a number's binary exponent: 1e999 has 3319
	textStep  = 64      // bytes of text that cost one step
	setStep   = 32      // steps for what a set holds: cty hashes and sorts it again each time
)

// budget is what all expressions of one spec may cost together. An expression
// of 200 bytes can ask for 10^9 elements, and HCL itself would build them.
type budget struct {
	left int
	why  string // set once it is used up
}

// overBudget unwinds HCL's evaluation, which would otherwise go on with every
// element that is left. It never leaves this package.
type overBudget struct{}

// spend takes steps, and ends the evaluation when there are none left.
func (b *budget) spend(steps int) {
	if err := b.charge(steps); err != nil {
		panic(overBudget{})
	}
}

// charge is spend for functions, where cty would turn a panic into text.
func (b *budget) charge(steps int) error {
	if b.why == "" && (steps < 0 || steps > b.left) {
		b.why = fmt.Sprintf("The expressions of a spec may take %d steps together", maxSteps)
	}
	if b.why != "" {
		return fmt.Errorf("%s", b.why)
	}
	b.left -= steps
	return nil
}

// refuse uses the budget up.
func (b *budget) refuse(why string) error {
	if b.why == "" {
		b.why = why
	}
	return fmt.Errorf("%s", b.why)
}

// weigh charges for a value: for itself, or for all that it holds. Values
// share their parts, so what it holds can be far more than memory shows; it
// counts what code that walks the value would visit.
func (b *budget) weigh(v cty.Value, deep bool) error { return b.weighAt(v, deep, 0, 1) }

// weighAt charges so many steps for each thing that a value holds.
func (b *budget) weighAt(v cty.Value, deep bool, depth, each int) error {
	if depth > maxNested {
		return b.refuse(fmt.Sprintf("A value holds more than %d levels of lists and objects", maxNested))
	}
	v, _ = v.Unmark()
	if !v.IsKnown() || v.IsNull() {
		return nil
	}
	switch t := v.Type(); {
	case t == cty.String:
		n := len(v.AsString())
		if n > maxText {
			return b.refuse(fmt.Sprintf("A string has more than %d bytes", maxText))
		}
		return b.charge(n / textStep * each)
	case t == cty.Number:
		n := v.AsBigFloat()
		if e := n.MantExp(nil); n.IsInf() || e > maxBits || e < -maxBits || n.Prec() > maxBits {
			return b.refuse("A number is larger or finer than any setting needs")
		}
	case v.CanIterateElements():
		if deep && t.IsSetType() {
			each = setStep
		}
		if err := b.charge(v.LengthInt() * each); err != nil || !deep {
			return err
		}
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			if err := b.weighAt(k, true, depth+1, each); err != nil {
				return err
			}
			if err := b.weighAt(e, true, depth+1, each); err != nil {
				return err
			}
		}
	}
	return nil
}

// metered is an expression that pays for what it does.
type metered struct {
	hclsyntax.Expression
	budget *budget
	deep   bool // whoever asked walks the whole value
}

// Value implements hcl.Expression.
func (m metered) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	m.budget.spend(1)
	v, diags := m.Expression.Value(ctx)
	if err := m.budget.weigh(v, m.deep); err != nil {
		panic(overBudget{})
	}
	return v, diags
}

// meter puts the inner expressions of e behind the budget, and e itself.
func (b *budget) meter(e hclsyntax.Expression, deep bool) hclsyntax.Expression {
	in := func(inner *hclsyntax.Expression, deep bool) {
		if *inner != nil {
			*inner = b.meter(*inner, deep)
		}
	}
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr, metered:
		return e // HCL asks for this very type in templates; and it is as small as its text
	case *hclsyntax.ParenthesesExpr:
		in(&e.Expression, deep)
	case *hclsyntax.RelativeTraversalExpr:
		in(&e.Source, false)
	case *hclsyntax.FunctionCallExpr:
		for i := range e.Args {
			in(&e.Args[i], false) // functions weigh their arguments themselves
		}
	case *hclsyntax.ConditionalExpr:
		in(&e.Condition, false)
		in(&e.TrueResult, true) // both are converted to one type
		in(&e.FalseResult, true)
	case *hclsyntax.IndexExpr:
		in(&e.Collection, false)
		in(&e.Key, false)
	case *hclsyntax.TupleConsExpr:
		for i := range e.Exprs {
			in(&e.Exprs[i], false)
		}
	case *hclsyntax.ObjectConsExpr:
		for i := range e.Items {
			in(&e.Items[i].KeyExpr, false)
			in(&e.Items[i].ValueExpr, false)
		}
	case *hclsyntax.ObjectConsKeyExpr:
		// A bare word is a key only as long as HCL can see that it is one.
		if _, word := e.Wrapped.(*hclsyntax.ScopeTraversalExpr); !word {
			in(&e.Wrapped, false)
		}
	case *hclsyntax.ForExpr:
		in(&e.CollExpr, false)
		in(&e.KeyExpr, false)
		in(&e.ValExpr, false)
		in(&e.CondExpr, false)
	case *hclsyntax.SplatExpr:
		in(&e.Source, false)
		in(&e.Each, false)
	case *hclsyntax.TemplateExpr:
		for i := range e.Parts {
			in(&e.Parts[i], false)
		}
	case *hclsyntax.TemplateJoinExpr:
		in(&e.Tuple, true)
	case *hclsyntax.TemplateWrapExpr:
		in(&e.Wrapped, deep)
	case *hclsyntax.BinaryOpExpr:
		in(&e.LHS, true) // equality walks both
		in(&e.RHS, true)
	case *hclsyntax.UnaryOpExpr:
		in(&e.Val, false)
	}
	return metered{e, b, deep}
}
