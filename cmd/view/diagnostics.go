package view

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/provision/spec"
)

// Diagnosis is diagnostics with the sources they point into.
type Diagnosis struct {
	Diags hcl.Diagnostics
	Files map[string]*hcl.File
}

// Diagnostics shows what is wrong with a spec, each with its place, the lines
// it is about and its code.
func (h *Human) Diagnostics(all Diagnosis) {
	h.above(func() {
		for _, d := range all.Diags {
			h.err.write(h.err.diagnostic(d, all.Files))
		}
	})
}

// diagnostic is one of them, in the layout of HCL's own writer, which reads a
// file from its start for each. Texts that could harm a terminal are made
// printable. The values of variables are left out: a spec should hold no
// secret, but a variable might.
func (s *Stream) diagnostic(d *hcl.Diagnostic, files map[string]*hcl.File) []byte {
	var b bytes.Buffer
	word, colour, reset := "Error", "\x1b[31m", "\x1b[0m"
	if d.Severity == hcl.DiagWarning {
		word, colour = "Warning", "\x1b[33m"
	}
	if !s.Color {
		colour, reset = "", ""
	}
	fmt.Fprintf(&b, "%s%s%s: %s", colour, word, reset, Printable(d.Summary))
	if code := spec.CodeOf(d); code != "" {
		fmt.Fprintf(&b, " [%s]", Printable(string(code)))
	}
	b.WriteString("\n\n")
	if d.Subject != nil {
		place(&b, d, files[d.Subject.Filename], s.Color)
	}
	for _, line := range printableLines(d.Detail) {
		width := 0
		if s.Width > 20 {
			width = s.Width
		}
		b.WriteString(strings.Join(wrap(line, width), "\n") + "\n")
	}
	b.WriteString("\n")
	return b.Bytes()
}

// mostLines is how many lines of source one diagnostic shows.
const mostLines = 12

// place is where a diagnostic is, and the lines there.
func place(b *bytes.Buffer, d *hcl.Diagnostic, f *hcl.File, color bool) {
	fmt.Fprintf(b, "  on %s line %d", Printable(d.Subject.Filename), d.Subject.Start.Line)
	if f == nil || f.Bytes == nil {
		b.WriteString(":\n  (source code not available)\n\n")
		return
	}
	if n, ok := f.Nav.(interface{ ContextString(offset int) string }); ok {
		if in := n.ContextString(d.Subject.Start.Byte); in != "" {
			b.WriteString(", in " + Printable(in))
		}
	}
	b.WriteString(":\n")
	shown, marked := *d.Subject, *d.Subject
	if d.Context != nil {
		shown = hcl.RangeOver(shown, *d.Context)
	}
	marked.End.Byte = max(marked.End.Byte, marked.Start.Byte+1) // nothing cannot be marked
	from, to, ok := lines(f.Bytes, shown)
	number := shown.Start.Line
	for n := 0; ok && from < to; n++ {
		if n == mostLines {
			b.WriteString("      ...\n")
			break
		}
		end := to
		if i := bytes.IndexByte(f.Bytes[from:to], '\n'); i >= 0 {
			end = from + i
		}
		line := samePlaces(bytes.TrimSuffix(f.Bytes[from:end], []byte("\r")))
		fmt.Fprintf(b, "%4d: %s\n", number, mark(line, marked.Start.Byte-from, marked.End.Byte-from, color))
		from, number = end+1, number+1
	}
	b.WriteString("\n")
}

// mark sets off a part of a line, where there is colour.
func mark(line []byte, from, to int, color bool) []byte {
	from, to = max(from, 0), min(to, len(line))
	if !color || from >= to {
		return line
	}
	return slices.Concat(line[:from], []byte("\x1b[1;4m"), line[from:to], []byte("\x1b[0m"), line[to:])
}

// lines are the whole lines that a range lies on; not ok is a range that is
// not in the text. Only what lies between is read.
func lines(src []byte, r hcl.Range) (from, to int, ok bool) {
	if r.Start.Byte < 0 || r.Start.Byte > len(src) || r.End.Byte < r.Start.Byte {
		return 0, 0, false
	}
	from = bytes.LastIndexByte(src[:r.Start.Byte], '\n') + 1
	to = max(min(r.End.Byte, len(src)), from)
	if to > from && src[to-1] == '\n' && to > r.Start.Byte {
		return from, to - 1, true // it ends with its line
	}
	if i := bytes.IndexByte(src[to:], '\n'); i >= 0 {
		return from, to + i, true
	}
	return from, len(src), true
}

// snippet is the source lines of a range, at most a few.
func snippet(r *hcl.Range, files map[string]*hcl.File) string {
	f := files[r.Filename]
	if f == nil || f.Bytes == nil {
		return ""
	}
	from, to, ok := lines(f.Bytes, *r)
	if !ok {
		return ""
	}
	lines := strings.SplitN(string(f.Bytes[from:to]), "\n", 6)
	return strings.Join(lines[:min(len(lines), 5)], "\n")
}
