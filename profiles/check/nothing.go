package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// nothing is what a question is asked of before there is a node: its answers are
// unknown, and it knows which names there are.
type nothing struct{ needs Needs }

// Needs is what has to be read of a node for a question: what it names outright. What a
// question asks for by a name that it was told is not among it.
type Needs struct {
	Paths, Owners, Units, Sysctls []string
	// Folders are those whose entries are asked for.
	Folders []string
	// Documents are functions that ask of configuration files of a node, and Lists those
	// that ask of the API.
	Documents, Lists []string
	// Node says that the question is one of each node. One that is not is asked of the
	// cluster, once.
	Node bool
}

// asks says whether anything is asked for at all.
func (n Needs) asks() bool { return n.Node || len(n.Lists) > 0 }

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
	merge(&n.Folders, more.Folders)
	merge(&n.Documents, more.Documents)
	merge(&n.Lists, more.Lists)
	n.Node = n.Node || more.Node
}

// unknown is what a question about a node is answered with.
func (n *nothing) unknown(t cty.Type, err error) (cty.Value, error) {
	n.needs.Node = true
	return cty.UnknownVal(t), err
}

func (n *nothing) entries(path string) (cty.Value, error) {
	_, err := n.path(path)
	n.needs.Add(Needs{Folders: []string{path}, Node: true})
	return typical(entryType), err
}

// auditVerbs are the verbs of a request that the audit policy knows.
var auditVerbs = []string{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}

func (n *nothing) auditLevel(verb, resource string) (cty.Value, error) {
	var err error
	if !slices.Contains(auditVerbs, verb) {
		err = fmt.Errorf("%q is no verb of a request; those are %s", verb, listed(auditVerbs))
	} else if resource == "" || strings.ContainsAny(resource, " ,") {
		err = fmt.Errorf("%q is no resource; write it as in \"secrets\" or \"tokenreviews.authentication.k8s.io\"", resource)
	}
	n.needs.Add(Needs{Documents: []string{"audit_rules"}})
	return n.unknown(cty.String, err)
}

func (n *nothing) encryptedBy(resource string) (cty.Value, error) {
	var err error
	if resource == "" || strings.ContainsAny(resource, " ,*") {
		err = fmt.Errorf("%q is no resource; write it as in \"secrets\" or \"widgets.example.com\"", resource)
	}
	n.needs.Add(Needs{Documents: []string{"encryption"}})
	return n.unknown(cty.String, err)
}

func (n *nothing) openFrom(port string) (cty.Value, error) {
	var err error
	protocol, number, ok := strings.Cut(port, "/")
	if _, bad := strconv.ParseUint(number, 10, 16); !ok || bad != nil || protocol != "tcp" && protocol != "udp" {
		err = fmt.Errorf("%q is no port; write it as in \"tcp/6443\"", port)
	}
	n.needs.Add(Needs{Documents: []string{"firewall"}})
	return n.unknown(cty.List(cty.String), err)
}

func (n *nothing) document(name string) (cty.Value, error) {
	n.needs.Add(Needs{Documents: []string{name}, Node: true})
	return typical(listTypes[name]), nil
}

func (n *nothing) list(name string) (cty.Value, error) {
	n.needs.Add(Needs{Lists: []string{name}})
	return typical(listTypes[name]), nil
}

// typical is a value of a type of which nothing is known but that lists have an element:
// so what a loop says of it is seen too.
func typical(t cty.Type) cty.Value {
	switch {
	case t.IsListType():
		return cty.ListVal([]cty.Value{typical(t.ElementType())})
	case t.IsObjectType():
		all := map[string]cty.Value{}
		for name, inner := range t.AttributeTypes() {
			all[name] = typical(inner)
		}
		return cty.ObjectVal(all)
	}
	return cty.UnknownVal(t)
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
var kubeletArguments = []string{"config", dropIns, "feature-gates", "hostname-override", "kubeconfig", "node-ip", "root-dir"}

// knownArguments are those of a component that a check may ask for.
func knownArguments(component string) []string {
	switch component {
	case cluster.CompKubelet:
		return slices.Concat(kubeletArguments, fieldFlags())
	case cluster.CompKubeProxy:
		return []string{"config", "hostname-override"}
	}
	return slices.Concat(cluster.Arguments(component), gone[component])
}

func knownArgument(component, name string) error {
	known := knownArguments(component)
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
