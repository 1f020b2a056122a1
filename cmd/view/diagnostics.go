package view

import (
	"bytes"
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
		width := 0
		if h.err.Width > 20 {
			width = h.err.Width
		}
		for _, d := range all.Diags {
			var b bytes.Buffer
			w := hcl.NewDiagnosticTextWriter(&b, printableFiles(all.Files), uint(width), h.err.Color)
			if err := w.WriteDiagnostic(printableDiagnostic(d)); err != nil {
				h.err.linef("Error: %s", d.Error())
				continue
			}
			h.err.write(b.Bytes())
		}
	})
}

// printableDiagnostic is a copy whose texts cannot harm a terminal, with the
// code behind the summary. The values of variables are left out: a spec should
// hold no secret, but a variable might.
func printableDiagnostic(d *hcl.Diagnostic) *hcl.Diagnostic {
	c := *d
	c.Expression, c.EvalContext = nil, nil
	c.Summary = Printable(d.Summary)
	if code := spec.CodeOf(d); code != "" {
		c.Summary += " [" + Printable(string(code)) + "]"
	}
	c.Detail = strings.Join(printableLines(d.Detail), "\n")
	if d.Subject != nil {
		r := *d.Subject
		r.Filename = Printable(r.Filename)
		c.Subject = &r
	}
	if d.Context != nil {
		r := *d.Context
		r.Filename = Printable(r.Filename)
		c.Context = &r
	}
	return &c
}

func printableFiles(files map[string]*hcl.File) map[string]*hcl.File {
	out := make(map[string]*hcl.File, len(files))
	for name, f := range files {
		if f == nil {
			continue
		}
		c := *f
		if f.Bytes != nil {
			c.Bytes = samePlaces(f.Bytes)
		}
		out[Printable(name)] = &c
	}
	return out
}

// snippet is the source lines of a range, at most a few.
func snippet(r *hcl.Range, files map[string]*hcl.File) string {
	f := files[r.Filename]
	if f == nil || f.Bytes == nil || r.Start.Byte < 0 || r.Start.Byte > len(f.Bytes) || r.End.Byte < r.Start.Byte {
		return ""
	}
	end := min(r.End.Byte, len(f.Bytes))
	start := bytes.LastIndexByte(f.Bytes[:r.Start.Byte], '\n') + 1
	if i := bytes.IndexByte(f.Bytes[end:], '\n'); i >= 0 {
		end += i
	} else {
		end = len(f.Bytes)
	}
	lines := strings.SplitN(string(f.Bytes[start:end]), "\n", 6)
	return strings.Join(lines[:min(len(lines), 5)], "\n")
}
