package machine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/observe"
)

var (
	// ErrChanged marks an operation refused because the file is neither what
	// the plan saw nor what it should become: somebody else changed it.
	ErrChanged = errors.New("changed by someone else since the plan was made; plan again")
	// ErrRefused marks an operation refused because of what is at the path or
	// above it: a link, a directory, a device, a mount.
	ErrRefused = errors.New("refused")
	// ErrOtherRun marks a run refused because the same step is under way with
	// other arguments.
	ErrOtherRun = errors.New("this step is under way on the machine with other arguments; wait for it to end, then plan again")
	// ErrNoRun marks an attachment to a run that the machine does not know.
	ErrNoRun = errors.New("the machine knows no such run; it was never started, or the machine restarted since")
	// ErrReverted marks a confirmation that came too late: the machine already
	// took the table away.
	ErrReverted = errors.New("the machine already took the new firewall table away, because no confirmation came in time")
)

// OpError is an operation that a machine did not carry out.
type OpError struct {
	// Host and Op name where and what.
	Host, Op string
	// Err is why: [ErrChanged], [ErrRefused], a [*DiskFullError], or what the machine said.
	Err error
}

// Error says where, what and why.
func (e *OpError) Error() string { return fmt.Sprintf("%s: %s: %v", e.Host, e.Op, e.Err) }

// Unwrap is the cause.
func (e *OpError) Unwrap() error { return e.Err }

// DiskFullError is a write that did not fit. What was at the path is intact.
type DiskFullError struct {
	Node, Path string
	// Free and Needed are bytes, or numbers of files where Inodes is true.
	Free, Needed int64
	Inodes       bool
}

// Error says what did not fit where, and what to do.
func (e *DiskFullError) Error() string {
	unit := "bytes"
	if e.Inodes {
		unit = "inodes"
	}
	return fmt.Sprintf("%s: no space for %s: %d %s free, %d needed; the old file is intact; free some space and apply again",
		e.Node, e.Path, e.Free, unit, e.Needed)
}

// Words of the programs for a disk that is full.
const (
	wordFull       = "full"
	wordFullInodes = "full-inodes"
)

// notDone reads why a program of a table or a run did not do it: what the
// machine said, or a word, a path, and what is free and needed there.
func notDone(h host.Host, said string) error {
	said = strings.TrimSpace(said)
	word, rest, _ := strings.Cut(said, "\n")
	path, numbers, found := strings.Cut(rest, "\n")
	if found && (word == wordFull || word == wordFullInodes) {
		e := &DiskFullError{Node: h.String(), Path: observe.Printable(path), Inodes: word == wordFullInodes}
		if _, err := fmt.Sscanf(numbers, "%d %d", &e.Free, &e.Needed); err == nil {
			return e
		}
	}
	return errors.New(observe.Printable(said))
}
