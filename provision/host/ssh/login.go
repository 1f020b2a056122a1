package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// login makes a link. Connections that an sshd drops before it says anything
// (MaxStartups does that) are tried again; a login is tried once, since more
// would only lock us out (PerSourcePenalties).
func login(ctx context.Context, at endpoint, d dialer, o Options) (*link, error) {
	const attempts = 6
	pause := 200 * time.Millisecond
	for n := 1; ; n++ {
		l, err := attempt(ctx, at, d, o)
		var drop *droppedError
		if err == nil || n == attempts || !errors.As(err, &drop) {
			return l, err
		}
		o.Log.DebugContext(ctx, "connection dropped before a greeting", "at", at.String(), "attempt", n)
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
			return nil, fmt.Errorf("%w (%w)", context.Cause(ctx), err)
		}
		pause = min(2*pause, 3*time.Second)
	}
}

// droppedError is a connection that ended before the machine's key was seen.
type droppedError struct {
	at   endpoint
	said string
	err  error
}

func (e *droppedError) Error() string {
	said := ""
	if e.said != "" {
		said = fmt.Sprintf(", saying %q", e.said)
	}
	return fmt.Sprintf("%s dropped the connection before its greeting%s: its sshd is busy (MaxStartups) or not willing", e.at, said)
}

func (e *droppedError) Unwrap() error { return e.err }

func attempt(ctx context.Context, at endpoint, d dialer, o Options) (*link, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("no answer within %s", o.Timeout))
	defer cancel()
	known, err := newTrust(at, o.Shared)
	if err != nil {
		return nil, err
	}
	keys := &credentials{at: at, ctx: ctx}
	defer keys.close()
	l, err := handshake(ctx, at, d, known, keys)
	var none *ssh.AlgorithmNegotiationError
	switch {
	case err == nil || errors.Is(err, host.ErrUntrusted):
		return l, err
	case known.refused != nil:
		return nil, known.refused
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %s: %w", at, stage(known, keys), context.Cause(ctx))
	case errors.As(err, &none) && none.What == "host key" && known.recorded():
		return nil, known.otherType(probe(ctx, at, d))
	case errors.As(err, &none):
		return nil, fmt.Errorf("%s offers no modern %s: %q. bulwark takes %q: update its sshd or its configuration",
			at, none.What, none.RequestedAlgorithms, none.SupportedAlgorithms)
	case known.shown != nil && (errors.Is(err, errNoKeys) || strings.Contains(err.Error(), "unable to authenticate") || len(keys.tried) > 0):
		return nil, keys.failed(err)
	}
	return nil, err
}

func stage(t *trust, c *credentials) string {
	switch {
	case len(c.tried) > 0:
		return "logging in"
	case t.shown != nil:
		return "asking for keys"
	}
	return "waiting for its greeting"
}

// recorded says whether any key of the machine is known.
func (t *trust) recorded() bool {
	return t.pin != nil || len(t.db.HostKeys(t.at.lookup())) > 0
}

func handshake(ctx context.Context, at endpoint, d dialer, known *trust, keys *credentials) (*link, error) {
	raw, err := d.dial(ctx, at.address())
	if errors.Is(err, syscall.ECONNRESET) {
		return nil, &droppedError{at: at, err: err} // reset before we looked
	}
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", at, err)
	}
	w := newWire(raw)
	// The past as a deadline ends every read and write under way.
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })
	conn, chans, reqs, err := ssh.NewClientConn(w, at.address(), &ssh.ClientConfig{
		Config: algorithms(), User: at.user, Auth: []ssh.AuthMethod{keys.method()},
		HostKeyCallback: known.check, HostKeyAlgorithms: known.algorithms,
		BannerCallback: func(string) error { return nil },
		ClientVersion:  "SSH-2.0-bulwark",
	})
	if !stop() && err == nil {
		_ = conn.Close()
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = raw.Close()
		if known.shown == nil && ctx.Err() == nil && w.mayRetry() && isDrop(err) {
			return nil, &droppedError{at: at, said: w.greeting(), err: err}
		}
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	w.unbound()
	// NewClient rejects every channel and every global request of the server.
	return newLink(ssh.NewClient(conn, chans, reqs), w, known.shown), nil
}

// probe asks a machine for a key of any type, and never logs in.
func probe(ctx context.Context, at endpoint, d dialer) ssh.PublicKey {
	t := &trust{at: at, algorithms: plainHostKeyAlgorithms(), refuseAll: true}
	_, _ = handshake(ctx, at, d, t, &credentials{at: at, ctx: ctx})
	return t.shown
}

func isDrop(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}
