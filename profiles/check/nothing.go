package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// nothing is what a question is asked of before there is a node: its answers are
// unknown, and it knows which names there are.
type nothing struct {
	asked bool
	needs Needs
}

// Needs is what has to be read of a node for a question: what it names outright. What a
// question asks for by a name that it was told is not among it.
type Needs struct {
	Paths, Owners, Units, Sysctls []string
}

// Add adds what another question needs, each once.
func (n *Needs) Add(more Needs) {
	merge := func(into *[]string, more []string) {
		*into = append(*into, more...)
		slices.Sort(*into)
		*into = slices.Compact(*into)
	}
	merge(&n.Paths, more.Paths)
	merge(&n.Owners, more.Owners)
	merge(&n.Units, more.Units)
	merge(&n.Sysctls, more.Sysctls)
}

func (n *nothing) unknown(t cty.Type, err error) (cty.Value, error) {
	n.asked = true
	return cty.UnknownVal(t), err
}

func (n *nothing) arg(component, name string) (cty.Value, error) {
	return n.unknown(cty.String, knownArgument(component, name))
}

func (n *nothing) config(component, field string) (cty.Value, error) {
	return n.unknown(cty.DynamicPseudoType, knownField(component, field))
}

func (n *nothing) feature(component, gate string) (cty.Value, error) {
	var err error
	if !slices.Contains(componentNames(), component) {
		err = fmt.Errorf("%q is no component; components are %s", component, listed(componentNames()))
	} else if gate == "" || strings.ContainsAny(gate, "=, ") {
		err = fmt.Errorf("%q is no feature gate; write its name alone", gate)
	}
	return n.unknown(cty.Bool, err)
}

func (n *nothing) path(path string) (cty.Value, error) {
	var err error
	if !strings.HasPrefix(path, "/") || strings.HasSuffix(path, "/") || strings.Contains(path, "//") || strings.Contains(path, "/../") {
		err = fmt.Errorf("%q is no path of a machine; write it whole, as in \"/etc/kubernetes/admin.conf\"", path)
	}
	n.needs.Add(Needs{Paths: []string{path}})
	return n.unknown(pathType, err)
}

func (n *nothing) owners(path string) (cty.Value, error) {
	_, err := n.path(path)
	n.needs.Add(Needs{Owners: []string{path}})
	return n.unknown(cty.List(cty.String), err)
}

func (n *nothing) unit(name string) (cty.Value, error) {
	var err error
	if !strings.Contains(name, ".") {
		err = fmt.Errorf("%q is no unit; write it with its kind, as in %q", name, name+".service")
	}
	n.needs.Add(Needs{Units: []string{name}})
	return n.unknown(unitType, err)
}

func (n *nothing) sysctl(key string) (cty.Value, error) {
	var err error
	if !strings.Contains(key, ".") || strings.Contains(key, "/") {
		err = fmt.Errorf("%q is no kernel setting; write it with dots, as in \"vm.overcommit_memory\"", key)
	}
	n.needs.Add(Needs{Sysctls: []string{key}})
	return n.unknown(cty.String, err)
}

func componentNames() []string {
	var out []string
	for name := range components {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// gone are arguments that texts of standards name and no supported version has: a
// check may ask for them, and they are absent.
var gone = map[string][]string{
	cluster.CompAPIServer: {"basic-auth-file", "insecure-bind-address", "insecure-port", "kubelet-https"},
}

// kubeletArguments are those of the kubelet that its configuration does not have, and
// those that go before it.
var kubeletArguments = []string{"config", "hostname-override", "kubeconfig", "node-ip", "root-dir"}

func knownArgument(component, name string) error {
	var known []string
	switch component {
	case cluster.CompKubelet:
		known = slices.Concat(kubeletArguments, fieldFlags())
	case cluster.CompKubeProxy:
		known = []string{"config", "hostname-override"}
	default:
		known = slices.Concat(cluster.Arguments(component), gone[component])
	}
	switch {
	case !slices.Contains(componentNames(), component):
		return fmt.Errorf("%q is no component; components are %s", component, listed(componentNames()))
	case !slices.Contains(known, name):
		return fmt.Errorf("%s has no argument %q%s", programOf(component), name, perhaps(name, known))
	}
	return nil
}

func knownField(component, field string) error {
	if component != cluster.CompKubelet && component != cluster.CompKubeProxy {
		return fmt.Errorf("%s is not configured by a file of fields; ask for its arguments by arg", programOf(component))
	}
	nested := cluster.Config{}
	put(nested, strings.Split(field, "."))
	for _, unknown := range cluster.UnknownFields(component, nested) {
		return fmt.Errorf("the configuration of %s has no field %q%s", programOf(component), unknown.Path, perhaps(unknown.Path[strings.LastIndexByte(unknown.Path, '.')+1:], unknown.Known))
	}
	return nil
}

// put makes a configuration that has one field.
func put(into map[string]any, path []string) {
	if len(path) == 1 {
		into[path[0]] = ""
		return
	}
	inner := map[string]any{}
	into[path[0]] = inner
	put(inner, path[1:])
}

// perhaps names what is spelt alike.
func perhaps(name string, known []string) string {
	for _, k := range known {
		if strings.EqualFold(strings.ReplaceAll(k, "-", ""), strings.ReplaceAll(strings.ReplaceAll(name, "_", ""), "-", "")) || near(name, k) {
			return fmt.Sprintf("; did you mean %q?", k)
		}
	}
	return ""
}

// near says whether two words differ in one letter, or in two that changed places.
func near(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) != len(b) {
		return a[i:] == b[i+1:]
	}
	return i == len(a) || a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
