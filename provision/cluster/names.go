package cluster

import (
	"embed"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// The names of what components can be told, one a line, a file for each
// component. Those of Kubernetes' and etcd's programs are compared with the
// programs by a test on the lab's machines, those of configurations with
// Kubernetes' types by a test of templates/kubeadm, which can write them anew.
//
//go:embed names/*.txt
var nameFiles embed.FS

// Program is the name of a component's program.
func Program(component string) string {
	switch component {
	case CompEtcd:
		return "etcd"
	case CompAPIServer:
		return "kube-apiserver"
	}
	return "kube-" + strings.ReplaceAll(strings.TrimPrefix(component, "kube_"), "_", "-")
}

// Arguments are the names of all arguments of a component's program, sorted
// and without dashes: those its help leaves out, being deprecated, among them.
func Arguments(component string) []string {
	return slices.Sorted(slices.Values(lines(component)))
}

// lines are those of a component's file, without its comments.
func lines(component string) []string {
	text, err := nameFiles.ReadFile("names/" + component + ".txt")
	if err != nil {
		return nil // no component of ours
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

// UnknownField is a field of a raw configuration that its type does not have.
type UnknownField struct {
	// Path is the field's, with dots, and with an element's number in brackets.
	Path string
	// Known are the names of the fields that its place has, sorted.
	Known []string
}

// UnknownFields finds what a raw configuration has and its type has not, in the
// order of paths: kubeadm refuses those as well, and knows no line of a spec.
func UnknownFields(component string, config Config) []UnknownField {
	return fieldsOf(component).unknown("", map[string]any(config))
}

// fields are what may stand at one place of a configuration: a field by its
// name, what any key of a map holds by "*", what an element of a list holds by "[]".
type fields map[string]fields

// fieldsOf reads paths such as "reservedMemory.[].numaNode".
func fieldsOf(component string) fields {
	out := fields{}
	for _, path := range lines(component) {
		at := out
		for name := range strings.SplitSeq(path, ".") {
			if at[name] == nil {
				at[name] = fields{}
			}
			at = at[name]
		}
	}
	return out
}

// unknown are the unknown fields at and below a place. Where the type holds
// no fields at all the value is one of another type, which is not this
// question.
func (f fields) unknown(path string, value any) []UnknownField {
	var out []UnknownField
	switch v := value.(type) {
	case map[string]any:
		if _, list := f["[]"]; list || len(f) == 0 {
			return nil
		}
		if path != "" {
			path += "."
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			below, ok := f[name]
			if each, isMap := f["*"]; isMap {
				below, ok = each, true
			}
			if !ok {
				out = append(out, UnknownField{path + name, slices.Sorted(maps.Keys(f))})
				continue
			}
			out = append(out, below.unknown(path+name, v[name])...)
		}
	case []any:
		for i, e := range v {
			out = append(out, f["[]"].unknown(path+"["+strconv.Itoa(i)+"]", e)...)
		}
	}
	return out
}
