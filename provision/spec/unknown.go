package spec

import (
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// unknownArgument is the problem of an argument that a component does not
// have: it would not start, and say so on the machine only.
func (l *loader) unknownArgument(component, name string, known []string, at hcl.Range) *hcl.Diagnostic {
	program := cluster.Program(component)
	stem, _, _ := strings.Cut(name, ".") // feature-gates.X is how the table says it
	return problem(CodeArgument, at, "Unknown argument", "%s has no argument %s and would not start.%s All that it has: %s --help.",
		program, short(name), l.suggest(stem, known), program)
}

// unknownFields reports the fields that a configuration's type does not have,
// but for those that were refused already.
func (l *loader) unknownFields(component string, config cluster.Config, refused map[string]bool, places map[string]hcl.Range, a *hcl.Attribute) {
	kind := map[string]string{cluster.CompKubelet: "KubeletConfiguration v1beta1", cluster.CompKubeProxy: "KubeProxyConfiguration v1alpha1"}[component]
	for _, f := range cluster.UnknownFields(component, config) {
		if refused[f.Path] {
			continue
		}
		name := f.Path[strings.LastIndexByte(f.Path, '.')+1:]
		l.report(problem(CodeArgument, place(places, f.Path, a), "Unknown field", "%s has no field %s.%s Correct its name, or leave the line out.",
			kind, short(f.Path), l.suggest(name, f.Known)))
	}
}

// suggest is [didYouMean], as long as somebody will read it.
func (l *loader) suggest(given string, words []string) string {
	if len(l.diags) > maxReports {
		return ""
	}
	return didYouMean(given, words)
}
