package view

import (
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// unified is the difference between two texts as diff -u writes it.
func unified(name string, before, after []byte) string {
	return udiff.Unified(name, name+" (formatted)", string(before), string(after))
}

// Diff shows the difference between two texts.
func (h *Human) Diff(name string, before, after []byte) {
	for line := range strings.Lines(unified(name, before, after)) {
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
		h.out.linef("%s", h.out.paint(c, line))
	}
}
