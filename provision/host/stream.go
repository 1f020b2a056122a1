package host

import (
	"io"
	"net"
	"sync"
)

// Stream makes a net.Conn with working deadlines out of any two-way stream that
// has none, such as an SSH channel or the standard input and output of a
// process. shut must end the stream; it is called once.
func Stream(r io.Reader, w io.Writer, shut func() error, local, remote net.Addr) net.Conn {
	near, far := net.Pipe()
	c := &stream{Conn: near, far: far, shut: sync.OnceFunc(func() { _ = shut() }), local: local, remote: remote}
	// Either direction ending ends both: none of the protocols spoken through
	// a Stream half-closes, and a forgotten half would never end.
	go func() { _, _ = io.Copy(far, r); c.end() }()
	go func() { _, _ = io.Copy(w, far); c.end() }()
	return c
}

type stream struct {
	net.Conn
	far           net.Conn
	shut          func()
	local, remote net.Addr
}

func (c *stream) end() {
	_ = c.far.Close()
	c.shut()
}

// Close never waits for the other side: closing an SSH channel writes to its
// connection, which a dead peer can hold up until the keepalive cuts it.
func (c *stream) Close() error {
	_ = c.Conn.Close()
	_ = c.far.Close()
	go c.shut()
	return nil
}

func (c *stream) LocalAddr() net.Addr  { return c.local }
func (c *stream) RemoteAddr() net.Addr { return c.remote }
