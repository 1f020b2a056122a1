package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/bulwark-k8s/bulwark/cmd/view"
)

// logger takes debug lines: to the view, which shows them to who asked, and to
// a file if one was named.
type logger struct {
	mu   sync.Mutex
	file *os.File
	now  func() time.Time
	show func(string)
	err  error
}

// open begins to take lines. The file is the operator's alone: a log tells
// much about a cluster, though nothing secret.
func (l *logger) open(path string, now func() time.Time, show func(string)) error {
	l.now, l.show = now, show
	if path == "" {
		return nil
	}
	// Not blocking on a pipe nobody reads, and nothing but a regular file is made private below.
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return fmt.Errorf("--log-file: %w", err)
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&^fs.FileMode(0o600) != 0 {
		err = f.Chmod(0o600)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("--log-file: %w", err), f.Close())
	}
	l.file = f
	return nil
}

// logf takes one line. It may be called from many goroutines.
func (l *logger) logf(format string, args ...any) {
	line := view.Printable(fmt.Sprintf(format, args...))
	if l.show != nil {
		l.show(line)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return
	}
	if _, err := fmt.Fprintf(l.file, "%s %s\n", l.now().UTC().Format(time.RFC3339Nano), line); err != nil && l.err == nil {
		l.err = fmt.Errorf("--log-file: %w", err)
	}
}

// close ends the file and says whether all lines are in it.
func (l *logger) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := errors.Join(l.err, l.file.Close())
	l.file = nil
	return err
}
