package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/bulwark-k8s/bulwark/cmd/view"
)

// log takes debug lines: to the view, which shows them to who asked, and to a
// file if one was named.
type log struct {
	mu   sync.Mutex
	file *os.File
	show func(string)
	err  error
}

// open begins to take lines. The file is the operator's alone: a log tells
// much about a cluster, though nothing secret.
func (l *log) open(path string, show func(string)) error {
	l.show = show
	if path == "" {
		return nil
	}
	// Without waiting for the reader of a pipe; a device's mode is not ours to change.
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

// logger is the way in. It may be used by many goroutines.
func (l *log) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Write takes one record, as the handler formatted it.
func (l *log) Write(record []byte) (int, error) {
	line := view.Printable(string(bytes.TrimSuffix(record, []byte("\n"))))
	if l.show != nil {
		shown := line
		if strings.HasPrefix(line, "time=") { // whoever looks on knows the time
			_, shown, _ = strings.Cut(line, " ")
		}
		l.show(shown)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return len(record), nil
	}
	if _, err := l.file.WriteString(line + "\n"); err != nil && l.err == nil {
		l.err = fmt.Errorf("--log-file: %w", err)
	}
	return len(record), nil
}

// close ends the file and says whether all lines are in it.
func (l *log) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := errors.Join(l.err, l.file.Close())
	l.file = nil
	return err
}
