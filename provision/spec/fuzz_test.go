package spec

import (
	"os"
	"path/filepath"
	"testing"
)

// Whatever the text, Load ends, does not panic, and either gives a cluster or
// says why not; and formatting text that was read changes no word of it.
func FuzzLoad(f *testing.F) {
	for _, name := range corpus(f) {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, text := range []string{minimal, "", "{", "a = ${", "<<A\n", "locals { a = [for x in [1] : x] }", `locals { a = "%{for x in [1]}${x}%{endfor}" }`,
		`variable "a" { type = object({ b = optional(string) }) }`, `locals { a = jsondecode("{") }`, `locals { a = {}[*] }`} {
		f.Add([]byte(text))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(dir, "cluster.hcl")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c, files, diags := Load(path, Options{})
		if (c == nil) != diags.HasErrors() {
			t.Fatalf("a cluster: %t, and: %v", c != nil, diags)
		}
		for _, d := range diags {
			if CodeOf(d) == "" {
				t.Errorf("%v has no code", d)
			}
		}
		printed(files, diags)
		if once, diags := Format("cluster.hcl", text); !diags.HasErrors() {
			if again, diags := Format("cluster.hcl", once); diags.HasErrors() || string(again) != string(once) {
				t.Errorf("formatted text is not stable: %q", once)
			}
			if got := words(once); got != words(text) {
				t.Errorf("formatting changed %q to %q", words(text), got)
			}
		}
	})
}

// words is text without white space.
func words(b []byte) string {
	var out []byte
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			out = append(out, c)
		}
	}
	return string(out)
}
