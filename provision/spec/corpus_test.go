package spec

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what is printed into the golden files")

// corpus are the specs of testdata.
func corpus(t testing.TB) []string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"testdata/refused/*.hcl", "testdata/accepted/*.hcl"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("nothing matches %s: %v", pattern, err)
		}
		names = append(names, found...)
	}
	return names
}

// Each file of testdata/refused is refused as the text beside it says.
func TestRefusedSpecsSayWhy(t *testing.T) {
	names, _ := filepath.Glob("testdata/refused/*.hcl")
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			c, files, diags := Load(name, Options{})
			if c != nil || !diags.HasErrors() {
				t.Fatal("it was accepted")
			}
			var b strings.Builder
			for _, d := range diags {
				b.WriteString("[" + string(CodeOf(d)) + "] " + printedOne(files, d))
			}
			golden := strings.TrimSuffix(name, ".hcl") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("it says\n%s\nand not\n%s\nIf that is better, run: go test ./provision/spec -update", b.String(), want)
			}
		})
	}
}

func TestAcceptedSpecsAreAcceptedWithoutAWord(t *testing.T) {
	names, _ := filepath.Glob("testdata/accepted/*.hcl")
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			if _, files, diags := Load(name, Options{}); len(diags) > 0 {
				t.Error(printed(files, diags))
			}
		})
	}
}

// What a user copies first is right, and looks as bulwark fmt would have it.
func TestExamplesAreAcceptedWithoutAWord(t *testing.T) {
	names, err := filepath.Glob("../../examples/*/cluster.hcl")
	if err != nil || len(names) < 2 {
		t.Fatalf("only %v are there", names)
	}
	for _, name := range names {
		if filepath.Base(filepath.Dir(name)) == "all-standards" {
			continue // its profiles are read with the catalogue, by the tests of package provision
		}
		c, files, diags := Load(filepath.Dir(name), Options{})
		if c == nil || len(diags) > 0 {
			t.Error(printed(files, diags))
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if formatted, diags := Format(name, text); diags.HasErrors() || string(formatted) != string(text) {
			t.Errorf("%s is not formatted", name)
		}
	}
}
