package view

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// Stream is one output with what it may use. Everything but data goes through
// linef, which makes every argument printable: text of machines and of other
// people's specs cannot reach the terminal in another way.
type Stream struct {
	Terminal
	mu  sync.Mutex
	w   io.Writer
	err error
	// used is true once something was written.
	used bool
}

// NewStream wraps a writer.
func NewStream(w io.Writer, t Terminal) *Stream { return &Stream{w: w, Terminal: t} }

// Err is the first error of writing; a command whose output was lost failed.
func (s *Stream) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// gap separates what follows from what was written before, if anything was.
func (s *Stream) gap() {
	s.mu.Lock()
	used := s.used
	s.mu.Unlock()
	if used {
		s.write([]byte("\n"))
	}
}

// write puts bytes out as they are.
func (s *Stream) write(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.used = true
	_, s.err = s.w.Write(b)
}

// safe is text that was made printable and may hold our own colours.
type safe string

// linef writes one line. Arguments that are not safe are made so.
func (s *Stream) linef(format string, args ...any) {
	s.write([]byte(sprintf(format, args...) + "\n"))
}

func sprintf(format string, args ...any) string {
	clean := make([]any, len(args))
	for i, a := range args {
		switch v := a.(type) {
		case safe:
			clean[i] = string(v)
		case string:
			clean[i] = Printable(v)
		case error:
			clean[i] = Printable(v.Error())
		case fmt.Stringer:
			clean[i] = Printable(v.String())
		case int, int64, float64, bool:
			clean[i] = v
		default:
			clean[i] = Printable(fmt.Sprint(v))
		}
	}
	return fmt.Sprintf(format, clean...)
}

// style is an SGR sequence's number.
type style string

const (
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
)

// paint makes text printable, and coloured where the stream may be.
func (s *Stream) paint(c style, text string) safe {
	text = Printable(text)
	if !s.Color || c == "" || text == "" {
		return safe(text)
	}
	return safe("\x1b[" + string(c) + "m" + text + "\x1b[0m")
}

// pad makes text printable and at least n columns wide; paint it afterwards.
func pad(text string, n int) string {
	text = Printable(text)
	if w := utf8.RuneCountInString(text); w < n {
		text += strings.Repeat(" ", n-w)
	}
	return text
}

// cut shortens printable text to n columns; n <= 0 leaves it whole.
func cut(text string, n int) string {
	if n <= 0 || utf8.RuneCountInString(text) <= n {
		return text
	}
	r := []rune(text)
	if n < 4 {
		return string(r[:n])
	}
	return string(r[:n-3]) + "..."
}
