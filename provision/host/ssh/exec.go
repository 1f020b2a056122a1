package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// maxStderr is the most that is read of a program's stderr.
const maxStderr = 4 << 20

// Exec runs a program as root. A cancelled program's session is closed after a
// SIGTERM, which sshd passes on to few (not to root's), so it may run on: it
// holds one of our sessions until it ends. What must not run on is a transient
// unit.
func (h *Host) Exec(ctx context.Context, p host.Program, stdin []byte) (host.Result, error) {
	select {
	case h.tokens <- struct{}{}:
	case <-ctx.Done():
		return host.Result{}, fmt.Errorf("%s: %s was not started: %w", h, p.Name, context.Cause(ctx))
	}
	r := &run{frame: host.NewFrame(p, stdin)}
	done := make(chan error, 1)
	go func() {
		defer func() { <-h.tokens }()
		done <- r.do(ctx, h)
	}()
	select {
	case err := <-done:
		return r.result(h, p, err)
	case <-ctx.Done():
		// Not waited for: sshd answers a close only when the program ended, and
		// a dead peer never does.
		go r.cancel()
		return host.Result{}, fmt.Errorf("%s: %s was cancelled and may still be running there: %w", h, p.Name, context.Cause(ctx))
	}
}

// run is one program under way.
type run struct {
	frame       host.Frame
	session     atomic.Pointer[ssh.Session]
	out, errOut capped
}

func (r *run) do(ctx context.Context, h *Host) error {
	s, err := h.session(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", host.ErrNotBegun, err)
	}
	defer func() { _ = s.Close() }()
	r.session.Store(s)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	cut := func() { _ = h.client.Close() }
	r.out = capped{most: host.MaxOutput, over: cut}
	r.errOut = capped{most: maxStderr, over: cut}
	s.Stdout, s.Stderr = &r.out, &r.errOut
	in, err := s.StdinPipe()
	if err != nil {
		return err
	}
	if err := s.Start(host.Command(h.sudo())); err != nil {
		return err
	}
	go func() {
		// A program need not read its data to the end; its status counts.
		_, _ = r.frame.WriteTo(pieces{in})
		_ = in.Close()
	}()
	return s.Wait()
}

func (r *run) cancel() {
	if s := r.session.Load(); s != nil {
		_ = s.Signal(ssh.SIGTERM)
		_ = s.Close()
	}
}

// result tells a program that ran from one that did not, and from a connection
// that broke.
func (r *run) result(h *Host, p host.Program, err error) (host.Result, error) {
	var exit *ssh.ExitError
	status := 0
	switch {
	case r.out.exceeded() || r.errOut.exceeded():
		<-h.client.gone // so that the next call finds it closed, not closing
		return host.Result{}, fmt.Errorf("%s: %s wrote more than %d MiB (or %d to stderr): the connection was closed", h, p.Name, host.MaxOutput>>20, maxStderr>>20)
	case errors.As(err, &exit):
		status = exit.ExitStatus()
	case err != nil:
		return host.Result{}, h.broken(p.Name, err)
	}
	out, started := r.frame.Output(r.out.buf.Bytes())
	if !started {
		return host.Result{}, h.notStarted(p, status, r.out.buf.Bytes(), r.errOut.buf.Bytes())
	}
	said, _ := r.frame.Output(r.errOut.buf.Bytes())
	return host.Result{Stdout: out, Stderr: said, Exit: status}, nil
}

// broken is an error of the connection, not of a program.
func (h *Host) broken(what string, err error) error {
	unknown := errors.New("whether it was carried out is not known")
	if errors.Is(err, host.ErrNotBegun) {
		unknown = host.ErrNotBegun
	}
	if h.alive.dead.Load() {
		return fmt.Errorf("%s: %w: %s: it gave no sign of life for %s and was cut off, %w", h, host.ErrUnreachable, what, 2*h.opts.KeepAlive, unknown)
	}
	return fmt.Errorf("%s: %w: %s: the connection ended, and %w: %s", h, host.ErrUnreachable, what, unknown, host.Tail([]byte(err.Error())))
}

// notStarted is a login that works and a shell or sudo that does not.
func (h *Host) notStarted(p host.Program, status int, out, said []byte) error {
	text := strings.Trim(host.Tail(out)+"; "+host.Tail(said), "; ")
	if h.sudo() && bytes.Contains(said, []byte("sudo")) {
		return &host.NotRootError{Host: h.String(), User: h.at.user, Said: text}
	}
	return fmt.Errorf("%s: %w: its login shell did not start %s (status %d, it said %q): the user needs a shell that runs commands, and /bin/sh and /usr/bin/env must be there",
		h, host.ErrUnreachable, p.Name, status, text)
}

// sudo says whether root has to be become.
func (h *Host) sudo() bool { return h.at.user != "root" }

// session opens a session. An sshd at its MaxSessions refuses one; then we wait
// until one of ours ended.
func (h *Host) session(ctx context.Context) (*ssh.Session, error) {
	pause := 50 * time.Millisecond
	for n := 0; ; n++ {
		s, err := h.client.session(ctx)
		var refused *ssh.OpenChannelError
		if err == nil || !errors.As(err, &refused) {
			return s, err
		}
		// Our own other sessions are worth waiting for; without any a few
		// attempts tell a full sshd from one that never will.
		if len(h.tokens) <= 1 && n > 5 {
			return nil, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		pause = min(2*pause, time.Second)
	}
}

// capped keeps output up to a limit and calls over, once, beyond it.
type capped struct {
	buf  bytes.Buffer
	most int
	full atomic.Bool
	over func()
}

func (c *capped) Write(b []byte) (int, error) {
	if c.buf.Len()+len(b) > c.most {
		if c.full.CompareAndSwap(false, true) {
			c.over()
		}
		return 0, errors.New("too much output")
	}
	return c.buf.Write(b)
}

// ReadFrom takes a stream in pieces that grow with it: most say little, and a
// thousand machines are listened to at a time.
func (c *capped) ReadFrom(r io.Reader) (int64, error) {
	piece, total := make([]byte, 1<<10), int64(0)
	for {
		n, err := r.Read(piece)
		total += int64(n)
		if _, err := c.Write(piece[:n]); err != nil {
			return total, err
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
		if n == len(piece) && n < 32<<10 {
			piece = make([]byte, 4*n)
		}
	}
}

func (c *capped) exceeded() bool { return c.full.Load() }

// pieces writes little at a time: x/crypto keeps, for as long as a connection lasts, a
// buffer of the largest packet that was ever sent over it.
type pieces struct{ w io.Writer }

// piece is how much, in bytes.
const piece = 4 << 10

func (p pieces) Write(b []byte) (int, error) {
	total := 0
	for {
		n, err := p.w.Write(b[total:min(total+piece, len(b))])
		if total += n; err != nil || total == len(b) {
			return total, err
		}
	}
}
