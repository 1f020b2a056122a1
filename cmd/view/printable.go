package view

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable makes any text safe for a terminal and for one line of it: what
// does not print (escape sequences, line breaks, bytes that are no UTF-8,
// characters that turn the direction of writing) is shown as an escape.
func Printable(s string) string {
	if allPrint(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n <= 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString("    ")
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += n
	}
	return b.String()
}

func allPrint(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// printableLines splits a text of several lines and makes each printable.
func printableLines(s string) []string {
	s = strings.TrimRight(strings.ReplaceAll(s, "\r\n", "\n"), "\n ")
	if s == "" {
		return nil
	}
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = Printable(l)
	}
	return lines
}

// samePlaces replaces what does not print and keeps every byte at its place,
// for source text that diagnostics point into by byte offsets.
func samePlaces(src []byte) []byte {
	out := make([]byte, len(src))
	copy(out, src)
	for i := 0; i < len(out); {
		r, n := utf8.DecodeRune(src[i:])
		switch {
		case r == '\n':
		case r == '\t', r == '\r' && i+1 < len(src) && src[i+1] == '\n':
			out[i] = ' '
		case r == utf8.RuneError && n <= 1, !unicode.IsPrint(r):
			for j := range n {
				out[i+j] = '?'
			}
		}
		i += n
	}
	return out
}
