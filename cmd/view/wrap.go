package view

import (
	"strings"
	"unicode/utf8"
)

// wrap breaks text at spaces into lines of at most width columns; words that
// are longer stay whole, so that paths and commands can be copied.
func wrap(text string, width int) []string {
	text = Printable(text)
	if width < 20 {
		return []string{text}
	}
	var lines []string
	var line string
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}
