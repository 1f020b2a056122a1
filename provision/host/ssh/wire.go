package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// dialer is how an sshd is reached: from here, or through a bastion.
type dialer interface {
	dial(ctx context.Context, address string) (net.Conn, error)
}

type tcp struct{}

func (tcp) dial(ctx context.Context, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

// through dials from a bastion.
type through struct{ bastion *link }

func (t through) dial(ctx context.Context, address string) (net.Conn, error) {
	bound, done := t.bastion.bind(ctx)
	defer done()
	conn, err := t.bastion.DialContext(bound, "tcp", address)
	var refused *ssh.OpenChannelError
	switch {
	case errors.As(err, &refused) && refused.Reason == ssh.Prohibited:
		return nil, errors.New("the bastion does not forward to it: its sshd needs AllowTcpForwarding yes (or local), and PermitOpen that allows it")
	case errors.As(err, &refused):
		return nil, fmt.Errorf("from the bastion: %s", host.Tail([]byte(refused.Message)))
	case err != nil:
		return nil, err
	}
	return host.Stream(conn, conn, conn.Close, conn.LocalAddr(), conn.RemoteAddr()), nil
}

// wire counts what comes in: to bound it until the login is done, and to tell
// whether the other side lives.
type wire struct {
	net.Conn
	left atomic.Int64
	last atomic.Int64
	// head is the beginning of what came, for messages.
	head []byte
}

// maxLogin is the most that is read before a login is complete. A key exchange
// with certificates and a banner needs a few kilobytes.
const maxLogin = 1 << 20

func newWire(c net.Conn) *wire {
	w := &wire{Conn: c}
	w.left.Store(maxLogin)
	w.last.Store(time.Now().UnixNano())
	return w
}

var errTooMuch = errors.New("it sent too much before the login was complete")

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if n > 0 {
		w.last.Store(time.Now().UnixNano())
	}
	if left := w.left.Load(); left >= 0 {
		if room := 255 - len(w.head); room > 0 {
			w.head = append(w.head, b[:min(n, room)]...)
		}
		left -= int64(n)
		if left < 0 {
			return 0, errTooMuch
		}
		w.left.Store(left)
	}
	return n, err
}

// unbound lifts the limit, after the login.
func (w *wire) unbound() { w.left.Store(-1) }

// silent is for how long nothing came.
func (w *wire) silent() time.Duration { return time.Since(time.Unix(0, w.last.Load())) }

// greeting is what came in place of a greeting.
func (w *wire) greeting() string { return host.Tail(w.head) }

// mayRetry is false when the sshd says that it holds something against us:
// asking again prolongs it.
func (w *wire) mayRetry() bool { return !strings.Contains(string(w.head), "Not allowed at this time") }
