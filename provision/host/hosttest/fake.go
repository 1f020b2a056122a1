// Package hosttest has machines for tests: a fake that fails on anything it was
// not told to expect, the shell of the machine the tests run on, and a real
// sshd on the loopback.
package hosttest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// Fake is a host that answers what it was told to, in the order it was told,
// and fails the test on any other call and on calls that never came.
type Fake struct {
	t    testing.TB
	name string

	mu     sync.Mutex
	wanted []expected
	closed bool
}

type expected struct {
	what  string
	exec  func(stdin []byte) (host.Result, error)
	dial  func() (net.Conn, error)
	fresh *Fake
	err   error
}

var _ host.Host = (*Fake)(nil)

// New makes a fake that expects nothing yet.
func New(t testing.TB, name string) *Fake {
	f := &Fake{t: t, name: name}
	t.Cleanup(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, w := range f.wanted {
			t.Errorf("%s: %s never came", name, w.what)
		}
	})
	return f
}

// Expect makes the next call an Exec of the program of that name.
func (f *Fake) Expect(program string, answer func(stdin []byte) (host.Result, error)) *Fake {
	return f.add(expected{what: "exec " + program, exec: answer})
}

// ExpectOutput is [Fake.Expect] of a program that prints and succeeds,
// whatever its data.
func (f *Fake) ExpectOutput(program, stdout string) *Fake {
	return f.Expect(program, func([]byte) (host.Result, error) {
		return host.Result{Stdout: []byte(stdout)}, nil
	})
}

// ExpectDial makes the next call a Dial of that address.
func (f *Fake) ExpectDial(network, address string, answer func() (net.Conn, error)) *Fake {
	return f.add(expected{what: "dial " + network + " " + address, dial: answer})
}

// ExpectFresh makes the next call a Fresh, answered with a host or an error.
func (f *Fake) ExpectFresh(h *Fake, err error) *Fake {
	return f.add(expected{what: "fresh", fresh: h, err: err})
}

func (f *Fake) add(e expected) *Fake {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wanted = append(f.wanted, e)
	return f
}

// take checks that a call is the next one expected.
func (f *Fake) take(ctx context.Context, what string) (expected, error) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return expected{}, fmt.Errorf("%s: %w", f.name, err)
	}
	next := "nothing"
	if len(f.wanted) > 0 {
		next = f.wanted[0].what
	}
	if f.closed || next != what {
		f.t.Errorf("%s: unexpected %s (closed: %t); expected %s", f.name, what, f.closed, next)
		return expected{}, errors.New("hosttest: unexpected " + what)
	}
	e := f.wanted[0]
	f.wanted = f.wanted[1:]
	return e, nil
}

// Exec answers as expected.
func (f *Fake) Exec(ctx context.Context, p host.Program, stdin []byte) (host.Result, error) {
	f.t.Helper()
	e, err := f.take(ctx, "exec "+p.Name)
	if err != nil {
		return host.Result{}, err
	}
	return e.exec(stdin)
}

// Dial answers as expected.
func (f *Fake) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	f.t.Helper()
	e, err := f.take(ctx, "dial "+network+" "+address)
	if err != nil {
		return nil, err
	}
	return e.dial()
}

// Fresh answers as expected.
func (f *Fake) Fresh(ctx context.Context) (host.Host, error) {
	f.t.Helper()
	e, err := f.take(ctx, "fresh")
	if err != nil {
		return nil, err
	}
	if e.err != nil {
		return nil, e.err
	}
	return e.fresh, nil
}

// String is the name it was made with.
func (f *Fake) String() string { return f.name }

// Close is allowed at any time and any number of times.
func (f *Fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}
