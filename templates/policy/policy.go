// Package policy makes the files the API server is told what to do by: whom it
// lets in without credentials, what it admits, what it writes to the audit log
// and how it encrypts what it stores. Every file is a typed value written as
// YAML with sorted keys; nothing in it depends on a machine or a clock.
package policy

import (
	"encoding/json"
	"fmt"
	"reflect"

	"sigs.k8s.io/yaml"
)

// encode writes a typed document and reads it back: the YAML writer takes a
// few characters (U+0085, in quotes even) for line breaks and changes them.
func encode(doc any) ([]byte, error) {
	text, err := yaml.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", doc, err)
	}
	want, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", doc, err)
	}
	var w, g any
	if err := json.Unmarshal(want, &w); err != nil {
		return nil, fmt.Errorf("encode %T: %w", doc, err)
	}
	if err := yaml.Unmarshal(text, &g); err != nil {
		return nil, fmt.Errorf("encode %T: %w", doc, err)
	}
	if !reflect.DeepEqual(w, g) {
		return nil, fmt.Errorf("encode %T: a value does not survive YAML; take line separators and control characters out of the spec's names", doc)
	}
	return text, nil
}
