// Package examples_test holds the examples and the documentation to the code:
// every example loads, is formatted and is rendered to the files in testdata,
// and what the documentation lists is what there is. `go test ./examples
// -update` writes the files and the tables anew.
package examples_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision"
)

var update = flag.Bool("update", false, "write golden files and generated tables anew")

// examples are the folders here that hold a spec.
func examples(t *testing.T) []string {
	t.Helper()
	specs, err := filepath.Glob("*/*.hcl")
	if err != nil {
		t.Fatal(err)
	}
	var dirs []string
	for _, s := range specs {
		dirs = append(dirs, filepath.Dir(s))
	}
	if dirs = slices.Compact(dirs); len(dirs) == 0 {
		t.Fatal("there are no examples")
	}
	return dirs
}

// An example is read without a variable and without an environment, and
// nothing about it is worth a warning.
func TestExamplesLoad(t *testing.T) {
	for _, dir := range examples(t) {
		loaded, err := provision.Load(t.Context(), provision.Input{Path: dir})
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		for _, w := range loaded.Warnings {
			t.Errorf("%s: %v", dir, w)
		}
	}
}

func TestExamplesAreFormatted(t *testing.T) {
	specs, err := filepath.Glob("*/*.hcl")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range specs {
		text := read(t, path)
		got, err := provision.Format(text, path)
		switch {
		case err != nil:
			t.Errorf("%s: %v", path, err)
		case !bytes.Equal(got, text):
			t.Errorf("%s is not formatted: run bulwark fmt examples/%s", path, filepath.Dir(path))
		}
	}
}

func TestExamplesRender(t *testing.T) {
	for _, dir := range examples(t) {
		t.Run(dir, func(t *testing.T) {
			files := render(t, provision.Input{Path: dir})
			for path, content := range render(t, provision.Input{Path: dir}) {
				if files[path] != content {
					t.Errorf("%s: the second rendering differs", path)
				}
			}
			golden(t, filepath.Join("testdata", dir), files)
		})
	}
}

// A variable changes what is rendered: the answer from the command line is in
// the files, and the default is not.
func TestVariablesReachTheFiles(t *testing.T) {
	files := render(t, provision.Input{Path: "variables", Vars: map[string]string{"site": "lyon"}})
	config := files["cp-1/files/etc/kubernetes/bulwark/kubeadm.yaml"]
	if !strings.Contains(config, "api.lyon.example.com") || strings.Contains(config, "api.oslo.example.com") {
		t.Errorf("--var site=lyon is not in the configuration:\n%s", config)
	}
}

func render(t *testing.T, in provision.Input) map[string]string {
	t.Helper()
	r, err := provision.Render(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range r.Files {
		var text strings.Builder
		if err := f.Write(&text); err != nil {
			t.Fatal(err)
		}
		files[f.Path] = text.String()
	}
	return files
}

// golden compares files with those of a folder, in both directions.
func golden(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		for path, content := range files {
			path = filepath.Join(dir, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, path, []byte(content))
		}
		return
	}
	const hint = "if that is meant, run: go test ./examples -update"
	for path, content := range files {
		want, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			t.Errorf("%v; %s", err, hint)
		} else if string(want) != content {
			t.Errorf("%s differs from what is in %s; %s", path, dir, hint)
		}
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if _, ok := files[filepath.ToSlash(name)]; !ok && err == nil {
			t.Errorf("%s is not rendered any more; %s", path, hint)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
