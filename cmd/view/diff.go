package view

import (
	"fmt"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// unified is the difference between two texts as diff -u writes it.
func unified(name string, before, after []byte) string {
	return udiff.Unified(name, name+" (formatted)", string(before), string(after))
}

// mostOfDiff bounds the texts that are compared: what is longer is no
// configuration that a person reads.
const mostOfDiff = 256 << 10

// difference is how the text of a step's file changes, without the lines that
// name files: the step does. It is "" where the step has no texts.
func difference(s plan.Step) string {
	if s.File == nil || s.File.Before == nil {
		return ""
	}
	before, after := s.File.Before, s.File.After
	if len(before)+len(after) > mostOfDiff {
		return fmt.Sprintf("(%d bytes become %d, too many to compare here)\n", len(before), len(after))
	}
	_, hunks, _ := strings.Cut(udiff.Unified("a", "b", string(before), string(after)), "+++ b\n")
	return hunks
}

// Diff shows the difference between two texts.
func (h *Human) Diff(name string, before, after []byte) {
	h.diff("", unified(name, before, after))
}

func (h *Human) diff(indent, text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		var c style
		switch {
		case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
			c = bold
		case strings.HasPrefix(line, "@@"):
			c = cyan
		case strings.HasPrefix(line, "+"):
			c = green
		case strings.HasPrefix(line, "-"):
			c = red
		}
		h.out.linef("%s%s", indent, h.out.paint(c, line))
	}
}
