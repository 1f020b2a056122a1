package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// maxComplaints is how many problems one expression may report: a for
// expression would report one for each element.
const maxComplaints = 3

// secret marks the value of a variable that is sensitive.
type secret struct{}

// evaluator gives expressions their values. A name whose value could not be
// found is unknown, and so is all that needs it: its problem was reported once.
type evaluator struct {
	budget    *budget
	functions map[string]function.Function
	vars      map[string]cty.Value
	locals    map[string]cty.Value
	secret    map[string]bool // "var.x" and "local.x" whose values no diagnostic may show
}

// value evaluates one expression. Without a problem, it may still be unknown:
// then one was reported where the value should have come from.
func (e *evaluator) value(expr hcl.Expression) (cty.Value, hcl.Diagnostics) {
	ctx, diags := e.scope(expr.Variables())
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	ctx.Functions = e.functions
	secret := e.secretive(expr)
	v, diags := e.within(expr, ctx)
	if secret {
		conceal(diags)
	}
	return v, diags
}

// within evaluates inside the budget, and says so where it ends.
func (e *evaluator) within(expr hcl.Expression, ctx *hcl.EvalContext) (v cty.Value, diags hcl.Diagnostics) {
	if e.budget.why != "" {
		return cty.DynamicVal, nil // reported where it ended
	}
	native, ok := expr.(hclsyntax.Expression)
	if !ok {
		return cty.DynamicVal, hcl.Diagnostics{problem(CodeEval, expr.Range(), "Not an expression", "Only HCL's native syntax is read; write the value as HCL.")}
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case overBudget:
		default:
			panic(r)
		}
		if e.budget.why != "" {
			v = cty.DynamicVal
			diags = hcl.Diagnostics{problem(CodeBudget, expr.Range(), "Expression builds too much",
				"%s, and this one would go beyond. Write the values out, or split the cluster's data into simpler lists.", e.budget.why)}
		}
	}()
	v, diags = e.budget.meter(native, false).Value(ctx)
	if len(diags) > maxComplaints {
		diags = diags[:maxComplaints]
	}
	for _, d := range diags {
		// HCL's own suggestion is another one each time, and seldom the nearest.
		if unknown, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallUnknownDiagExtra](d); ok {
			name := unknown.CalledFunctionNamespace() + unknown.CalledFunctionName()
			d.Detail = fmt.Sprintf("There is no function %q.%s", name, didYouMean(name, keys(ctx.Functions)))
			d.Extra = CodeReference
		}
	}
	return v, tagged(diags, CodeEval)
}

// scope is what an expression's names mean. It holds only the names that are
// used: handing every local to every local would be quadratic.
func (e *evaluator) scope(refs []hcl.Traversal) (*hcl.EvalContext, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	named := map[string]map[string]cty.Value{}
	for _, ref := range refs {
		root, name, ok := reference(ref)
		known := map[string]map[string]cty.Value{"var": e.vars, "local": e.locals}[root]
		switch {
		case known == nil:
			diags = append(diags, unknownRoot(ref))
			continue
		case !ok:
			diags = append(diags, problem(CodeReference, ref.SourceRange(), "Reference without a name",
				"%q stands for all of them; name one, as in %s.name.", root, root))
			continue
		}
		v, ok := known[name]
		if !ok {
			what := map[string]string{"var": "variable", "local": "local"}[root]
			diags = append(diags, problem(CodeReference, ref.SourceRange(), "Unknown "+what,
				"There is no %s %q.%s %s", what, name, didYouMean(name, keys(known)),
				map[string]string{"var": "Declare it with a variable block.", "local": "Define it in a locals block."}[root]))
			continue
		}
		if named[root] == nil {
			named[root] = map[string]cty.Value{}
		}
		named[root][name] = v
	}
	ctx := &hcl.EvalContext{Variables: map[string]cty.Value{}}
	for root, values := range named {
		ctx.Variables[root] = cty.ObjectVal(values)
	}
	return ctx, diags
}

// reference splits var.x, local.x and local["x"].
func reference(ref hcl.Traversal) (root, name string, ok bool) {
	root = ref.RootName()
	if len(ref) < 2 {
		return root, "", false
	}
	switch step := ref[1].(type) {
	case hcl.TraverseAttr:
		return root, step.Name, true
	case hcl.TraverseIndex:
		if step.Key.Type() == cty.String {
			return root, step.Key.AsString(), true
		}
	}
	return root, "", false
}

func unknownRoot(ref hcl.Traversal) *hcl.Diagnostic {
	name := ref.RootName()
	if len(ref) == 1 {
		return problem(CodeReference, ref.SourceRange(), "Unknown name",
			"Nothing is called %s. If it is meant as text, put it in quotes: %q.%s", name, name, didYouMean(name, []string{"true", "false", "null"}))
	}
	return problem(CodeReference, ref.SourceRange(), "Unknown name",
		"Nothing is called %s.%s An expression may use var.name, local.name and functions.", name, didYouMean(name, []string{"var", "local"}))
}

// define evaluates the locals in the order they need each other.
func (e *evaluator) define(blocks []*localsText) hcl.Diagnostics {
	var diags hcl.Diagnostics
	attrs := map[string]*hcl.Attribute{}
	for _, b := range blocks {
		for _, a := range inOrder(b.Attrs) {
			if first, twice := attrs[a.Name]; twice {
				diags = append(diags, problem(CodeDuplicate, a.NameRange, "Local defined twice",
					"local.%s is already defined on %s line %d. Rename or remove one.", a.Name, first.Range.Filename, first.Range.Start.Line))
				continue
			}
			attrs[a.Name] = a
			e.locals[a.Name] = cty.DynamicVal // known by name, whatever becomes of it
		}
	}
	needs, neededBy := map[string]int{}, map[string][]string{}
	var ready []string
	for _, a := range inOrder(attrs) {
		needed := map[string]bool{}
		for _, ref := range a.Expr.Variables() {
			root, other, ok := reference(ref)
			if ok && root == "local" && attrs[other] != nil && !needed[other] {
				needed[other] = true
				neededBy[other] = append(neededBy[other], a.Name)
			}
		}
		if needs[a.Name] = len(needed); len(needed) == 0 {
			ready = append(ready, a.Name)
		}
	}
	for done := 0; done < len(ready); done++ {
		name := ready[done]
		v, d := e.value(attrs[name].Expr)
		if err := e.budget.weigh(v, true); err != nil && !d.HasErrors() {
			d = append(d, problem(CodeBudget, attrs[name].Expr.Range(), "Local holds too much",
				"%s, and this one goes beyond. Write the values out, or keep them in fewer places.", err))
			v = cty.DynamicVal
		}
		diags = append(diags, d...)
		e.locals[name] = v
		e.secret["local."+name] = v.ContainsMarked()
		for _, other := range neededBy[name] {
			if needs[other]--; needs[other] == 0 {
				ready = append(ready, other)
			}
		}
	}
	return append(diags, cycle(attrs, needs)...)
}

// cycle names one ring among the locals that nothing made ready.
func cycle(attrs map[string]*hcl.Attribute, needs map[string]int) hcl.Diagnostics {
	for _, a := range inOrder(attrs) {
		if needs[a.Name] <= 0 {
			continue
		}
		// From any local that waits, going to one it waits for must come round.
		var path []string
		for name := a.Name; ; {
			if i := slices.Index(path, name); i >= 0 {
				path = append(path[i:], name)
				break
			}
			path = append(path, name)
			for _, ref := range attrs[name].Expr.Variables() {
				if root, other, ok := reference(ref); ok && root == "local" && needs[other] > 0 {
					name = other
					break
				}
			}
			if len(path) > maxNested {
				path = append(path, "…")
				break
			}
		}
		return hcl.Diagnostics{problem(CodeCycle, attrs[path[0]].Range, "Locals need each other",
			"local.%s: none of them can have a value. Break the ring by writing one of them out.", strings.Join(path, " needs local."))}
	}
	return nil
}
