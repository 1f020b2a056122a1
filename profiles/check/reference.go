package check

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// Signature is a function that a check may call, as its reference has it.
type Signature struct {
	Name string
	// Params are the names of what it is told, "…" after the one that may come again.
	Params []string
	// Answer is the type that it answers with.
	Answer Type
	// Says is what its answer means, and what it says of nothing.
	Says string
	// Asks is what it is asked of.
	Asks Asked
}

// Type is a type of the language, for who reads about it.
type Type struct {
	// Word is "text", "number", "true or false", "list of text", "map of text", "object",
	// "list of objects" or "what the field is".
	Word string
	// List says that it is a list, and Fields are those of an object, or of each of a list
	// of them.
	List   bool
	Fields map[string]Type
}

func typeOf(t cty.Type) Type {
	switch {
	case t == cty.String:
		return Type{Word: "text"}
	case t == cty.Bool:
		return Type{Word: "true or false"}
	case t == cty.DynamicPseudoType:
		return Type{Word: "what the field is"}
	case t.IsListType() && t.ElementType().IsObjectType():
		return Type{Word: "list of objects", List: true, Fields: typeOf(t.ElementType()).Fields}
	case t.IsListType():
		return Type{Word: "list of " + typeOf(t.ElementType()).Word, List: true}
	case t.IsMapType():
		return Type{Word: "map of " + typeOf(t.ElementType()).Word}
	case t.IsObjectType():
		out := Type{Word: "object", Fields: map[string]Type{}}
		for name, inner := range t.AttributeTypes() {
			out.Fields[name] = typeOf(inner)
		}
		return out
	}
	return Type{Word: t.FriendlyName()}
}

// Asked is what a function gets its answer from.
type Asked string

// What functions ask.
const (
	AsksNode  Asked = "node"
	AsksAPI   Asked = "API"
	AsksAlone Asked = "" // of what it is told alone
)

// Signatures are all functions, by name.
func Signatures() []Signature {
	var out []Signature
	rehearsal := functions(&nothing{})
	for _, name := range Functions() {
		f := rehearsal[name]
		s := Signature{Name: name, Says: saysOf[name], Asks: AsksAlone, Answer: typeOf(answerType(name))}
		for _, p := range f.Params() {
			s.Params = append(s.Params, p.Name)
		}
		if p := f.VarParam(); p != nil {
			s.Params = append(s.Params, p.Name+"…")
		}
		switch {
		case clusterLists[name] != nil:
			s.Asks = AsksAPI
		case nodeDocuments[name] != nil || slices.Contains(nodeFunctions, name):
			s.Asks = AsksNode
		}
		out = append(out, s)
	}
	return out
}

// Variables are the types of node and cluster.
func Variables() map[string]Type {
	return map[string]Type{"node": typeOf(nodeType), "cluster": typeOf(clusterType)}
}

// answerType is what a function answers with, whatever it is told.
func answerType(name string) cty.Type {
	if t, ok := listTypes[name]; ok {
		return t
	}
	switch name {
	case "entries":
		return entryType
	case "path":
		return pathType
	case "unit":
		return unitType
	case "config":
		return cty.DynamicPseudoType
	case "owners", "open_from", "union":
		return cty.List(cty.String)
	case "arg", "sysctl", "audit_level", "encrypted_by", "repository":
		return cty.String
	case "count", "duration", "version":
		return cty.Number
	}
	return cty.Bool
}

// nodeFunctions are those with parameters that ask of one node.
var nodeFunctions = []string{"arg", "config", "feature", "path", "owners", "entries", "unit", "sysctl", "audit_level", "encrypted_by", "open_from"}

// saysOf are the functions in the words of their reference.
var saysOf = map[string]string{
	"arg":          "what an argument is set to that the component runs with, of etcd also by a variable such as `ETCD_AUTO_TLS`; `null` where it has none",
	"config":       "a field of the configuration of `kubelet` or `kube_proxy`, as in `\"authentication.anonymous.enabled\"`; an argument of the kubelet goes before it; `null` where it is not set",
	"feature":      "how a feature gate is set; `null` where it is not named",
	"path":         "what lies at a path: its type (`\"file\"`, `\"dir\"`, `\"symlink\"`, `\"other\"`), mode as in `\"0640\"`, owner and group; `null` where nothing does",
	"owners":       "the owners, as `\"root:root\"`, of a folder and of all that lies under it, each once; empty where there is no folder",
	"entries":      "what lies in a folder and in its folders; `null` where there is no folder",
	"unit":         "whether a unit of systemd is enabled, active and masked, each true or false; `null` where there is none of the name",
	"sysctl":       "a kernel setting in force, as text",
	"audit_level":  "how much the audit log keeps of a request for a resource: `\"None\"`, `\"Metadata\"`, `\"Request\"` or `\"RequestResponse\"`; `null` without a policy",
	"encrypted_by": "the provider that a resource is written to etcd by; `\"identity\"` where it is not encrypted, `null` without a configuration",
	"open_from":    "the prefixes that the firewall lets reach a port from, as in `\"tcp/6443\"`",

	"pod_security":      "what the PodSecurity plugin holds namespaces to that say nothing; `null` without a configuration of it",
	"anonymous":         "what requests without credentials may reach",
	"audit_rules":       "the rules of the audit policy, in its order; `null` without a policy",
	"firewall":          "bulwark's table of the firewall; unknown where another firewall is in charge of the machine",
	"admission_plugins": "the plugins that the admission configuration has something for; `null` without one",
	"issuers":           "the issuers of tokens that the API server takes people's from; `null` where there is none",

	"namespaces":         "all namespaces",
	"pods":               "all pods",
	"service_accounts":   "all service accounts",
	"grants":             "every rule of every role, once for each subject that a binding gives it to",
	"network_policies":   "all NetworkPolicies",
	"limit_ranges":       "all LimitRanges",
	"quotas":             "all ResourceQuotas",
	"admission_policies": "all ValidatingAdmissionPolicies",
	"things":             "objects that people made in `default`, `kube-public` and `kube-node-lease`",
	"nodes":              "all Nodes",
	"bootstrap_tokens":   "all bootstrap tokens, without what is secret of them",

	"all":         "whether every answer is true; of an empty list it is true",
	"any":         "whether one answer is true; of an empty list it is false",
	"has":         "whether a word is in a list, or in text with commas; of `null` it is false",
	"within":      "whether nothing is in a list that is not allowed; prefixes are compared by their addresses; of nothing it is true",
	"subset":      "whether there is something, and nothing that is not allowed; prefixes are compared by their addresses; of nothing it is false",
	"union":       "all words of several lists, each once",
	"count":       "how many elements a list has; 0 of `null`",
	"at_least":    "whether a number, also one that is text, or each of a list, is as much; of `null` it is false",
	"starts_with": "whether text begins so; of `null` it is false",
	"ends_with":   "whether text ends so; of `null` it is false",
	"mode_within": "whether a path has no permission beyond a mode such as `\"0600\"`; of `null` it is false",
	"owned_by":    "whether a path belongs to a user and group such as `\"root:root\"`; of `null` it is false",
	"duration":    "a time such as `\"5m0s\"` in seconds; `null` of what is none",
	"version":     "a release such as `\"1.37\"`, to compare `cluster.kubernetes` with",
	"repository":  "the name of an image without its tag and digest",
}
