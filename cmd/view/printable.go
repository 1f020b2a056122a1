package view

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Printable makes any text safe for a terminal and for one line of it, see
// [state.Printable].
func Printable(s string) string { return state.Printable(s) }

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
