package view

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
)

// Ask puts a question to the person at the terminal. Only the whole word yes
// is a yes; the end of input and everything else is a no.
func (h *Human) Ask(ctx context.Context, in io.Reader, question string) (bool, error) {
	h.err.write([]byte(sprintf("\n%s\n  Only \"yes\" is accepted: ", h.err.paint(bold, question))))
	type answer struct {
		line string
		err  error
	}
	got := make(chan answer, 1)
	go func() { // a read of a terminal cannot be cancelled, so it is left behind
		line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
		got <- answer{line, err}
	}()
	select {
	case <-ctx.Done():
		h.err.linef("")
		return false, context.Cause(ctx)
	case a := <-got:
		if a.err != nil && !errors.Is(a.err, io.EOF) {
			return false, a.err
		}
		if errors.Is(a.err, io.EOF) {
			h.err.linef("")
		}
		return strings.TrimSpace(a.line) == "yes", nil
	}
}

// Targets names what a question is about, one by one.
func (h *Human) Targets(intro string, names []string) {
	h.err.linef("%s", h.err.paint(bold, intro))
	for _, n := range names {
		h.err.linef("  - %s", n)
	}
}
