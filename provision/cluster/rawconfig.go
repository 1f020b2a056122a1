package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// KeyError is a refused field of a configuration.
type KeyError struct {
	// Path is the field's, with dots.
	Path string
	Err  error
}

// Error says why the field is refused.
func (e *KeyError) Error() string { return e.Err.Error() }

// Unwrap gives what [Check] said.
func (e *KeyError) Unwrap() error { return e.Err }

// CheckConfig checks every field of a raw configuration, in the order of their
// paths. An object is checked by its fields, unless it is a hardened value itself.
func CheckConfig(component string, config Config) []*KeyError {
	return checkFields(component, "", config)
}

func checkFields(component, prefix string, fields map[string]any) []*KeyError {
	var out []*KeyError
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		path := prefix + name
		sub, isObject := fields[name].(map[string]any)
		if !isObject {
			if err := checkField(component, path, fields[name]); err != nil {
				out = append(out, &KeyError{path, err})
			}
			continue
		}
		if err := spelling(component, path); err != nil {
			out = append(out, &KeyError{path, err})
			continue
		}
		if _, hardened := Lookup(component, path); hardened {
			if err := Check(component, path, fields[name]); err != nil {
				out = append(out, &KeyError{path, err})
			}
		}
		out = append(out, checkFields(component, path+".", sub)...)
	}
	return out
}

func checkField(component, path string, value any) error {
	if value == nil {
		return fmt.Errorf("%s %s is null, which would take the default away; leave the line out", component, path)
	}
	for _, s := range SettingsOf(component) {
		// A plain value in place of the object would take the hardened field away.
		if len(s.Key) > len(path) && strings.EqualFold(s.Key[:len(path)+1], path+".") {
			return fmt.Errorf("%s %s must hold fields, as in %s = { … }, since %s is hardened", component, path, path, s.Key)
		}
	}
	return Check(component, path, value)
}
