package cli

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision"
)

func TestRenderReplacesAnEarlierRendering(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	put := func(name, content string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("w-9/files/x", "stale")
	put(rendering, "w-9/files/x\nw-9/files/gone\n")
	put("README", "mine")
	if c := (&console{args: "render -o " + dir}).run(t, newFake()); c.code != 0 {
		t.Fatal(c.stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "w-9")); err == nil {
		t.Error("a stale folder stayed")
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "README")); string(b) != "mine" {
		t.Error("a file that no render wrote was touched")
	}
	if b, _ := os.ReadFile(filepath.Join(dir, rendering)); string(b) != "cp-1/files/etc/a\nplan.json\n" {
		t.Errorf("the list says %q", b)
	}
}

func TestRenderRemovesNothingOutsideItsFolder(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "out")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string]string{filepath.Join(dir, rendering): "../outside\n", filepath.Join(top, "outside"): ""} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if c := (&console{args: "render -o " + dir}).run(t, newFake()); c.code != 1 {
		t.Errorf("code %d", c.code)
	}
	if _, err := os.Stat(filepath.Join(top, "outside")); err != nil {
		t.Error("a file outside the folder was removed")
	}
}

// A render that was cut leaves a list of what it may have written, so that
// the next one can take its place.
func TestRenderAfterOneThatWasCut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	cut := []provision.RenderedFile{{Path: "cp-1/files/etc/a"}, {Path: "cp-1/files/etc/a/b"}, {Path: "plan.json"}} // the second cannot be written
	if err := writeRendering(dir, cut); err == nil {
		t.Fatal("a file became a folder")
	}
	if _, err := os.Stat(filepath.Join(dir, "cp-1/files/etc/a")); err != nil {
		t.Fatal("nothing was written before the cut")
	}
	if c := (&console{args: "render -o " + dir}).run(t, newFake()); c.code != 0 {
		t.Fatal(c.stderr)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, rendering)); string(b) != "cp-1/files/etc/a\nplan.json\n" {
		t.Errorf("the list says %q", b)
	}
}

func TestRenderRefusesAFolderOfOthers(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	c := (&console{args: "render -o " + dir}).run(t, newFake())
	if c.code != 1 {
		t.Errorf("code %d", c.code)
	}
	says(t, "stderr", c.stderr, "name an empty folder")
}

func TestFmt(t *testing.T) {
	write := func(t *testing.T, files map[string]string) string {
		dir := t.TempDir()
		for n, s := range files {
			if err := os.WriteFile(filepath.Join(dir, n), []byte(s), 0o640); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	t.Run("writes what is not in the format and keeps the mode", func(t *testing.T) {
		dir := write(t, map[string]string{"a.hcl": "a=1\n", "b.hcl": "a = 1\n", "c.txt": "a=1\n"})
		c := (&console{args: "fmt " + dir}).run(t, newFake())
		if want := filepath.Join(dir, "a.hcl") + "\n"; c.code != 0 || c.stdout != want {
			t.Errorf("code %d, stdout %q", c.code, c.stdout)
		}
		b, _ := os.ReadFile(filepath.Join(dir, "a.hcl"))
		info, _ := os.Stat(filepath.Join(dir, "a.hcl"))
		if string(b) != "a = 1\n" || info.Mode().Perm() != 0o640 {
			t.Errorf("%q, %v", b, info.Mode())
		}
	})
	t.Run("checks without writing", func(t *testing.T) {
		dir := write(t, map[string]string{"a.hcl": "a=1\n"})
		c := (&console{args: "fmt --check --diff " + dir}).run(t, newFake())
		b, _ := os.ReadFile(filepath.Join(dir, "a.hcl"))
		if c.code != 1 || string(b) != "a=1\n" {
			t.Errorf("code %d, %q", c.code, b)
		}
		says(t, "stdout", c.stdout, "-a=1\n", "+a = 1\n")
	})
	t.Run("says all that is wrong", func(t *testing.T) {
		dir := write(t, map[string]string{"a.hcl": "broken", "b.hcl": "a=1\n", "c.hcl": "broken"})
		c := (&console{args: "fmt " + dir}).run(t, newFake())
		if c.code != 1 || !strings.Contains(c.stdout, "b.hcl") {
			t.Errorf("code %d, stdout %q", c.code, c.stdout)
		}
		says(t, "stderr", c.stderr, "a.hcl: broken", "c.hcl: broken")
	})
	t.Run("is a filter", func(t *testing.T) {
		c := (&console{args: "fmt -", stdin: "a=1\n"}).run(t, newFake())
		if c.code != 0 || c.stdout != "a = 1\n" {
			t.Errorf("code %d, stdout %q", c.code, c.stdout)
		}
	})
	t.Run("refuses what no spec is", func(t *testing.T) {
		dir := write(t, map[string]string{"big.hcl": strings.Repeat("#", maxInput+1)})
		if c := (&console{args: "fmt " + dir}).run(t, newFake()); c.code != 1 || !strings.Contains(c.stderr, "larger") {
			t.Errorf("code %d: %s", c.code, c.stderr)
		}
		if c := (&console{args: "fmt /dev/zero"}).run(t, newFake()); c.code != 1 || !strings.Contains(c.stderr, "regular") {
			t.Errorf("code %d: %s", c.code, c.stderr)
		}
	})
}

func TestNearest(t *testing.T) {
	verbs := []string{"plan", "apply", "init", "fmt", "validate", "render", "reset", "kubeconfig", "kind", "version"}
	for word, want := range map[string]string{
		"aply": "apply", "appyl": "apply", "valdate": "validate", "kubecfg": "", "rest": "reset", "x": "", "destroy": "", "kubconfig": "kubeconfig", "fmy": "fmt",
	} {
		if got := nearest(word, verbs); got != want {
			t.Errorf("%q is near %q, want %q", word, got, want)
		}
	}
}

func TestUsage(t *testing.T) {
	for args, want := range map[string]string{
		"aply":                   `Did you mean "bulwark apply"?`,
		"apply -auto-approve":    "Did you mean --auto-approve?",
		"apply -parallelism=3":   "Did you mean --parallelism=3?",
		"apply --auto-aprove":    "Did you mean --auto-approve?",
		"render -out x":          "Did you mean --out?",
		"kind creat":             `Did you mean "bulwark kind create"?`,
		"kind":                   `See "bulwark kind --help".`,
		"":                       `See "bulwark --help".`,
		"apply a b":              "Usage: bulwark apply [SPEC | FILE]",
		"kubeconfig --ttl=never": `See "bulwark kubeconfig --help".`,
	} {
		f := newFake()
		c := (&console{args: args}).run(t, f)
		if c.code != exitUsage || c.stdout != "" || len(f.calls) > 0 {
			t.Errorf("%q: code %d, stdout %q after %v", args, c.code, c.stdout, f.calls)
		}
		says(t, args, c.stderr, want)
	}
	// Short flags that are meant as such, and what lies behind --, stay what they are.
	for _, args := range []string{"version -ojson", "validate -v", "validate -- -spec"} {
		if c := (&console{args: args}).run(t, newFake()); c.code != 0 {
			t.Errorf("%q: code %d: %s", args, c.code, c.stderr)
		}
	}
}

func TestQuoteIsReadAsOneWord(t *testing.T) {
	for in, want := range map[string]string{"prod/x.hcl": "prod/x.hcl", "my spec": "'my spec'", "it's": `'it'\''s'`, "$(x)": "'$(x)'", "": "''"} {
		if got := quote(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestVersionOfABuild(t *testing.T) {
	v := versionOf(&debug.BuildInfo{
		Main:     debug.Module{Version: "v0.3.1"},
		Deps:     []*debug.Module{{Path: "k8s.io/kubernetes", Version: "v1.37.2"}},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}},
	})
	if v.Bulwark != "0.3.1" || v.Kubernetes != "v1.37.2" || v.Commit != "abc" || !v.Modified {
		t.Errorf("%+v", v)
	}
	if v := versionOf(&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}); v.Bulwark != "development" {
		t.Errorf("%+v", v)
	}
}
