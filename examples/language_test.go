package examples_test

import (
	"fmt"
	"go/ast"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

const profilesPage = "../docs/profiles.md"

// objectsOf are the objects of the language, by the function that answers with them, and
// the Go type that they are made of.
var objectsOf = map[string]string{
	"pod_security": "PodSecurity", "anonymous": "Anonymous", "audit_rules": "AuditRule", "firewall": "Firewall", "entries": "Entry",
	"namespaces": "Namespace", "pods": "Pod", "service_accounts": "ServiceAccount", "grants": "Grant", "network_policies": "NetworkPolicy",
	"limit_ranges": "Namespaced", "quotas": "Namespaced", "admission_policies": "AdmissionPolicy", "things": "Thing", "nodes": "NodeObject",
	"bootstrap_tokens": "Token",
}

// Every function is in the page of the language, with what it answers.
func TestFunctionsOfChecks(t *testing.T) {
	titles := map[check.Asked]string{check.AsksNode: "Of a node", check.AsksAPI: "Of the API", check.AsksAlone: "Of what they are told alone"}
	var b strings.Builder
	for _, asks := range []check.Asked{check.AsksNode, check.AsksAPI, check.AsksAlone} {
		fmt.Fprintf(&b, "\n%s:\n\n| function | answers with | which is |\n|---|---|---|\n", titles[asks])
		for _, s := range check.Signatures() {
			if s.Asks == asks {
				fmt.Fprintf(&b, "| `%s(%s)` | %s | %s |\n", s.Name, strings.Join(s.Params, ", "), answer(s.Name, s.Answer), s.Says)
			}
		}
	}
	generated(t, profilesPage, "functions", b.String()+"\n")
}

// answer is a type in words; an object of its own table is named by it.
func answer(function string, t check.Type) string {
	object := objectsOf[function]
	link := fmt.Sprintf("[%s](#%s)", object, strings.ToLower(object))
	switch {
	case len(t.Fields) == 0:
		return t.Word
	case t.List:
		return "list of " + link
	case object != "":
		return link
	}
	return "object: `" + strings.Join(slices.Sorted(maps.Keys(t.Fields)), "`, `") + "`"
}

// A field of an object, as its Go type has it.
type fieldDoc struct{ tag, name, says string }

// objectDoc is what the docstrings of a Go type say.
func objectDoc(t *testing.T, name string) (fields []fieldDoc) {
	t.Helper()
	for _, path := range []string{"../provision/state/inventory.go", "../profiles/check/documents.go", "../profiles/check/cluster.go"} {
		ast.Inspect(parse(t, path), func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || spec.Name.Name != name {
				return true
			}
			body, ok := spec.Type.(*ast.StructType)
			if !ok {
				return true
			}
			for _, f := range body.Fields.List {
				tags, _ := strconv.Unquote(f.Tag.Value)
				tag := reflect.StructTag(tags).Get("cty")
				if tag == "" {
					tag = reflect.StructTag(tags).Get("json")
				}
				fields = append(fields, fieldDoc{tag, f.Names[0].Name, strings.Join(strings.Fields(f.Doc.Text()), " ")})
			}
			return false
		})
	}
	if len(fields) == 0 {
		t.Fatalf("there is no type %s any more", name)
	}
	// A docstring names fields as Go has them.
	for i := range fields {
		for _, f := range fields {
			fields[i].says = regexp.MustCompile(`\b`+f.name+`\b`).ReplaceAllString(fields[i].says, "`"+f.tag+"`")
		}
	}
	return fields
}

// Every field of every object is there, with its type and what its docstring says.
func TestObjectsOfChecks(t *testing.T) {
	var b strings.Builder
	table := func(object, heading, intro string, of map[string]check.Type) {
		fmt.Fprintf(&b, "\n#### %s\n\n%s\n\n| field | type | |\n|---|---|---|\n", heading, intro)
		left := maps.Clone(of)
		for _, f := range objectDoc(t, object) {
			if strings.HasSuffix(f.tag, ",omitempty") {
				continue // of a snapshot alone
			}
			is, ok := left[f.tag]
			if !ok {
				t.Errorf("%s has no %s in the language", object, f.tag)
				continue
			}
			delete(left, f.tag)
			if len(is.Fields) > 0 {
				is.Word = "list of [Container](#container)"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.tag, is.Word, f.says)
		}
		if len(left) > 0 {
			t.Errorf("%s has %v, which no docstring has", object, left)
		}
	}
	table("Cluster", "cluster", "The variable `cluster`: what the spec says.", check.Variables()["cluster"].Fields)
	answers, by := map[string]check.Type{}, map[string][]string{}
	for _, s := range check.Signatures() {
		if len(s.Answer.Fields) == 0 || s.Name == "path" || s.Name == "unit" {
			continue
		}
		if objectsOf[s.Name] == "" {
			t.Errorf("%s() has no type in this test", s.Name)
		}
		answers[s.Name] = s.Answer
		by[objectsOf[s.Name]] = append(by[objectsOf[s.Name]], s.Name)
	}
	for _, object := range slices.Sorted(maps.Keys(by)) {
		table(object, object, "What `"+strings.Join(by[object], "()` and `")+"()` answers with.", answers[by[object][0]].Fields)
		if object == "Pod" {
			table("Container", "Container", "One of a pod's `containers`; init containers and ephemeral ones are among them.", answers["pods"].Fields["containers"].Fields)
		}
	}
	generated(t, profilesPage, "objects", b.String()+"\n")
}

// The settings of a spec's own blocks that a control may harden.
func TestSettingsThatMerge(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "| setting | of several wishes |\n|---|---|\n")
	for _, s := range cluster.BlockSettings() {
		e, ok := (&cluster.Cluster{}).Explain(s.Key)
		if !ok {
			t.Errorf("%s explains nothing", s.Key)
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", s.Key, strings.ReplaceAll(e.Rule, ": , ", ": unset, "))
	}
	generated(t, profilesPage, "settings", b.String())
}
