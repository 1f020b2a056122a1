// Package ssh reaches machines over SSH. It is the only importer of
// golang.org/x/crypto/ssh.
//
// A machine's key is known before anything is said to it: from a pin of the
// spec or from known_hosts, and nothing switches that off. Every step has a
// deadline, everything a machine sends has a bound, and one connection carries
// all of a machine's programs.
package ssh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// Options are the operator's side of a connection.
type Options struct {
	// ConfigFile replaces the operator's SSH configuration files (ssh -F).
	ConfigFile string
	// Timeout bounds one attempt to connect and log in. 30 s when zero.
	Timeout time.Duration
	// KeepAlive is how often a silent connection is asked whether it lives; it
	// is cut when it was silent for two of them. 15 s when zero.
	KeepAlive time.Duration
	// Log gets what happens on the way, at debug level. None when nil.
	Log *slog.Logger
	// Shared is what connections of one run know together, so that a thousand
	// machines do not read the operator's files a thousand times. Each connection
	// reads them itself when nil.
	Shared *Shared
}

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.KeepAlive <= 0 {
		o.KeepAlive = 15 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Shared == nil {
		o.Shared = NewShared()
	}
	return o
}

// Host is one machine over one SSH connection. It does not reconnect by
// itself: when the connection is lost every call says so, and [Host.Fresh]
// still makes a new one. [host.Lasting] does that.
type Host struct {
	target Target
	opts   Options
	at     endpoint
	client *link
	// bastion is nil without one.
	bastion *link
	// tokens bound the sessions and channels open at once, below sshd's
	// MaxSessions of 10.
	tokens chan struct{}
	alive  *keeper
	// noForward is set once the machine's sshd refused to forward.
	noForward atomic.Bool
	close     func() error
}

var _ host.Host = (*Host)(nil)

// Connect connects and logs in. The error wraps [host.ErrUntrusted] when a key
// on the way is unknown or another one, and [host.ErrUnreachable] otherwise.
func Connect(ctx context.Context, t Target, o Options) (*Host, error) {
	o = o.withDefaults()
	at, hop, err := resolve(ctx, t, o)
	if err != nil {
		return nil, failed(t, "", err)
	}
	h := &Host{target: t, opts: o, at: at, tokens: make(chan struct{}, 8)}
	d := dialer(tcp{})
	if hop != nil {
		h.bastion, err = login(ctx, *hop, d, o)
		if err != nil {
			return nil, failed(t, "bastion ", err)
		}
		d = through{h.bastion}
	}
	h.client, err = login(ctx, at, d, o)
	if err != nil {
		if h.bastion != nil {
			_ = h.bastion.Close()
		}
		return nil, failed(t, "", err)
	}
	h.alive = keep(h.client, o.KeepAlive)
	h.close = sync.OnceValue(h.shut)
	o.Log.DebugContext(ctx, "connected", "node", t.Name, "at", at.String(), "bastion", t.Bastion)
	return h, nil
}

// failed gives an error on the way to a machine its place and its kind.
func failed(t Target, where string, err error) error {
	kind := host.ErrUnreachable
	if errors.Is(err, host.ErrUntrusted) {
		return fmt.Errorf("%s: %s%w", t.Name, where, err)
	}
	return fmt.Errorf("%s: %w: %s%w", t.Name, kind, where, err)
}

// Fresh makes a new TCP and SSH connection to the same machine.
func (h *Host) Fresh(ctx context.Context) (host.Host, error) {
	return Connect(ctx, h.target, h.opts)
}

// String is "user@address:port".
func (h *Host) String() string { return h.at.String() }

// HostKey is the key that the machine proved to have and that was known, in
// authorized_keys form and without a comment: a pin as [Target.HostKey] takes it.
// It is empty for a key that an authority vouches for, which may be another one
// tomorrow.
func (h *Host) HostKey() string {
	if _, vouched := h.client.key.(*ssh.Certificate); vouched {
		return ""
	}
	return line(h.client.key)
}

// Close ends the connection and with it everything that runs over it.
func (h *Host) Close() error { return h.close() }

func (h *Host) shut() error {
	err := h.client.Close()
	h.alive.wait()
	if h.bastion != nil {
		err = errors.Join(err, h.bastion.Close())
		_ = h.bastion.Wait()
	}
	if errors.Is(err, net.ErrClosed) {
		return nil // it was gone already, which is what was wanted
	}
	return err
}
