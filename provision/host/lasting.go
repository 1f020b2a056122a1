package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
)

// ErrNotBegun marks a program that was certainly not started, because there was
// no connection to start it over: it may be sent again.
var ErrNotBegun = errors.New("nothing was begun")

// Lasting is a machine whose connection is made when it is first needed, and
// again once it is gone. Whoever
// lost it is told so, and says whether what it did can be done twice; the next
// call finds a new connection. Only what certainly did not happen, a connection
// or a program that was not begun, is tried once more.
type Lasting struct {
	name string
	open func(context.Context) (Host, error)

	mu   sync.Mutex
	now  Host // nil until it is first needed
	lost bool // now gave up
	// old connections are ended with the last one: others may still be told by
	// them how they ended.
	old []Host
}

var _ Host = (*Lasting)(nil)

// NewLasting takes a connection over, and ends it.
func NewLasting(h Host) *Lasting { return &Lasting{now: h} }

// Later is a machine that open connects to when it is first needed; until then it
// is called name. When open fails, the call that needed it has its error.
func Later(name string, open func(context.Context) (Host, error)) *Lasting {
	return &Lasting{name: name, open: open}
}

// Open connects, unless that was done. Whoever times what a machine takes to
// answer calls it first.
func (l *Lasting) Open(ctx context.Context) error {
	_, err := l.connection(ctx)
	return err
}

// Opened says whether there was ever a connection.
func (l *Lasting) Opened() bool { return l.current() != nil }

// Exec runs a program as [Host.Exec] does.
func (l *Lasting) Exec(ctx context.Context, p Program, stdin []byte) (Result, error) {
	h, err := l.connection(ctx)
	if err != nil {
		return Result{}, err
	}
	res, err := h.Exec(ctx, p, stdin)
	if l.gone(h, err) && errors.Is(err, ErrNotBegun) && ctx.Err() == nil {
		if h, err = l.connection(ctx); err != nil {
			return Result{}, err
		}
		res, err = h.Exec(ctx, p, stdin)
		l.gone(h, err)
	}
	return res, err
}

// Dial connects as [Host.Dial] does.
func (l *Lasting) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	h, err := l.connection(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := h.Dial(ctx, network, address)
	if l.gone(h, err) && ctx.Err() == nil {
		if h, err = l.connection(ctx); err != nil {
			return nil, err
		}
		conn, err = h.Dial(ctx, network, address)
		l.gone(h, err)
	}
	return conn, err
}

// Fresh makes a connection that shares nothing with this one and is not made
// again: it is the proof that one can be made.
func (l *Lasting) Fresh(ctx context.Context) (Host, error) {
	if h := l.current(); h != nil {
		return h.Fresh(ctx)
	}
	return l.open(ctx)
}

// String names the machine.
func (l *Lasting) String() string {
	if h := l.current(); h != nil {
		return h.String()
	}
	return l.name
}

// Close ends this connection and those before it.
func (l *Lasting) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now == nil {
		return nil
	}
	errs := []error{l.now.Close()}
	for _, h := range l.old {
		errs = append(errs, h.Close())
	}
	l.old = nil
	return errors.Join(errs...)
}

func (l *Lasting) current() Host {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// connection is one that is not known to be gone.
func (l *Lasting) connection(ctx context.Context) (Host, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now == nil {
		h, err := l.open(ctx)
		if err != nil {
			return nil, err
		}
		l.now = h
	}
	if !l.lost {
		return l.now, nil
	}
	fresh, err := l.now.Fresh(ctx)
	if err != nil {
		return nil, fmt.Errorf("the connection was lost and none could be made since: %w", err)
	}
	l.old, l.now, l.lost = append(l.old, l.now), fresh, false
	return l.now, nil
}

// gone notes that a connection is gone, if that is what an error says. A user
// who may not become root would not be let by another connection either.
func (l *Lasting) gone(h Host, err error) bool {
	_, notRoot := errors.AsType[*NotRootError](err)
	if !errors.Is(err, ErrUnreachable) || notRoot {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now == h {
		l.lost = true
	}
	return true
}
