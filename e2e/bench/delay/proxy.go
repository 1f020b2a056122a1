// Package delay makes a near machine far: a TCP proxy that holds every byte
// back for half a round trip each way, and loses none of their order.
package delay

import (
	"context"
	"net"
	"sync"
	"time"
)

// Proxy is one listener on the loopback in front of one server.
type Proxy struct {
	// Address is where to connect.
	Address string

	to   string
	half time.Duration
	l    net.Listener
	ctx  context.Context //nolint:containedctx // lives until Close
	stop context.CancelFunc
	wg   sync.WaitGroup
}

// New listens, and sends what comes to the server at address "to" and back, with
// a round trip added. The connection itself is made at once: who counts round
// trips adds one for it.
func New(to string, roundTrip time.Duration) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{Address: l.Addr().String(), to: to, half: roundTrip / 2, l: l}
	p.ctx, p.stop = context.WithCancel(context.Background())
	p.wg.Go(p.accept)
	return p, nil
}

// Close ends the listener and all connections.
func (p *Proxy) Close() {
	p.stop()
	_ = p.l.Close()
	p.wg.Wait()
}

func (p *Proxy) accept() {
	for {
		near, err := p.l.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.join(near) })
	}
}

func (p *Proxy) join(near net.Conn) {
	defer func() { _ = near.Close() }()
	far, err := new(net.Dialer).DialContext(p.ctx, "tcp", p.to)
	if err != nil {
		return
	}
	defer func() { _ = far.Close() }()
	stop := context.AfterFunc(p.ctx, func() { _ = near.Close(); _ = far.Close() })
	defer stop()
	var both sync.WaitGroup
	both.Go(func() { p.carry(far, near) })
	both.Go(func() { p.carry(near, far) })
	both.Wait()
}

// chunk is what was read at once, and when it may arrive; no bytes are the end.
type chunk struct {
	at    time.Time
	bytes []byte
}

// carry brings one direction over.
func (p *Proxy) carry(to, from net.Conn) {
	line := make(chan chunk, 4096) // long enough for what is under way
	go func() {
		defer close(line)
		for {
			buf := make([]byte, 32<<10)
			n, err := from.Read(buf)
			if n > 0 {
				line <- chunk{time.Now().Add(p.half), buf[:n]}
			}
			if err != nil {
				line <- chunk{at: time.Now().Add(p.half)}
				return
			}
		}
	}()
	for c := range line {
		select {
		case <-time.After(time.Until(c.at)):
		case <-p.ctx.Done(): // nothing arrives any more
		}
		if len(c.bytes) == 0 {
			if half, ok := to.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
			continue
		}
		if _, err := to.Write(c.bytes); err != nil {
			_ = from.Close()
			for range line { // so that the reader ends
				continue
			}
			return
		}
	}
}
