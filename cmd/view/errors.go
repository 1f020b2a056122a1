package view

import (
	"errors"
	"fmt"

	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/spec"
)

// maxErrorLines is how much of a long error is shown; the end of what a
// command said is the part that tells.
const maxErrorLines = 40

// hinted is an error that knows what to do next.
type hinted interface {
	error
	Hint() string
}

// fail shows the error a run ended with.
func (h *Human) fail(err error) {
	h.err.gap()
	for _, d := range refusals(err) {
		h.Diagnostics(d)
	}
	h.Problems(problems(err))
	lines := printableLines(headline(err))
	if len(lines) == 0 {
		lines = []string{"unknown error"}
	}
	h.err.linef("%s %s", h.err.paint(red, "Error:"), lines[0])
	rest := lines[1:]
	if extra := len(rest) - maxErrorLines; extra > 0 {
		h.err.linef("  %s", h.err.paint(dim, fmt.Sprintf("… %d lines left out, --log-file keeps them", extra)))
		rest = rest[extra:]
	}
	for _, l := range rest {
		h.err.linef("  %s", l)
	}
	if hint, ok := errors.AsType[hinted](err); ok && hint.Hint() != "" {
		h.err.linef("%s", hint.Hint())
	}
}

// refusals are all diagnostics in the tree of an error.
func refusals(err error) []Diagnosis {
	var out []Diagnosis
	walk(err, func(e error) {
		if r, ok := e.(*spec.Error); ok { //nolint:errorlint // walk unwraps
			out = append(out, Diagnosis{Diags: r.Diags, Files: r.Files})
		}
	})
	return out
}

// headline is the text of an error. Of diagnostics, which were shown in full,
// only the number is said again.
func headline(err error) string {
	n, only := 0, true
	walk(err, func(e error) {
		switch x := e.(type) { //nolint:errorlint // walk unwraps
		case *spec.Error:
			n += len(x.Diags.Errs())
		case interface{ Unwrap() []error }, interface{ Unwrap() error }:
		default:
			only = false
		}
	})
	switch {
	case n == 0 || !only:
		return err.Error()
	case n == 1:
		return "the spec is refused because of this problem; nothing was done"
	}
	return fmt.Sprintf("the spec is refused because of these %d problems; nothing was done", n)
}

// walk visits every error of a tree.
func walk(err error, visit func(error)) {
	if err == nil {
		return
	}
	visit(err)
	switch e := err.(type) { //nolint:errorlint // this is what unwraps
	case interface{ Unwrap() error }:
		walk(e.Unwrap(), visit)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			walk(inner, visit)
		}
	}
}

// problems are what preflight found, if that is why a run ended.
func problems(err error) []provision.Problem {
	if p, ok := errors.AsType[*provision.PreflightError](err); ok {
		return p.Problems
	}
	return nil
}
