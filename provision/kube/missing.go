package kube

import (
	"encoding/json"
	"math/big"
	"reflect"
	"slices"

	apiresource "k8s.io/apimachinery/pkg/api/resource"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Missing says whether have lacks anything of want, so that want must be
// applied. It is pure. Fields that only have holds are somebody else's: the
// server's defaults, labels of other managers. A nil want.JSON is missing its
// absence: the object exists.
//
//   - Objects of kinds we know the Go type of are compared as that type writes
//     them, which is how the server does: quantities, zero values left out.
//   - Maps are compared key by key; selectors as a whole, since a key more
//     selects something else.
//   - Lists the API merges by key (containers, volumes, ports, …) may have
//     more elements; every other list has the same elements, named ones in any
//     order: one subject or rule more is a difference.
//   - Of an object that is all bulwark's for the policy of a spec, the spec is the same.
//   - What a Secret holds is not compared: a look does not read it.
func Missing(want state.Object, have state.HaveObject) bool {
	if want.JSON == nil {
		return len(have.JSON) > 0
	}
	if len(have.JSON) == 0 {
		return true
	}
	var w, h map[string]any
	if decodeNumbers(want.JSON, &w) != nil || decodeNumbers(have.JSON, &h) != nil {
		return true
	}
	for _, m := range []map[string]any{w, h} {
		forget(m)
		if isSecret(want.Ref) {
			delete(m, "data")
			delete(m, "stringData")
		}
	}
	if want.Policy != "" && !want.Fields && !want.Derived && !sameSpec(want.Ref, w, h) {
		return true
	}
	c := comparison{}
	if nw, ok := normal(want.Ref, w); ok {
		if nh, ok := normal(want.Ref, h); ok {
			// The type wrote zero values nobody asked for: hold on to what was written.
			w, h, c.typed = pruneMap(nw, w), nh, true
		}
	}
	return !c.subset("", "", w, h)
}

// sameSpec says whether two objects are the same but for their metadata: one that is
// all bulwark's is as wrong with a field more as with one less.
func sameSpec(ref state.ObjectRef, w, h map[string]any) bool {
	nw, known := normal(ref, w)
	nh, alike := normal(ref, h)
	return known && alike && reflect.DeepEqual(nw["spec"], nh["spec"])
}

// forget takes away what the server writes by itself.
func forget(obj map[string]any) {
	delete(obj, "status")
	if meta, ok := obj["metadata"].(map[string]any); ok {
		for _, f := range []string{"creationTimestamp", "managedFields", "resourceVersion", "uid", "generation", "selfLink"} {
			delete(meta, f)
		}
	}
}

// comparison compares trees of JSON values.
type comparison struct {
	// typed trees were written by the API's own Go types: what is absent there
	// is the zero value, and an empty struct that is written means something.
	typed bool
}

// subset says whether h has all of w. key is the field both are the value of,
// parent the field around that.
func (c comparison) subset(parent, key string, w, h any) bool {
	if w == nil {
		return true
	}
	if left, ok := w.(omitted); ok {
		return left.holds(parent, key, h)
	}
	if h == nil {
		return !c.typed && zero(w)
	}
	switch w := w.(type) {
	case map[string]any:
		h, ok := h.(map[string]any)
		if !ok || exact(key) && len(solid(h)) > len(solid(w)) {
			return false
		}
		for k, v := range w {
			if !c.subset(key, k, v, h[k]) {
				return false
			}
		}
		return true
	case []any:
		h, ok := h.([]any)
		return ok && c.list(parent, key, w, h)
	}
	return scalar(parent, key, w, h)
}

func (c comparison) list(parent, key string, w, h []any) bool {
	if keyed(key) {
		for _, we := range w {
			if !slices.ContainsFunc(h, func(he any) bool { return c.subset(parent, key, we, he) }) {
				return false
			}
		}
		return true
	}
	if len(w) != len(h) {
		return false
	}
	if wn, hn := named(w), named(h); wn != nil && hn != nil {
		for name, we := range wn {
			if !c.subset(parent, key, we, hn[name]) {
				return false
			}
		}
		return true
	}
	for i, we := range w {
		if !c.subset(parent, key, we, h[i]) {
			return false
		}
	}
	return true
}

// keyed lists are merged by key when the server applies them: others may add.
func keyed(field string) bool {
	switch field {
	case "containers", "initContainers", "ephemeralContainers", "volumes", "volumeMounts", "volumeDevices",
		"env", "ports", "imagePullSecrets", "secrets", "webhooks", "ownerReferences", "finalizers", "hostAliases":
		return true
	}
	return false
}

// exact maps mean something else with one key more.
func exact(field string) bool {
	switch field {
	case "selector", "podSelector", "namespaceSelector", "objectSelector", "matchLabels":
		return true
	}
	return false
}

// named maps a list's elements by their names; nil unless all have one of their own.
func named(list []any) map[string]any {
	out := make(map[string]any, len(list))
	for _, e := range list {
		m, _ := e.(map[string]any)
		name, ok := m["name"].(string)
		if _, twice := out[name]; !ok || twice {
			return nil
		}
		out[name] = e
	}
	return out
}

// solid leaves out the keys of a map that hold nothing.
func solid(m map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		if !zero(v) {
			out[k] = v
		}
	}
	return out
}

// zero values are what the API leaves out when it writes most fields.
func zero(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	n, ok := number(v)
	return ok && n.Sign() == 0
}

func scalar(parent, key string, w, h any) bool {
	if wn, ok := number(w); ok {
		if hn, ok := number(h); ok {
			return wn.Cmp(hn) == 0
		}
	}
	if w == h {
		return true
	}
	if !quantity(parent, key) {
		return false
	}
	wq, werr := apiresource.ParseQuantity(text(w))
	hq, herr := apiresource.ParseQuantity(text(h))
	return werr == nil && herr == nil && wq.Cmp(hq) == 0
}

// quantity says whether a field holds a resource quantity in every API that
// has it. Elsewhere "1" and "1.0" are two texts.
func quantity(parent, key string) bool {
	switch parent {
	case "limits", "requests", "capacity", "hard", "defaultRequest", "podFixed":
		return true
	}
	return key == "sizeLimit" || key == "divisor"
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

func number(v any) (*big.Rat, bool) {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return new(big.Rat).SetInt64(i), true
		}
		// Not by big.Rat's own parser: it works out an exponent of a billion.
		f, err := v.Float64()
		if err != nil {
			return nil, false
		}
		r := new(big.Rat).SetFloat64(f)
		return r, r != nil
	case int64:
		return new(big.Rat).SetInt64(v), true
	case float64:
		r := new(big.Rat).SetFloat64(v)
		return r, r != nil
	}
	return nil, false
}

// omitted is a zero value that was written in a wanted object and that the
// API's type leaves out.
type omitted struct{ value any }

// holds says whether h is what the server makes of the zero value: a list and
// a bool stay what they are; a text or number may have got a default, and a
// map may have got keys.
func (o omitted) holds(parent, key string, h any) bool {
	if h == nil {
		return true
	}
	switch o.value.(type) {
	case bool, []any, map[string]any:
		return comparison{}.subset(parent, key, o.value, h)
	}
	return true
}

// pruneMap keeps of norm the keys that orig wrote, in norm's values.
func pruneMap(norm, orig map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range orig {
		switch n, ok := norm[k]; {
		case v == nil:
		case ok:
			out[k] = prune(n, v)
		case zero(v):
			out[k] = omitted{v}
		}
		// Else the type does not know the field, and neither does the server.
	}
	return out
}

func prune(norm, orig any) any {
	switch o := orig.(type) {
	case map[string]any:
		n, ok := norm.(map[string]any)
		if !ok {
			return norm
		}
		return pruneMap(n, o)
	case []any:
		n, ok := norm.([]any)
		if !ok || len(n) != len(o) {
			return norm
		}
		out := make([]any, len(o))
		for i := range o {
			out[i] = prune(n[i], o[i])
		}
		return out
	}
	return norm
}
