package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// Dial connects to an address from the machine, over this connection: by a
// forwarded connection, or by a relay program where its sshd forwards none.
func (h *Host) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "tcp" {
		return nil, fmt.Errorf("%s: dial: network %q, only tcp is there", h, network)
	}
	if !h.noForward.Load() {
		bound, done := h.client.bind(ctx)
		conn, err := h.client.DialContext(bound, network, address)
		done()
		var refused *ssh.OpenChannelError
		switch {
		case err == nil:
			return host.Stream(conn, conn, conn.Close, conn.LocalAddr(), conn.RemoteAddr()), nil
		case errors.As(err, &refused) && refused.Reason == ssh.Prohibited:
			h.noForward.Store(true)
		case errors.As(err, &refused):
			return nil, fmt.Errorf("%s: connect to %s from there: %s", h, address, host.Tail([]byte(refused.Message)))
		case ctx.Err() != nil:
			return nil, fmt.Errorf("%s: connect to %s from there: %w", h, address, context.Cause(ctx))
		default:
			return nil, h.broken("connect to "+address, err)
		}
	}
	conn, err := h.relay(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("%s: its sshd forwards no connection (AllowTcpForwarding yes or local would let it, PermitOpen restrict it), and without that: %w", h, err)
	}
	return conn, nil
}

func (h *Host) relay(ctx context.Context, address string) (net.Conn, error) {
	select {
	case h.tokens <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	free := sync.OnceFunc(func() { <-h.tokens })
	s, err := h.session(ctx)
	if err != nil {
		free()
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, h.broken("relay", fmt.Errorf("%w: %w", host.ErrNotBegun, err))
	}
	shut := func() error {
		defer free()
		return s.Close()
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	var said capped
	said.most, said.over = maxStderr, func() { _ = s.Close() }
	s.Stderr = &said
	in, err1 := s.StdinPipe()
	out, err2 := s.StdoutPipe()
	// Root is not needed to connect.
	if err := errors.Join(err1, err2, s.Start(host.Command(false))); err != nil {
		_ = shut()
		return nil, err
	}
	ended := make(chan struct{})
	go func() { _ = s.Wait(); close(ended) }()
	return host.Relay(ctx, host.Pipes{
		Stdin: in, Stdout: out, Shut: shut,
		Said: func() []byte { <-ended; return said.buf.Bytes() },
	}, address)
}
