package check

import (
	"maps"
	"slices"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

// Every function is in the reference, with the type that it really answers with.
func TestTheReferenceIsOfTheFunctions(t *testing.T) {
	words := map[string]cty.Value{
		"component": cty.StringVal("kubelet"), "field": cty.StringVal("podPidsLimit"), "path": cty.StringVal("/etc/x"), "release": cty.StringVal("1.37"),
		"port": cty.StringVal("tcp/1"), "verb": cty.StringVal("get"), "most": cty.StringVal("0600"), "owner": cty.StringVal("a:b"),
	}
	all := functions(&nothing{})
	if names := slices.Sorted(maps.Keys(saysOf)); !slices.Equal(names, Functions()) {
		t.Errorf("described are %v", names)
	}
	for _, s := range Signatures() {
		var types []cty.Type
		var args []cty.Value
		for _, p := range all[s.Name].Params() {
			v, given := words[p.Name]
			switch {
			case p.Name == "path" && p.Type != cty.String:
				v = cty.UnknownVal(pathType)
			case given:
			case p.Type == cty.Number:
				v = cty.NumberIntVal(1)
			case p.Type == cty.DynamicPseudoType:
				v = cty.ListValEmpty(cty.Bool)
			default:
				v = cty.UnknownVal(cty.String)
			}
			types, args = append(types, v.Type()), append(args, v)
		}
		got, err := all[s.Name].ReturnTypeForValues(args)
		if err != nil || s.Name != "config" && !got.Equals(answerType(s.Name)) {
			t.Errorf("%s of %v answers with %#v, not %#v: %v", s.Name, types, got, answerType(s.Name), err)
		}
		// What asks of a node or of the API does so when it is rehearsed.
		n := &nothing{}
		if s.Asks != AsksAlone {
			if s.Name == "arg" {
				args[1] = cty.StringVal("config")
			}
			for i, a := range args {
				if !a.IsKnown() {
					args[i] = cty.StringVal("a.service")
				}
			}
			if _, err := functions(n)[s.Name].Call(args); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
		}
		if n.needs.Node != (s.Asks == AsksNode) || (len(n.needs.Lists) > 0) != (s.Asks == AsksAPI) {
			t.Errorf("%s asks of %q, and needs %+v", s.Name, s.Asks, n.needs)
		}
	}
}
