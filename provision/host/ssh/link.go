package ssh

import (
	"context"
	"errors"

	"golang.org/x/crypto/ssh"
)

// link is one SSH connection, up and logged in.
type link struct {
	*ssh.Client
	wire *wire
	// key is the one the machine proved to have, and that was known.
	key ssh.PublicKey
	// gone is closed once the connection has ended, for whatever reason.
	gone chan struct{}
}

var errGone = errors.New("the connection is closed")

func newLink(c *ssh.Client, w *wire, key ssh.PublicKey) *link {
	l := &link{c, w, key, make(chan struct{})}
	go func() { _ = c.Wait(); close(l.gone) }()
	return l
}

// bind makes a context that ends with the connection too: opening a channel in
// the moment a connection breaks can wait forever in x/crypto.
func (l *link) bind(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-l.gone:
			cancel(errGone)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// session opens a session, no longer than ctx and the connection last.
func (l *link) session(ctx context.Context) (*ssh.Session, error) {
	ctx, done := l.bind(ctx)
	defer done()
	type result struct {
		session *ssh.Session
		err     error
	}
	opened := make(chan result)
	go func() {
		s, err := l.NewSession()
		select {
		case opened <- result{s, err}:
		case <-ctx.Done():
			if err == nil {
				_ = s.Close()
			}
		}
	}()
	select {
	case r := <-opened:
		return r.session, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
