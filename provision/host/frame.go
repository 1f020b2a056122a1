package host

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The way of a [Program] to a machine: the remote command is a constant, the
// same for every program, and everything else travels on its standard input:
//
//	bulwark1 LENGTH NONCE\n   the header
//	<program text>\n#NONCE    exactly LENGTH bytes
//	<data>                    all the rest, left for the program
//
// The prelude reads the header bytewise (POSIX read on a pipe does) and then
// exactly LENGTH bytes, so that no shell ever reads ahead into the data: with
// "sh -s" dash would, and would run data that looks like code. Before the
// program starts, a line with the nonce goes to stdout and stderr. What a login
// shell printed before it is dropped, and a missing line proves that nothing
// was run.

const magic = "bulwark1"

// prelude is one line without ' \ ! or newline, so that single quotes carry it
// unchanged through sh, bash, dash, ksh, zsh, fish, csh and tcsh alike.
const prelude = `IFS=" " read -r m l n; ` +
	`[ "$m" = ` + magic + ` ] || { echo "no program on stdin" >&2; exit 125; }; ` +
	`p=$(dd bs="$l" count=1 iflag=fullblock 2>/dev/null); ` +
	// A dd that cannot wait for a full block says so before it reads anything, and
	// gets there byte by byte.
	`[ -n "$p" ] || p=$(dd bs=1 count="$l" 2>/dev/null); ` +
	// The nonce at the end says that the text came whole.
	`case $p in *"#$n") ;; *) echo "program cut short" >&2; exit 125;; esac; ` +
	`echo "` + magic + ` $n"; echo "` + magic + ` $n" >&2; ` +
	`umask 077; cd /; eval "$p"`

// environment is all a program sees of its surroundings, whatever the login
// shell, PAM or sudo put there (exported bash functions among them).
func environment() []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root", "LC_ALL=C",
	}
}

// Argv is the remote command where no login shell is in between.
func Argv() []string {
	argv := append([]string{"/usr/bin/env", "-i"}, environment()...)
	return append(argv, "/bin/sh", "-c", prelude)
}

// Command is the remote command for a login shell, of any kind, under sshd.
// Programs find SSH_CONNECTION in their environment, the only variable kept:
// it is how a machine sees us.
func Command(sudo bool) string {
	var b strings.Builder
	if sudo {
		b.WriteString("sudo -n -- ")
	}
	b.WriteString("/usr/bin/env -i ")
	for _, kv := range environment() {
		b.WriteString(kv + " ")
	}
	b.WriteString(`SSH_CONNECTION="$SSH_CONNECTION" /bin/sh -c '` + prelude + `'`)
	return b.String()
}

// Frame is one run of a program: what to send, and how to tell its output from
// the noise of a login.
type Frame struct {
	mark []byte
	// text is the program's own, not a copy: a thousand machines are sent the same.
	head, text, tail string
	data             []byte
}

// NewFrame frames a program and its data. Each frame is for one run.
func NewFrame(p Program, stdin []byte) Frame {
	var raw [16]byte
	if _, err := rand.Read(raw[:]); err != nil {
		panic(err) // crypto/rand.Read never fails
	}
	nonce := hex.EncodeToString(raw[:])
	tail := "\n#" + nonce
	return Frame{
		mark: fmt.Appendf(nil, "%s %s\n", magic, nonce),
		head: fmt.Sprintf("%s %d %s\n", magic, len(p.Text)+len(tail), nonce),
		text: p.Text, tail: tail, data: stdin,
	}
}

// WriteTo sends everything, in as many writes as there are parts.
func (f Frame) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for _, part := range []string{f.head, f.text, f.tail} {
		n, err := io.WriteString(w, part)
		if total += int64(n); err != nil {
			return total, err
		}
	}
	n, err := w.Write(f.data)
	return total + int64(n), err
}

// Reader gives everything to send, once.
func (f Frame) Reader() io.Reader {
	return io.MultiReader(strings.NewReader(f.head), strings.NewReader(f.text), strings.NewReader(f.tail), bytes.NewReader(f.data))
}

// Output is what the program wrote to a stream, without what came before it.
// It is false when the program never started; then out is all there was.
func (f Frame) Output(stream []byte) (out []byte, started bool) {
	i := bytes.Index(stream, f.mark)
	if i < 0 {
		return stream, false
	}
	return stream[i+len(f.mark):], true
}

// Tail is the last of what a machine said, as one printable line: no control
// characters, no invalid UTF-8, no marks piled up, at most 500 bytes. It is for
// error messages.
func Tail(b []byte) string {
	const most = 500
	b = bytes.TrimSpace(b)
	cut := len(b) > most
	if cut {
		b = b[len(b)-most:]
	}
	s := harmless(strings.ReplaceAll(string(b), "\n", ";"))
	if cut {
		s = "…" + s
	}
	return s
}

// harmless is one line with a question mark for whatever a terminal would not
// just print.
func harmless(line string) string {
	const mostMarks = 4 // on one letter
	marks := 0
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		if r == utf8.RuneError || !unicode.IsPrint(r) || marks > mostMarks {
			return '?'
		}
		return r
	}, line)
}
