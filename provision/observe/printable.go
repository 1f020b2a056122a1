package observe

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestWord is the most that is kept of a name or a value of a machine's, in
// bytes. Paths that were asked for are no longer than 1024.
const longestWord = 1100

// word is [Printable] of what can only be short: a machine that says more is not
// given the memory and the lines of a terminal for it.
func word(s string) string {
	if len(s) > longestWord {
		return Printable(s[:longestWord]) + "…"
	}
	return Printable(s)
}

// maxMarks is how many combining marks in a row a terminal is given.
const maxMarks = 4

// Printable makes text from a machine harmless for a terminal, a log or a
// report: control and format characters, bidirectional overrides, invalid
// UTF-8 and piled-up combining marks are written as escapes. Line breaks and
// tabs stay.
func Printable(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	marks := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n' || r == '\t':
			b.WriteRune(r)
		case r < 0x80 && unicode.IsControl(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case !unicode.IsGraphic(r), marks > maxMarks, r == 0x2800, r == 0x3164, r == 0x115f, r == 0x1160:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}
