package spec

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// item is a string with its place.
type item struct {
	value string
	at    hcl.Range
}

// get evaluates an attribute. It is false when the attribute is not there, or
// has no value, which was reported then. Nothing is converted: a number in
// quotes is text, and a spec that means the number says so.
func (l *loader) get(a *hcl.Attribute) (cty.Value, bool) {
	if a == nil {
		return cty.NilVal, false
	}
	secret := l.eval.secretRanges(a)
	v, diags := l.eval.value(a.Expr)
	l.report(diags...)
	v, marks := v.UnmarkDeep()
	if len(marks) > 0 {
		l.keepSecret(v)
		l.hidden = append(l.hidden, secret...)
	}
	if diags.HasErrors() || !v.IsWhollyKnown() {
		return cty.NilVal, false
	}
	if v.IsNull() {
		l.report(problem(CodeType, a.Expr.Range(), "Null value", "%q is null. Leave the line out to have the default, or write a value.", a.Name))
		return cty.NilVal, false
	}
	if l.reserved(strconv.Quote(a.Name), a.Expr.Range(), v) {
		return cty.NilVal, false
	}
	return v, true
}

// wrongType reports a value of another type.
func (l *loader) wrongType(a *hcl.Attribute, at hcl.Range, v cty.Value, want string) {
	hint := ""
	switch got := v.Type(); {
	case v.IsNull():
		l.report(problem(CodeType, at, "Null value", "%q holds null where %s is needed. Leave it out, or write a value.", a.Name, want))
		return
	case got == cty.String && (want == "a whole number" || want == "true or false"):
		hint = " Write it without quotes; a variable needs type = number or type = bool."
	case got == cty.Number && strings.Contains(want, "string"):
		hint = " Put it in quotes."
	case got == cty.String && strings.Contains(want, "list"):
		hint = " Put it in [ ]."
	}
	l.report(problem(CodeType, at, "Wrong type", "%q is %s, but must be %s.%s", a.Name, v.Type().FriendlyName(), want, hint))
}

// str is a string attribute.
func (l *loader) str(a *hcl.Attribute) (item, bool) {
	v, ok := l.get(a)
	if !ok {
		return item{}, false
	}
	at := a.Expr.Range()
	if v.Type() != cty.String {
		l.wrongType(a, at, v, "a string")
		return item{}, false
	}
	return item{v.AsString(), at}, true
}

// boolean is a true or false attribute.
func (l *loader) boolean(a *hcl.Attribute) (bool, bool) {
	v, ok := l.get(a)
	if !ok {
		return false, false
	}
	if v.Type() != cty.Bool {
		l.wrongType(a, a.Expr.Range(), v, "true or false")
		return false, false
	}
	return v.True(), true
}

// choice is an attribute that has one of a few values.
func (l *loader) choice(a *hcl.Attribute, path string, into *string, among ...string) {
	s, ok := l.str(a)
	if !ok {
		return
	}
	l.from(path, a.Range)
	if !slices.Contains(among, s.value) {
		l.report(problem(CodeChoice, s.at, "Unknown value", "%q has no value %q.%s Write \"%s\".", a.Name, s.value, didYouMean(s.value, among), strings.Join(among, "\" or \"")))
		return
	}
	*into = s.value
}

// toggle is an attribute that switches something on.
func (l *loader) toggle(a *hcl.Attribute, path string, into *bool) {
	if on, ok := l.boolean(a); ok {
		l.from(path, a.Range)
		*into = on
	}
}

// integer is a whole number between two others.
func (l *loader) integer(a *hcl.Attribute, lo, hi int) (int, bool) {
	v, ok := l.get(a)
	if !ok {
		return 0, false
	}
	if v.Type() != cty.Number {
		l.wrongType(a, a.Expr.Range(), v, "a whole number")
		return 0, false
	}
	n, accuracy := v.AsBigFloat().Int64()
	if accuracy != big.Exact || n < int64(lo) || n > int64(hi) {
		l.report(problem(CodeRange, a.Expr.Range(), "Out of range", "%q must be a whole number from %d to %d.", a.Name, lo, hi))
		return 0, false
	}
	return int(n), true
}

// list is a list of strings, each at its own place where the text shows it.
func (l *loader) list(a *hcl.Attribute) ([]item, bool) {
	places := elementRanges(a)
	v, ok := l.get(a)
	if !ok {
		return nil, false
	}
	if t := v.Type(); !t.IsTupleType() && !t.IsListType() && !t.IsSetType() {
		l.wrongType(a, a.Expr.Range(), v, "a list of strings")
		return nil, false
	}
	items, fine := make([]item, 0, v.LengthInt()), true
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		at := a.Expr.Range()
		if len(places) == v.LengthInt() {
			at = places[len(items)]
		}
		if e.IsNull() || e.Type() != cty.String {
			l.wrongType(a, at, e, "a list of strings")
			fine = false
			e = cty.StringVal("")
		}
		items = append(items, item{e.AsString(), at})
	}
	return items, fine
}

// table is a map of strings, each at its own place where the text shows it.
func (l *loader) table(a *hcl.Attribute) (map[string]item, bool) {
	places := l.keyRanges(a)
	v, ok := l.get(a)
	if !ok {
		return nil, false
	}
	if t := v.Type(); !t.IsObjectType() && !t.IsMapType() {
		l.wrongType(a, a.Expr.Range(), v, "a map of strings")
		return nil, false
	}
	items, fine := map[string]item{}, true
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		at := place(places, k.AsString(), a)
		if e.IsNull() || e.Type() != cty.String {
			l.wrongType(a, at, e, "a map of strings")
			fine = false
			continue
		}
		items[k.AsString()] = item{e.AsString(), at}
	}
	return items, fine
}

// place is where a key was written, or else its attribute's value.
func place(places map[string]hcl.Range, path string, a *hcl.Attribute) hcl.Range {
	if at, ok := places[path]; ok {
		return at
	}
	return a.Expr.Range()
}

func elementRanges(a *hcl.Attribute) []hcl.Range {
	if a == nil {
		return nil
	}
	tuple, ok := a.Expr.(*hclsyntax.TupleConsExpr)
	if !ok {
		return nil
	}
	places := make([]hcl.Range, len(tuple.Exprs))
	for i, e := range tuple.Exprs {
		places[i] = e.Range()
	}
	return places
}

// keyRanges are the places of an object's keys, by their dotted path. It also
// refuses a key that is written twice: HCL would silently take the last.
// It reads the tree before the budget is wound around it.
func (l *loader) keyRanges(a *hcl.Attribute) map[string]hcl.Range {
	if a == nil {
		return nil
	}
	places := map[string]hcl.Range{}
	var walk func(e hclsyntax.Expression, prefix string)
	walk = func(e hclsyntax.Expression, prefix string) {
		object, ok := e.(*hclsyntax.ObjectConsExpr)
		if !ok {
			return
		}
		for _, it := range object.Items {
			key, ok := literalKey(it.KeyExpr)
			if !ok {
				continue
			}
			path := prefix + key
			at := hcl.RangeBetween(it.KeyExpr.Range(), it.ValueExpr.Range())
			if first, twice := places[path]; twice {
				l.report(problem(CodeDuplicate, at, "Key written twice",
					"%q is already there on line %d. Remove one of the two.", path, first.Start.Line))
			}
			places[path] = at
			walk(it.ValueExpr, path+".")
		}
	}
	if e, ok := a.Expr.(hclsyntax.Expression); ok {
		walk(e, "")
	}
	return places
}

func literalKey(e hclsyntax.Expression) (string, bool) {
	k, ok := e.(*hclsyntax.ObjectConsKeyExpr)
	if !ok {
		return "", false
	}
	if word := hcl.ExprAsKeyword(k); word != "" && !k.ForceNonLiteral {
		return word, true
	}
	t, ok := k.Wrapped.(*hclsyntax.TemplateExpr)
	if !ok || !t.IsStringLiteral() {
		return "", false
	}
	v, diags := t.Value(nil)
	if diags.HasErrors() || v.Type() != cty.String {
		return "", false
	}
	return v.AsString(), true
}
