// Package host is the seam to a machine. Everything bulwark does to a machine
// goes through a [Host]: one program with data on its standard input, or one
// connection made from the machine's own network.
//
// Implementations are host/ssh for machines and host/kind for kind's
// containers; host/hosttest has a fake that fails on anything unexpected.
package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
)

// Host is one machine, reached as root.
type Host interface {
	// Exec runs a program as root with stdin as its input. Programs are
	// constants; everything variable travels as framed data on stdin. A
	// program that ran and failed is a [Result] with its exit status, not an
	// error. Output beyond [MaxOutput] ends the program and is an error.
	Exec(ctx context.Context, p Program, stdin []byte) (Result, error)
	// Dial connects to an address as the machine itself would.
	Dial(ctx context.Context, network, address string) (net.Conn, error)
	// Fresh makes a new connection that shares nothing with this one, to prove
	// that the machine still lets us in.
	Fresh(ctx context.Context) (Host, error)
	// String names the machine for people: "ops@10.0.0.11:22".
	String() string
	Close() error
}

// Program is a constant shell program. Text is POSIX sh, and reads its data
// from standard input only.
type Program struct{ Name, Text string }

// Result is what a program that ran left behind.
type Result struct {
	Stdout []byte
	// Stderr is capped and not yet sanitised: it came from the machine.
	Stderr []byte
	Exit   int
}

// MaxOutput is the most that is read of a program's output, in bytes. A look at a
// node has some 100 KiB; a machine that sends without end costs a few times this.
const MaxOutput = 8 << 20

// ErrUnreachable marks errors of a machine that could not be reached or
// logged in to; ErrUntrusted those of one whose key is unknown or changed.
var (
	ErrUnreachable = errors.New("host not reached")
	ErrUntrusted   = errors.New("host not trusted")
)

// NotRootError is a machine that lets a user in and not become root. It is
// also [ErrUnreachable]: nothing can be done there.
type NotRootError struct {
	Host, User string
	// Said is what login shell and sudo said, safe to print.
	Said string
}

// Error says what was seen and what to do.
func (e *NotRootError) Error() string { return e.Seen() + "; " + e.Remedy() }

// Seen says who may not become root where, and how that shows.
func (e *NotRootError) Seen() string {
	return fmt.Sprintf("%s: %s may not become root without a password (%s)", e.Host, e.User, e.Said)
}

// Remedy says what a person does about it.
func (e *NotRootError) Remedy() string {
	return fmt.Sprintf("let root write this line into /etc/sudoers.d/bulwark (0440): %s ALL=(root) NOPASSWD: ALL — or install sudo, or log in as root", e.User)
}

// Unwrap gives the kind of error it is.
func (e *NotRootError) Unwrap() error { return ErrUnreachable }

// maxSaid is the most of a program's complaint that an error repeats, in bytes.
const maxSaid = 16 << 10

// CommandError is a program that ran on a machine and failed.
type CommandError struct {
	Host, Program string
	Exit          int
	Stderr        string
}

// Error names machine, program and status, with the last of what it said, made
// printable line by line.
func (e *CommandError) Error() string {
	said := strings.TrimSpace(e.Stderr)
	if len(said) > maxSaid {
		said = "…" + strings.ToValidUTF8(said[len(said)-maxSaid:], "?")
	}
	lines := strings.Split(said, "\n")
	for i, l := range lines {
		lines[i] = harmless(l)
	}
	msg := strings.Join(lines, "\n")
	if msg == "" {
		msg = "it said nothing"
	}
	return fmt.Sprintf("%s: %s failed with status %d: %s", e.Host, e.Program, e.Exit, msg)
}
