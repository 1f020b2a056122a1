package check

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// source is where functions that ask of a node get their answers. An error is about
// the question, not about the node.
type source interface {
	// arg is the value of an argument that a component runs with, null where it has none.
	arg(component, name string) (cty.Value, error)
	// config is one field of the file that a kubelet or kube-proxy is configured by.
	config(component, field string) (cty.Value, error)
	// feature says whether a component's feature gate is set so, null where it is not named.
	feature(component, gate string) (cty.Value, error)
	// path is what lies at a path, null where nothing does.
	path(path string) (cty.Value, error)
	// owners are those of a folder and of all that lies under it, each once.
	owners(path string) (cty.Value, error)
	// unit is a unit of systemd, null where there is none of the name.
	unit(name string) (cty.Value, error)
	// sysctl is a kernel setting in force.
	sysctl(key string) (cty.Value, error)
	// entries are what lies in a folder and in its folders, null where there is none.
	entries(path string) (cty.Value, error)
	// auditLevel is how much the audit log keeps of a request, "None" where nothing.
	auditLevel(verb, resource string) (cty.Value, error)
	// encryptedBy is the provider that a resource is written to etcd by: null where the
	// API server has no configuration for it, "identity" where it does not encrypt.
	encryptedBy(resource string) (cty.Value, error)
	// openFrom are the prefixes that the firewall lets reach a port from.
	openFrom(port string) (cty.Value, error)
	// document answers one of [nodeDocuments], and list one of [clusterLists].
	document(name string) (cty.Value, error)
	list(name string) (cty.Value, error)
}

// pathType and unitType are what path and unit answer with.
var (
	pathType = cty.Object(map[string]cty.Type{"type": cty.String, "mode": cty.String, "owner": cty.String, "group": cty.String})
	unitType = cty.Object(map[string]cty.Type{"enabled": cty.Bool, "active": cty.Bool, "masked": cty.Bool})
)

// Functions are the names of all that a check may call.
func Functions() []string { return slices.Sorted(maps.Keys(functions(nil))) }

func functions(from source) map[string]function.Function {
	out := map[string]function.Function{
		"arg":     asks2("component", "name", cty.String, func(a, b string) (cty.Value, error) { return from.arg(a, b) }),
		"config":  asks2("component", "field", cty.DynamicPseudoType, func(a, b string) (cty.Value, error) { return from.config(a, b) }),
		"feature": asks2("component", "gate", cty.Bool, func(a, b string) (cty.Value, error) { return from.feature(a, b) }),
		"path":    asks("path", pathType, func(a string) (cty.Value, error) { return from.path(a) }),
		"owners":  asks("path", cty.List(cty.String), func(a string) (cty.Value, error) { return from.owners(a) }),
		"unit":    asks("name", unitType, func(a string) (cty.Value, error) { return from.unit(a) }),
		"sysctl":  asks("key", cty.String, func(a string) (cty.Value, error) { return from.sysctl(a) }),

		"entries":      asks("path", entryType, func(a string) (cty.Value, error) { return from.entries(a) }),
		"audit_level":  asks2("verb", "resource", cty.String, func(a, b string) (cty.Value, error) { return from.auditLevel(a, b) }),
		"encrypted_by": asks("resource", cty.String, func(a string) (cty.Value, error) { return from.encryptedBy(a) }),
		"open_from":    asks("port", cty.List(cty.String), func(a string) (cty.Value, error) { return from.openFrom(a) }),

		"all": quantifier(true), "any": quantifier(false), "union": union(), "count": count(), "starts_with": startsWith(), "ends_with": endsWith(),
		"has": member(), "subset": subset(), "within": among(false), "at_least": atLeast(), "mode_within": modeWithin(),
		"owned_by": ownedBy(), "duration": duration(), "version": version(),
		"repository": repositoryOf(),
	}
	for name := range nodeDocuments {
		out[name] = asksList(name, func(name string) (cty.Value, error) { return from.document(name) })
	}
	for name := range clusterLists {
		out[name] = asksList(name, func(name string) (cty.Value, error) { return from.list(name) })
	}
	return out
}

// asks is a function of one word that asks of the node.
func asks(name string, answer cty.Type, ask func(string) (cty.Value, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{must(name, cty.String)},
		Type:   function.StaticReturnType(answer),
		Impl:   func(args []cty.Value, _ cty.Type) (cty.Value, error) { return ask(args[0].AsString()) },
	})
}

// asks2 is one of a component and a word.
func asks2(first, second string, answer cty.Type, ask func(a, b string) (cty.Value, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{must(first, cty.String), must(second, cty.String)},
		Type: func(args []cty.Value) (cty.Type, error) {
			if answer != cty.DynamicPseudoType || !args[0].IsKnown() || !args[1].IsKnown() {
				return answer, nil
			}
			v, err := ask(args[0].AsString(), args[1].AsString()) // a field has the type it has
			return v.Type(), err
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return ask(args[0].AsString(), args[1].AsString())
		},
	})
}

// must is a parameter that has to be there. No value of ours has cty's marks, which it
// would look for in every element of every list.
func must(name string, t cty.Type) function.Parameter {
	return function.Parameter{Name: name, Type: t, AllowMarked: true}
}

// may is a parameter that may be absent.
func may(name string, t cty.Type) function.Parameter {
	return function.Parameter{Name: name, Type: t, AllowNull: true, AllowDynamicType: true, AllowMarked: true}
}

func says(params []function.Parameter, say func(args []cty.Value) (bool, error)) function.Function {
	return function.New(&function.Spec{
		Params: params,
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			ok, err := say(args)
			if errors.Is(err, errUnknown) {
				return cty.UnknownVal(cty.Bool), nil
			}
			return cty.BoolVal(ok), err
		},
	})
}

// errUnknown says that something within a list is not known: before there is a node
// nothing is, see [typical].
var errUnknown = errors.New("a list holds something that is not known")

// listed are words as a sentence has them.
func listed(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}
