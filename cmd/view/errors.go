package view

import (
	"errors"
	"fmt"
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
	h.err.linef("")
	for _, d := range refusals(err) {
		h.Diagnostics(d)
	}
	h.Problems(problems(err))
	lines := printableLines(err.Error())
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
