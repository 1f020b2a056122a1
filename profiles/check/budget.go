package check

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// What an expression may cost is bounded by its size and by how deep its loops are, before
// it is asked; what it goes through of a cluster is counted when it is, see [MostSteps].
const (
	// MostParts is how many parts an expression may have.
	MostParts = 400
	// MostLoops is how deep loops may be inside each other.
	MostLoops = 2
)

// within says what in an expression goes beyond the budget.
func within(e hclsyntax.Expression) hcl.Diagnostics {
	w := &walk{}
	diags := hclsyntax.Walk(e, w)
	if w.parts > MostParts {
		return refused(e.Range(), "Check is too long", "A check may have %d parts, and this has %d; make it several controls.", MostParts, w.parts)
	}
	return diags
}

type walk struct{ parts, loops int }

// Enter implements hclsyntax.Walker.
func (w *walk) Enter(n hclsyntax.Node) hcl.Diagnostics {
	w.parts++
	if loops(n) {
		if w.loops++; w.loops > MostLoops {
			return refused(n.Range(), "Loops too deep", "Loops of a check may stand in each other, but no deeper than %d.", MostLoops)
		}
	}
	return nil
}

// Exit implements hclsyntax.Walker.
func (w *walk) Exit(n hclsyntax.Node) hcl.Diagnostics {
	if loops(n) {
		w.loops--
	}
	return nil
}

func loops(n hclsyntax.Node) bool {
	switch n.(type) {
	case *hclsyntax.ForExpr, *hclsyntax.SplatExpr:
		return true
	}
	return false
}

func refused(at hcl.Range, summary, format string, args ...any) hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &at}}
}

// explained are HCL's complaints with what can be written instead.
func explained(diags hcl.Diagnostics) hcl.Diagnostics {
	for _, d := range diags {
		if unknown, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallUnknownDiagExtra](d); ok {
			d.Detail = fmt.Sprintf("There is no function %q; a check may call %s.", unknown.CalledFunctionName(), listed(Functions()))
		}
	}
	return diags
}
