package view

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Ours is HCL's own layout, so that what its users know stays true.
func TestDiagnosticsLookAsHCLWritesThem(t *testing.T) {
	for _, src := range []string{
		"cluster \"a\" {\n  x = 1\n  x = 2\n}\n",
		"a = [1,\n  \"b\" \"c\",\n]\n",
		"a = 5 +* 6\nc = [\n  1 2\n]\n",
		"cluster \"a\" {\r\n  x == 1\r\n}\r\n",
		"node {\n\tx = *\n}",
	} {
		f, diags := hclsyntax.ParseConfig([]byte(src), "c.hcl", hcl.InitialPos)
		files := map[string]*hcl.File{"c.hcl": f}
		if len(diags) == 0 {
			t.Fatalf("%q is right", src)
		}
		for _, color := range []bool{false, true} {
			for _, d := range diags {
				var want bytes.Buffer
				if err := hcl.NewDiagnosticTextWriter(&want, files, 0, color).WriteDiagnostic(d); err != nil {
					t.Fatal(err)
				}
				s := NewStream(nil, Terminal{Color: color})
				// HCL's writer leaves a tab a tab.
				theirs := strings.ReplaceAll(want.String(), "\t", " ")
				if got := string(s.diagnostic(d, files)); got != theirs {
					t.Errorf("%q, -HCL's +ours:\n%s", src, cmp.Diff(theirs, got))
				}
			}
		}
	}
}

// A range may be wrong, long, or at the end of the text: what is shown stays short.
func TestRangesThatAreOdd(t *testing.T) {
	src := []byte("one\n" + strings.Repeat("more\n", 40) + "last")
	at := func(from, to int) *hcl.Range {
		line := 1 + bytes.Count(src[:max(0, min(from, len(src)))], []byte("\n"))
		return &hcl.Range{Filename: "c.hcl", Start: hcl.Pos{Line: line, Byte: from}, End: hcl.Pos{Byte: to}}
	}
	for name, c := range map[string]struct {
		at   *hcl.Range
		want string
	}{
		"the end of a line":      {at(3, 4), "   1: one\n\n"},
		"nothing":                {at(1, 1), "   1: one\n\n"},
		"the end of the text":    {at(len(src), len(src)), "  42: last\n\n"},
		"before the text":        {at(-1, 2), "line 1:\n\n"},
		"behind the text":        {at(len(src)+1, len(src)+2), ":\n\n"},
		"back to front":          {at(5, 4), ":\n\n"},
		"all of it":              {at(0, len(src)), "  12: more\n      ...\n\n"},
		"more than all of it":    {at(len(src)-4, len(src)+9), "  42: last\n\n"},
		"a line and its newline": {at(0, 4), "   1: one\n\n"},
	} {
		d := &hcl.Diagnostic{Summary: "s", Subject: c.at}
		got := string(NewStream(nil, Terminal{}).diagnostic(d, map[string]*hcl.File{"c.hcl": {Bytes: src}}))
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// BenchmarkDiagnostics is a hundred problems at the end of a large file.
func BenchmarkDiagnostics(b *testing.B) {
	src := []byte(strings.Repeat("a=1\n", 1<<18))
	all := Diagnosis{Files: map[string]*hcl.File{"c.hcl": {Bytes: src}}}
	for i := range 100 {
		from := len(src) - 4*(i+1)
		at := &hcl.Range{Filename: "c.hcl", Start: hcl.Pos{Line: 1<<18 - i, Byte: from}, End: hcl.Pos{Byte: from + 1}}
		all.Diags = append(all.Diags, &hcl.Diagnostic{Summary: "s", Detail: "d", Subject: at})
	}
	var out bytes.Buffer
	for b.Loop() {
		out.Reset()
		h := sampleView("text", &out, &out)
		h.Diagnostics(all)
	}
}
