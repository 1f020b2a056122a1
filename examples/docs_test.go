package examples_test

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/cmd/cli"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// generated compares the part of a document between two marks with a text.
func generated(t *testing.T, path, mark, want string) {
	t.Helper()
	begin, end := "<!-- "+mark+":begin -->\n", "<!-- "+mark+":end -->"
	text := string(read(t, path))
	before, rest, ok1 := strings.Cut(text, begin)
	got, after, ok2 := strings.Cut(rest, end)
	switch {
	case !ok1 || !ok2:
		t.Errorf("%s has no %s … %s", path, strings.TrimSpace(begin), end)
	case got == want:
	case *update:
		write(t, path, []byte(before+begin+want+end+after))
	default:
		t.Errorf("%s is not what the code says between %s and %s; run: go test ./examples -update", path, strings.TrimSpace(begin), end)
	}
}

// mentions reports every word that a document does not have in `code`.
func mentions(t *testing.T, path string, words []string) {
	t.Helper()
	text := string(read(t, path))
	if len(words) == 0 {
		t.Errorf("%s: the code has no words to look for; does this test still read it?", path)
	}
	for _, w := range words {
		if !strings.Contains(text, "`"+w+"`") {
			t.Errorf("%s does not mention `%s`", path, w)
		}
	}
}

func TestHardeningTable(t *testing.T) {
	var b strings.Builder
	component := ""
	var rest []cluster.Setting
	// Those that a spec cannot set are many and have few reasons.
	refused := func() {
		if len(rest) == 0 {
			return
		}
		fmt.Fprintf(&b, "\nNot for a spec to set:\n\n| key | why, or what to use | asked for by |\n|---|---|---|\n")
		for len(rest) > 0 {
			first := rest[0]
			var keys []string
			rest = slices.DeleteFunc(rest, func(s cluster.Setting) bool {
				same := s.Rule == first.Rule && s.Use == first.Use && slices.Equal(s.Refs, first.Refs)
				if same {
					keys = append(keys, "`"+s.Key+"`")
				}
				return same
			})
			fmt.Fprintf(&b, "| %s | %s | %s |\n", strings.Join(keys, " "), first.Use, strings.Join(first.Refs, ", "))
		}
	}
	for _, s := range cluster.Hardened() {
		if s.Component != component {
			refused()
			component = s.Component
			fmt.Fprintf(&b, "\n### `%s`\n\n| key | value | a spec may write | asked for by |\n|---|---|---|---|\n", component)
		}
		if s.Rule == cluster.Forbidden || s.Rule == cluster.Fixed && s.Value == nil {
			rest = append(rest, s)
			continue
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Key, value(s), rule(s), strings.Join(s.Refs, ", "))
	}
	refused()
	generated(t, "../docs/hardening.md", "hardened", b.String()+"\n")
}

// value is what a component has when the spec says nothing.
func value(s cluster.Setting) string {
	if s.Value == nil {
		return ""
	}
	if list := elements(s); list != nil {
		switch {
		case slices.Equal(list, cluster.CipherSuites()):
			return "the four suites above"
		case len(list) == 0:
			return "none"
		}
		if !s.Written {
			return ""
		}
		return "`" + strings.Join(list, "` `") + "`"
	}
	if !s.Written {
		return fmt.Sprintf("`%v`, not written", s.Value)
	}
	return fmt.Sprintf("`%v`", s.Value)
}

// elements are the value of a setting that is a list, and nil for all others.
func elements(s cluster.Setting) []string {
	list, _ := s.Value.([]string)
	return list
}

// rule says what a spec may write beside the hardened value.
func rule(s cluster.Setting) string {
	bound := func(n int64) string {
		if s.High >= int64(time.Second) {
			return time.Duration(n).String()
		}
		return strconv.FormatInt(n, 10)
	}
	switch s.Rule {
	case cluster.Minimum:
		return fmt.Sprintf("%v or more", s.Value)
	case cluster.Maximum, cluster.Between:
		if s.Rule == cluster.Maximum && s.Value != nil {
			return fmt.Sprintf("1 to %v", s.Value)
		}
		return bound(s.Low) + " to " + bound(s.High)
	case cluster.Union:
		return "more; they are added"
	case cluster.Intersection:
		switch list := elements(s); {
		case len(list) == 0:
			return "nothing"
		case !s.Written:
			return "only of `" + strings.Join(list, "` `") + "`"
		}
		if s.Keep != "" {
			return "fewer of these, the first among them"
		}
		return "fewer of these"
	case cluster.TrueWins, cluster.FalseWins:
		return fmt.Sprintf("`%v` only", s.Rule == cluster.TrueWins)
	case cluster.Ordered:
		return "`" + strings.Join(s.Levels[slices.Index(s.Levels, s.Arg()):], "` `") + "`"
	case cluster.Fixed:
		return "this value only"
	case cluster.Pairs:
		return "pairs; each is judged by itself"
	case cluster.OneOf:
		return "`" + strings.Join(s.Levels, "` `") + "`"
	case cluster.Forbidden:
	}
	return string(s.Rule)
}

// parse reads the syntax of a file of this repository.
func parse(t *testing.T, path string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func unquoted(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		s, _ := strconv.Unquote(lit.Value)
		return s
	}
	return ""
}

func TestDiagnosticCodes(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "| code | what is wrong |\n|---|---|\n")
	ast.Inspect(parse(t, "../provision/spec/codes.go"), func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if ok && len(v.Values) == 1 && v.Comment != nil {
			fmt.Fprintf(&b, "| `%s` | %s |\n", unquoted(v.Values[0]), strings.TrimSpace(v.Comment.Text()))
		}
		return true
	})
	generated(t, "../docs/spec.md", "codes", b.String())
}

// Every attribute and block of the language is in its reference, and so is
// every function.
func TestReferenceIsComplete(t *testing.T) {
	var words, functions []string
	for _, path := range []string{"../provision/spec/text.go", "../provision/spec/overlay.go"} {
		ast.Inspect(parse(t, path), func(n ast.Node) bool {
			f, ok := n.(*ast.Field)
			if !ok || f.Tag == nil {
				return true
			}
			tag, _ := strconv.Unquote(f.Tag.Value)
			name, kind, _ := strings.Cut(reflect.StructTag(tag).Get("hcl"), ",")
			if name != "" && (kind == "optional" || kind == "block") {
				words = append(words, name)
			}
			return true
		})
	}
	ast.Inspect(parse(t, "../provision/spec/functions.go"), func(n ast.Node) bool {
		f, ok := n.(*ast.FuncDecl)
		if !ok || f.Name.Name != "standard" {
			return true
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if kv, ok := n.(*ast.KeyValueExpr); ok {
				functions = append(functions, unquoted(kv.Key))
			}
			return true
		})
		return false
	})
	mentions(t, "../docs/spec.md", words)
	mentions(t, "../docs/spec.md", functions)
}

// Every check of preflight is in the table of what a machine must have.
func TestPreflightIsComplete(t *testing.T) {
	var checks []string
	for _, path := range []string{"../provision/plan/preflight.go", "../provision/plan/preflight_cluster.go", "../provision/plan/leave.go", "../provision/plan/preflight_machine.go",
		"../provision/plan/preflight_pods.go", "../provision/plan/policy.go", "../provision/plan/preflight_names.go", "../provision/plan/kubelet_start.go", "../provision/plan/preflight_kubelet.go"} {
		ast.Inspect(parse(t, path), func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "bad" {
					if id := unquoted(n.Args[0]); id != "" {
						checks = append(checks, id)
					}
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Check" && unquoted(n.Value) != "" {
					checks = append(checks, unquoted(n.Value))
				}
			}
			return true
		})
	}
	mentions(t, "../docs/machines.md", checks)
}

// Every deviation of kind's nodes is in its page.
func TestDeviationsAreComplete(t *testing.T) {
	var ids []string
	ast.Inspect(parse(t, "../provision/host/kind/deviations.go"), func(n ast.Node) bool {
		if kv, ok := n.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "ID" {
				ids = append(ids, unquoted(kv.Value))
			}
		}
		return true
	})
	mentions(t, "../docs/kind.md", ids)
}

// help is what a command says of itself.
func help(t *testing.T, args ...string) string {
	t.Helper()
	var out, said bytes.Buffer
	code := cli.Run(context.Background(), cli.System{
		Args: append(args, "--help"), Stdin: strings.NewReader(""), Stdout: &out, Stderr: &said,
		LookupEnv: func(string) (string, bool) { return "", false }, Now: time.Now,
	}, cli.Real())
	if code != 0 {
		t.Fatalf("%v --help: exit %d: %s", args, code, &said)
	}
	return out.String()
}

func TestCommandLine(t *testing.T) {
	var b strings.Builder
	for _, verb := range []string{"", "init", "fmt", "validate", "render", "plan", "apply", "watch", "audit", "audit diff", "profile list", "profile show", "profile explain", "reset", "kubeconfig", "kind create", "kind delete", "version"} {
		fmt.Fprintf(&b, "\n### `%s`\n\n```\n%s```\n", strings.TrimSpace("bulwark "+verb), help(t, strings.Fields(verb)...))
	}
	generated(t, "../docs/cli.md", "help", b.String()+"\n")
}

var (
	link    = regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`)
	heading = regexp.MustCompile("(?m)^#+ (.*)$")
	// unsaid are the letters that a heading's anchor leaves out.
	unsaid = regexp.MustCompile(`[^a-z0-9 -]`)
)

// A link to a file of this repository leads to one, and one to a part of a
// page to a heading of it.
func TestLinks(t *testing.T) {
	docs, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(docs, "../README.md", "../CHANGELOG.md", "../ARCHITECTURE.md") {
		for _, m := range link.FindAllStringSubmatch(string(read(t, path)), -1) {
			to := filepath.Join(filepath.Dir(path), m[1])
			if m[1] == "" {
				to = path
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			if m[2] != "" && !slices.Contains(anchors(t, to), m[2]) {
				t.Errorf("%s: there is no heading %s in %s", path, m[2], to)
			}
		}
	}
}

// anchors are the names that the headings of a page go by in links.
func anchors(t *testing.T, path string) []string {
	t.Helper()
	var names []string
	for _, h := range heading.FindAllStringSubmatch(string(read(t, path)), -1) {
		names = append(names, strings.ReplaceAll(unsaid.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-"))
	}
	return names
}
