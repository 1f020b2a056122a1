package kube

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// normal writes an object as the API's own Go type of its kind does: without
// zero values that are left out there, quantities and times in their one
// form. ok is false for kinds without a type here (custom resources, CRDs),
// and for an object the type cannot hold.
func normal(ref state.ObjectRef, obj map[string]any) (map[string]any, bool) {
	gv, err := schema.ParseGroupVersion(ref.APIVersion)
	if err != nil {
		return nil, false
	}
	typed, err := scheme.Scheme.New(gv.WithKind(ref.Kind))
	if err != nil {
		return nil, false
	}
	plain, ok := numbers(obj).(map[string]any)
	if !ok {
		return nil, false
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(plain, typed); err != nil {
		return nil, false
	}
	out, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return nil, false
	}
	forget(out)
	return out, true
}

// numbers copies a tree with its numbers as the converter wants them: int64
// where they are whole, float64 else.
func numbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = numbers(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = numbers(e)
		}
		return out
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	}
	return v
}
