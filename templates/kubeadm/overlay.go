package kubeadm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kubernetes/cmd/kubeadm/app/componentconfigs"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// overlaid is a typed document with raw fields laid over it.
type overlaid[T any] struct {
	typed *T
	// dropped are fields that were set and that the typed form cannot show,
	// being zero and omitempty; sorted by path.
	dropped []field
}

// field is a place in a document, as a JSON pointer, and what belongs there.
type field struct {
	path  string
	value any
}

// overlay lays over a typed document what bulwark writes for its component,
// then the spec's raw fields, then those of deviations: maps merge, everything
// else is replaced. A field the type does not have, or a value of another
// type, is an error; letter case counts.
func overlay[T any, P interface {
	*T
	runtime.Object
}](base P, component string, config cluster.Config, deviations ...cluster.Config) (overlaid[T], error) {
	if err := refusedFields(base, component, config, deviations); err != nil {
		return overlaid[T]{}, err
	}
	gvk := base.GetObjectKind().GroupVersionKind()
	want, err := object(base)
	if err != nil {
		return overlaid[T]{}, err
	}
	for _, layer := range append([]cluster.Config{hardened(component), config}, deviations...) {
		lay(want, layer)
	}
	text, err := json.Marshal(want)
	if err != nil {
		return overlaid[T]{}, err
	}
	decoded, err := decodeStrict(componentconfigs.Scheme, gvk, text, false)
	if err != nil {
		return overlaid[T]{}, err
	}
	typed, ok := decoded.(P)
	if !ok {
		return overlaid[T]{}, fmt.Errorf("%s: a %T is not of that kind", component, decoded)
	}
	got, err := object(typed)
	if err != nil {
		return overlaid[T]{}, err
	}
	return overlaid[T]{typed: typed, dropped: dropped("", want, got)}, nil
}

// hardened are the fields bulwark writes for a component, as a layer.
func hardened(component string) cluster.Config {
	out := cluster.Config{}
	for _, s := range cluster.SettingsOf(component) {
		if !s.Written {
			continue
		}
		at := map[string]any(out)
		path := strings.Split(s.Key, ".")
		for _, name := range path[:len(path)-1] {
			sub, ok := at[name].(map[string]any)
			if !ok {
				sub = map[string]any{}
				at[name] = sub
			}
			at = sub
		}
		at[path[len(path)-1]] = s.Value
	}
	return out
}

// object is a document as decoded JSON, with numbers as they are written.
func object(v any) (map[string]any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var out map[string]any
	return out, dec.Decode(&out)
}

func lay(onto map[string]any, layer map[string]any) {
	for k, v := range layer {
		if sub, ok := v.(map[string]any); ok {
			if have, ok := onto[k].(map[string]any); ok {
				lay(have, sub)
				continue
			}
			fresh := map[string]any{} // never the spec's own map
			lay(fresh, sub)
			v = fresh
		}
		onto[k] = v
	}
}

// dropped are the fields of want that got does not have. A null is not said.
func dropped(at string, want, got map[string]any) []field {
	var out []field
	for _, k := range slices.Sorted(maps.Keys(want)) {
		path := at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(k) // RFC 6901
		have, ok := got[k]
		if !ok {
			if want[k] != nil {
				out = append(out, field{path: path, value: want[k]})
			}
			continue
		}
		w, wok := want[k].(map[string]any)
		h, hok := have.(map[string]any)
		if wok && hok {
			out = append(out, dropped(path, w, h)...)
		}
	}
	return out
}
