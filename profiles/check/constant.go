package check

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// instead is what to do in place of a check that is no question.
const instead = "Take it out. What is not to be asked is left out of a profile by without, and what is known not to be met is waived."

// constants refuses what decides a check, or a part of it, whatever the cluster has, as far
// as that is plain to see: a true or false that somebody wrote into it.
func constants(e hclsyntax.Expression) hcl.Diagnostics {
	return hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.BinaryOpExpr:
			and := n.Op == hclsyntax.OpLogicalAnd
			if !and && n.Op != hclsyntax.OpLogicalOr {
				return nil
			}
			for _, operand := range []hclsyntax.Expression{n.LHS, n.RHS} {
				is, written := literal(operand)
				switch {
				case !written:
				case is == and:
					return refused(operand.Range(), "Part without effect", "This %t changes nothing: the other side alone decides. %s", is, instead)
				case is:
					return refused(operand.Range(), "Always true", "By this true the answer is true whatever the other side says, so that it can never be false. %s", instead)
				default:
					return refused(operand.Range(), "Always false", "By this false the answer is false whatever the other side says, so that it can never be true. %s", instead)
				}
			}
		case *hclsyntax.FunctionCallExpr:
			every := n.Name == "all"
			if !every && n.Name != "any" || len(n.Args) != 1 {
				return nil
			}
			loop, is := bare(n.Args[0]).(*hclsyntax.ForExpr)
			if !is {
				return nil
			}
			// any of true, and all of false, say whether there is an element at all.
			if is, written := literal(loop.ValExpr); written && is == every {
				return refused(loop.ValExpr.Range(), map[bool]string{true: "Always true", false: "Always false"}[every],
					"Of every element this is %t, so that %s(…) is %t whatever is in the list. Say what has to hold of an element, as in [for p in pods() : !p.host_network].", is, n.Name, is)
			}
		}
		return nil
	})
}

// literal is a true or false that is written out.
func literal(e hclsyntax.Expression) (is, written bool) {
	v, ok := bare(e).(*hclsyntax.LiteralValueExpr)
	if !ok || v.Val.Type() != cty.Bool || v.Val.IsNull() {
		return false, false
	}
	return v.Val.True(), true
}

// bare is an expression without what is only around it.
func bare(e hclsyntax.Expression) hclsyntax.Expression {
	for {
		around, is := e.(*hclsyntax.ParenthesesExpr)
		if !is {
			return e
		}
		e = around.Expression
	}
}
