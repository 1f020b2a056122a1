package bulwark_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/bulwark-k8s/bulwark/"

// arrows, the plan's table, are which rooms a room may import. The longest entry that a package's
// path begins with is the one that counts; a room may always import what lies
// in its own folder. .golangci.yml says the same, and this test holds also
// where no linter runs.
var arrows = map[string][]string{
	"cmd/bulwark":       {"cmd/cli"},
	"cmd/cli":           {"cmd/metrics", "cmd/view", "provision"},
	"cmd/metrics":       {"provision"}, // not in the plan yet
	"cmd/view":          {"profiles", "profiles/report", "provision", "provision/adopt", "provision/apply", "provision/cluster", "provision/plan", "provision/spec", "provision/state"},
	"provision":         {"provision/...", "templates/...", "profiles", "profiles/..."},
	"provision/adopt":   {"templates/kubeadm", "provision/cluster", "provision/spec", "provision/state"}, // not in the plan yet
	"provision/apply":   {"provision/plan", "provision/host", "provision/kube", "provision/etcd", "provision/state"},
	"provision/cluster": {},
	"provision/desired": {"templates/...", "provision/cluster", "provision/state"},
	"provision/etcd":    {"provision/host", "provision/state"}, // not in the plan yet
	"provision/host":    {},
	"provision/kube":    {"provision/host", "provision/state"},
	"provision/observe": {"provision/host", "provision/state", "provision/kube"},
	"provision/plan":    {"provision/cluster", "provision/state"},
	"provision/spec":    {"provision/cluster"},
	"provision/state":   {},
	"provision/verify":  {"provision/apply", "provision/cluster", "provision/host", "provision/kube"}, // not in the plan yet
	"templates/kubeadm": {"provision/cluster"},
	"templates/node":    {"provision/cluster"},
	"templates/policy":  {"provision/cluster"},
	"profiles":          {"provision/spec", "provision/cluster", "provision/state"},
	"e2e":               {"..."},
	"examples":          {"..."},
}

// departures are arrows that the code has and the plan has not. Each is to go
// away, by moving code or by changing the plan; one that is not used any more
// is an error, so that the list only tells what is true.
var departures = map[string]string{
	"provision/apply > provision/cluster":       "whom a request for a certificate may name is the spec's to say",
	"provision/apply > provision/observe":       "what a change answers is read by the code that reads a look",
	"provision/apply > templates/node/script":   "the programs it runs are kept there",
	"provision/host > provision/cluster":        "a target and its deviations are made from a node",
	"provision/kube > provision/cluster":        "whom a request for a certificate may name is the spec's to say",
	"provision/observe > templates/node/script": "the programs it runs are kept there",
	"templates/kubeadm > provision/state":       "references and files are its words",
	"templates/node > provision/state":          "references and files are its words",
	"templates/policy > provision/state":        "references and files are its words",
	"provision > github.com/hashicorp/hcl/v2":   "diagnostics pass through it on their way to the view",
}

// named are files that may import more than their room, and why.
var named = map[string][]string{
	// The types that the facade's signatures name, and the kinds of its errors.
	"cmd/cli/provision.go": {"profiles", "profiles/report", "provision/apply", "provision/cluster", "provision/plan"},
	"cmd/cli/exit.go":      {"provision/apply", "provision/host", "provision/spec"},
}

// owners are modules that only some rooms may import, tests included.
var owners = map[string][]string{
	"github.com/hashicorp/hcl/v2": {"provision/spec", "profiles", "cmd/view", "examples"},
	"github.com/zclconf/go-cty":   {"provision/spec", "profiles", "cmd/view"},
	"golang.org/x/crypto/ssh":     {"provision/host/ssh", "provision/host/hosttest", "e2e"},
	"sigs.k8s.io/kind":            {"provision/host/kind", "e2e"},
	"github.com/prometheus":       {"cmd/metrics"},
	"go.etcd.io/etcd/client/v3":   {"provision/etcd"},
	"k8s.io/kubernetes":           {"templates/kubeadm", "e2e/lab/build"}, // the latter builds it, in modules of its own
}

func TestRoomsImportOnlyWhatTheArrowsAllow(t *testing.T) {
	used := map[string]bool{}
	for _, f := range goFiles(t) {
		dir := filepath.ToSlash(filepath.Dir(f))
		for _, path := range imports(t, f) {
			wrong, what := trespass(f, dir, path)
			if wrong == "" {
				continue
			}
			if arrow := room(dir) + " > " + what; departures[arrow] != "" {
				used[arrow] = true
				continue
			}
			t.Errorf("%s imports %s: %s", f, path, wrong)
		}
	}
	for arrow := range departures {
		if !used[arrow] {
			t.Errorf("%s is not needed any more: take it off the list of departures", arrow)
		}
	}
}

// trespass says why a file may not import a path, and which room or module
// that path belongs to; nothing when it may.
func trespass(file, dir, path string) (wrong, what string) {
	if to, ours := strings.CutPrefix(path, module); ours {
		// Tests, and packages for tests (hosttest), may take any room to make
		// their values; what ships may not.
		if !strings.HasSuffix(file, "_test.go") && !strings.HasSuffix(dir, "test") && !allowed(file, dir, to) {
			return fmt.Sprintf("%s may import %v", room(dir), arrows[room(dir)]), to
		}
		return "", ""
	}
	for owned, by := range owners {
		if within(path, owned) && !slices.ContainsFunc(by, func(r string) bool { return within(dir, r) }) {
			return fmt.Sprintf("only %v may", by), owned
		}
	}
	return "", ""
}

// TestEveryRoomIsInTheTable keeps a new room from having no rules at all.
func TestEveryRoomIsInTheTable(t *testing.T) {
	for _, f := range goFiles(t) {
		if dir := filepath.ToSlash(filepath.Dir(f)); dir != "." && room(dir) == "" {
			t.Errorf("%s belongs to no room of the table in arch_test.go", f)
		}
	}
}

func TestFilesStayReadable(t *testing.T) {
	const most = 450
	for _, f := range goFiles(t) {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(b), "\n"); n > most {
			t.Errorf("%s has %d lines and may have %d: give a concept of it its own file", f, n, most)
		}
	}
}

// room is the entry of the table that a folder falls under, "" when none does.
func room(dir string) string {
	best := ""
	for r := range arrows {
		// The facade may import so much that a new room must not pass for it.
		if within(dir, r) && len(r) > len(best) && (r != "provision" || dir == r) {
			best = r
		}
	}
	return best
}

func allowed(file, dir, to string) bool {
	own := room(dir)
	// Packages of one room know each other, unless the table tells them apart.
	if own != "" && within(to, own) && room(to) == own {
		return true
	}
	for _, a := range append(slices.Clone(arrows[own]), named[file]...) {
		tree, isTree := strings.CutSuffix(a, "...")
		switch {
		case isTree && strings.HasPrefix(to, tree):
			return true
		case !isTree && to == a:
			return true
		}
	}
	return false
}

func within(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func imports(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range f.Imports {
		path, err := strconv.Unquote(s.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, path)
	}
	return out
}

// goFiles are the Go files of the repository, those of nested modules too.
func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if n := d.Name(); d.IsDir() && path != "." && (strings.HasPrefix(n, ".") || strings.HasPrefix(n, "_") || n == "testdata") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
