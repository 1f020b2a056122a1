package spec

import (
	"fmt"
	"maps"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// envPrefix begins the environment variables that set variables of a spec.
const envPrefix = "BULWARK_VAR_"

// declare gives the variables their values: from --var, else from the
// environment, else from their default.
func (l *loader) declare(blocks []*variableText) {
	declared := map[string]*variableText{}
	for _, b := range blocks {
		if first, twice := declared[b.Name]; twice {
			l.report(problem(CodeDuplicate, b.NameRange, "Variable declared twice",
				"Variable %q is already declared on %s line %d. Remove one.", b.Name, first.At.Filename, first.At.Start.Line))
			continue
		}
		if !hclsyntax.ValidIdentifier(b.Name) {
			l.report(problem(CodeName, b.NameRange, "Not a variable's name",
				"%q cannot be written as var.name. Use letters, digits and _.", b.Name))
			continue
		}
		declared[b.Name] = b
		l.eval.vars[b.Name] = l.variable(b)
	}
	for _, name := range keys(l.opts.Vars) {
		if declared[name] == nil {
			l.report(problem(CodeVariable, hcl.Range{}, "Unknown variable",
				"--var %s names a variable the spec does not declare.%s", name, didYouMean(name, keys(declared))))
		}
	}
}

func (l *loader) variable(b *variableText) cty.Value {
	want := cty.DynamicPseudoType
	if b.Type != nil {
		t, diags := typeexpr.TypeConstraint(b.Type.Expr)
		l.report(tagged(diags, CodeVariable)...)
		if diags.HasErrors() {
			return cty.DynamicVal
		}
		want = t
	}
	l.str(b.Description)
	sensitive, _ := l.boolean(b.Sensitive)

	before := len(l.diags)
	v, at := l.variableValue(b, want)
	if sensitive {
		conceal(l.diags[before:])
	}
	if !v.IsKnown() {
		return cty.DynamicVal
	}
	if v.IsNull() {
		l.report(problem(CodeVariable, at, "Variable without a value",
			"Variable %q has no value. Give it a default, pass --var %s=…, or set %s%s.", b.Name, b.Name, envPrefix, b.Name))
		return cty.DynamicVal
	}
	got, err := convert.Convert(v, want)
	if err != nil {
		l.report(problem(CodeType, at, "Variable of another type",
			"Variable %q: %s. Its type is %s.", b.Name, err, typeexpr.TypeString(want)))
		return cty.DynamicVal
	}
	if l.reserved("Variable "+strconv.Quote(b.Name), at, got) {
		return cty.DynamicVal
	}
	if sensitive {
		l.keepSecret(got)
		got = got.Mark(secret{})
		l.eval.secret["var."+b.Name] = true
	}
	return got
}

// variableValue is the value before it is made the type that is wanted.
func (l *loader) variableValue(b *variableText, want cty.Type) (cty.Value, hcl.Range) {
	given, ok := l.opts.Vars[b.Name]
	source := "--var " + b.Name
	if !ok {
		source = envPrefix + b.Name
		given, ok = l.lookupEnv(source)
	}
	if ok {
		return l.givenValue(given, source, b, want), b.NameRange
	}
	if b.Default == nil {
		return cty.NullVal(want), b.NameRange
	}
	at := b.Default.Expr.Range()
	for _, ref := range b.Default.Expr.Variables() {
		l.report(problem(CodeReference, ref.SourceRange(), "Reference in a default",
			"A variable's default may call functions, and nothing else. Use a locals block for what depends on other values."))
		return cty.DynamicVal, at
	}
	functions := maps.Clone(l.eval.functions)
	functions["env"] = l.eval.budget.bounded("env", env(l.lookupEnv))
	v, diags := l.eval.within(b.Default.Expr, &hcl.EvalContext{Functions: functions})
	l.report(diags...)
	return v, at
}

// givenValue reads a value from the command line or the environment: text as
// it is for a string, and HCL for lists and maps.
func (l *loader) givenValue(given, source string, b *variableText, want cty.Type) cty.Value {
	if len(given) > maxFileBytes {
		l.report(problem(CodeVariable, b.NameRange, "Value too long", "%s has more than %d bytes.", source, maxFileBytes))
		return cty.DynamicVal
	}
	if want.IsPrimitiveType() || want == cty.DynamicPseudoType {
		return cty.StringVal(given)
	}
	src := givenSource(source, given)
	if d := checkEncoding(src); d != nil {
		l.report(d)
		return cty.DynamicVal
	}
	if diags := guard(src); diags.HasErrors() {
		l.report(diags...)
		return cty.DynamicVal
	}
	expr, diags := hclsyntax.ParseExpression(src.bytes, src.name, hcl.InitialPos)
	if diags.HasErrors() {
		l.report(problem(CodeVariable, b.NameRange, "Value is not HCL",
			"%s must be a value of type %s, as HCL writes it: %s.", source, typeexpr.TypeString(want), diags[0].Detail))
		return cty.DynamicVal
	}
	if len(expr.Variables()) > 0 {
		l.report(problem(CodeVariable, b.NameRange, "Value refers to something",
			"%s must be a plain value of type %s; put text in quotes.", source, typeexpr.TypeString(want)))
		return cty.DynamicVal
	}
	v, diags := l.eval.within(expr, &hcl.EvalContext{})
	l.report(diags...)
	return v
}

func givenSource(name, given string) source {
	return source{name: fmt.Sprintf("<%s>", name), bytes: []byte(given)}
}
