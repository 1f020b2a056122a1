package report_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	oscal "github.com/defenseunicorns/go-oscal/src/types/oscal-1-1-3"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/bulwark-k8s/bulwark/profiles/report"
)

// The schemas are those of the standards' own bodies; two modules carry them.
func schemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(module(t, "github.com/defenseunicorns/go-oscal"),
		"src/internal/schemas/oscal_complete_schema-"+strings.ReplaceAll(oscal.Version, ".", "-")+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*jsonschema.Schema{
		"oscal": compile(t, text),
		"sarif": compile(t, constant(t, filepath.Join(module(t, "github.com/owenrumney/go-sarif/v3"), "pkg/report/v210/sarif/schema.go"), "schema")),
	}
}

func module(t *testing.T, path string) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(dir))
}

// constant is the text of a constant that a package does not show.
func constant(t *testing.T, file, name string) []byte {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	ast.Inspect(parsed, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 && v.Names[0].Name == name {
			if lit, ok := v.Values[0].(*ast.BasicLit); ok {
				text, err = strconv.Unquote(lit.Value)
			}
		}
		return true
	})
	if err != nil || text == "" {
		t.Fatalf("%s has no text %s: %v", file, name, err)
	}
	return []byte(text)
}

func compile(t *testing.T, text []byte) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheSchemasHold(t *testing.T) {
	rendered := sample()
	rendered.Rendered = true
	own := sample() // a cluster without a spec
	own.Cluster.Origins = nil
	empty := sample()
	empty.Findings, empty.Notes, empty.Profiles, empty.Cluster.Nodes = nil, nil, nil, nil
	nasty := hostileAudit()
	far := sample()
	far.Dir = "/srv/a folder/ä%"
	for format, schema := range schemas(t) {
		for name, a := range map[string]report.Audit{"living": sample(), "rendered": rendered, "without a spec": own, "empty": empty, "hostile": nasty, "far": far} {
			text := render(t, report.New(a), format)
			document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(document); err != nil {
				t.Errorf("%s, %s: %v", format, name, err)
			}
		}
	}
}

// A schema that holds of everything would show nothing.
func TestTheSchemasCanFail(t *testing.T) {
	for format, schema := range schemas(t) {
		text := render(t, report.New(sample()), format)
		for from, to := range map[string]string{`"uuid": "`: `"uuid": "x`, `"level": "error"`: `"level": "grave"`, `"collected": "2026`: `"collected": "in 2026`, `"ruleIndex": 0`: `"ruleIndex": "0"`} {
			if !strings.Contains(text, from) {
				continue
			}
			document, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.ReplaceAll(text, from, to)))
			if err != nil {
				t.Fatal(err)
			}
			if schema.Validate(document) == nil {
				t.Errorf("%s: the schema takes %s", format, to)
			}
		}
	}
}

// What a result names is there.
func TestSARIFPointsWhereItSays(t *testing.T) {
	var log sarif.Report
	if err := json.Unmarshal([]byte(render(t, report.New(sample()), "sarif")), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	at := map[string]string{}
	for _, r := range run.Results {
		if id := run.Tool.Driver.Rules[r.RuleIndex].ID; *id != *r.RuleID {
			t.Errorf("%s is rule %d, which is %s", *r.RuleID, r.RuleIndex, *id)
		}
		p := r.Locations[0].PhysicalLocation
		at[*r.RuleID] = *p.ArtifactLocation.URI + ":" + strconv.Itoa(*p.Region.StartLine) + " " + r.Level
	}
	for id, want := range map[string]string{
		"CIS-1.2.17": "prod/cluster.hcl:12 error", "CIS-4.2.1": "prod/kubelet.hcl:4 warning", "CIS-1.2.11": "prod/cluster.hcl:1 error", "NSA-AA-1": "prod/cluster.hcl:1 note", "CIS-1.2.15": "",
	} {
		if at[id] != want {
			t.Errorf("%s is at %q, want %q", id, at[id], want)
		}
	}
}

// Ids are of what is said: another value, another document; a node keeps its own.
func TestOSCALIdsAreOfTheContent(t *testing.T) {
	ids := func(a report.Audit) (root, node string) {
		var m oscal.OscalModels
		if err := json.Unmarshal([]byte(render(t, report.New(a), "oscal")), &m); err != nil {
			t.Fatal(err)
		}
		r := m.AssessmentResults
		return r.UUID, (*r.Results[0].LocalDefinitions.InventoryItems)[0].UUID
	}
	other := sample()
	other.Findings[0].Seen[0].Value = "8"
	root, node := ids(sample())
	otherRoot, otherNode := ids(other)
	if root == otherRoot || node != otherNode {
		t.Errorf("documents %s and %s, node %s and %s", root, otherRoot, node, otherNode)
	}
}
