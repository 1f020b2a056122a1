package bulwark_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// forbidden are functions that only some folders may name; tests may where
// they stand in for a program. .golangci.yml says the same, and this test
// holds also where no linter runs.
var forbidden = []struct {
	pkg, name string // name may end in *
	why       string
	in        []string
	tests     bool
}{
	{"os", "Exit", "only main ends the process; return an error or a code", []string{"cmd/bulwark", "e2e"}, true},
	{"fmt", "Print*", "only cmd/view prints", []string{"cmd/view", "e2e"}, true},
	{"log", "Print*", "take a *slog.Logger", []string{"e2e"}, false},
	{"log", "Fatal*", "take a *slog.Logger", []string{"e2e"}, false},
	{"log", "Panic*", "take a *slog.Logger", []string{"e2e"}, false},
}

// never are names that stand for a check that was switched off, wherever they are.
var never = map[string]string{
	"InsecureIgnoreHostKey": "host keys are always checked",
	"InsecureSkipVerify":    "certificates are always checked",
}

func TestNothingForbiddenIsCalled(t *testing.T) {
	for _, f := range goFiles(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), f, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range forbiddenIn(f, parsed) {
			t.Errorf("%s: %s", f, wrong)
		}
	}
}

// The test above finds what it is for.
func TestForbiddenCallsAreFound(t *testing.T) {
	const text = `package x
import ("fmt"; sys "os"; "log")
func f() { fmt.Println(1); sys.Exit(2); log.Fatalf("3"); _ = ssh.InsecureIgnoreHostKey(); _ = T{InsecureSkipVerify: true}; fmt.Sprint(4) }`
	for file, want := range map[string]int{
		"provision/x.go": 5, "provision/x_test.go": 3, "cmd/cli/x.go": 5, "cmd/view/x.go": 4, "cmd/bulwark/main.go": 4, "e2e/x_test.go": 2, "e2e/lab/x.go": 2,
	} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := forbiddenIn(file, parsed); len(got) != want {
			t.Errorf("%s: %d found, want %d: %v", file, len(got), want, got)
		}
	}
}

func forbiddenIn(file string, parsed *ast.File) []string {
	names := map[string]string{} // as the file calls a package, to its path
	for _, i := range parsed.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		name := path[strings.LastIndexByte(path, '/')+1:]
		if i.Name != nil {
			name = i.Name.Name
		}
		names[name] = path
	}
	dir, isTest := filepath.ToSlash(filepath.Dir(file)), strings.HasSuffix(file, "_test.go")
	var out []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if why := never[n.Name]; why != "" {
				out = append(out, n.Name+": "+why)
			}
		case *ast.SelectorExpr:
			of, ok := n.X.(*ast.Ident)
			if !ok {
				return true
			}
			for _, r := range forbidden {
				stem, any := strings.CutSuffix(r.name, "*")
				is := names[of.Name] == r.pkg && (n.Sel.Name == r.name || any && strings.HasPrefix(n.Sel.Name, stem))
				if is && !(isTest && r.tests) && !slices.ContainsFunc(r.in, func(room string) bool { return within(dir, room) }) {
					out = append(out, r.pkg+"."+n.Sel.Name+": "+r.why)
				}
			}
		}
		return true
	})
	return out
}
