package view

import (
	"errors"

	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/provision/spec"
)

// errorDoc is the error a run ended with.
type errorDoc struct {
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// diagnosticDoc is one thing wrong with a spec.
type diagnosticDoc struct {
	Severity string    `json:"severity"`
	Code     string    `json:"code,omitempty"`
	Summary  string    `json:"summary"`
	Detail   string    `json:"detail,omitempty"`
	Range    *rangeDoc `json:"range,omitempty"`
	Snippet  string    `json:"snippet,omitempty"`
}

type rangeDoc struct {
	File  string `json:"file"`
	Start posDoc `json:"start"`
	End   posDoc `json:"end"`
}

type posDoc struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

func newDiagnosticDocs(all Diagnosis) []diagnosticDoc {
	var out []diagnosticDoc
	for _, d := range all.Diags {
		x := diagnosticDoc{Severity: "error", Code: string(spec.CodeOf(d)), Summary: d.Summary, Detail: d.Detail}
		if d.Severity == hcl.DiagWarning {
			x.Severity = "warning"
		}
		if d.Subject != nil {
			x.Range = &rangeDoc{
				File:  d.Subject.Filename,
				Start: posDoc{d.Subject.Start.Line, d.Subject.Start.Column, d.Subject.Start.Byte},
				End:   posDoc{d.Subject.End.Line, d.Subject.End.Column, d.Subject.End.Byte},
			}
			x.Snippet = snippet(d.Subject, all.Files)
		}
		out = append(out, x)
	}
	return out
}

// fail puts an error into the document, with what it holds beside its text.
func (d *document) fail(err error) {
	d.Error = &errorDoc{Message: err.Error()}
	if h, ok := errors.AsType[hinted](err); ok {
		d.Error.Hint = h.Hint()
	}
	for _, all := range refusals(err) {
		d.Diagnostics = append(d.Diagnostics, newDiagnosticDocs(all)...)
	}
	if p := problems(err); len(p) > 0 {
		d.Problems = p
	}
}
