package delay

import (
	"bytes"
	"crypto/rand"
	"io"
	"net"
	"testing"
	"time"
)

// Every byte arrives, in order, and an answer is never there before its round
// trip is over. How much later it comes is the machine's affair, and not held.
func TestProxyDelaysAndLosesNothing(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	const roundTrip = 60 * time.Millisecond
	p, err := New(server.Addr().String(), roundTrip)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	c, err := net.Dial("tcp", p.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()

	one := make([]byte, 1)
	for range 3 {
		began := time.Now()
		if _, err := c.Write([]byte{7}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, one); err != nil || one[0] != 7 {
			t.Fatalf("%v, %v", one, err)
		}
		if took := time.Since(began); took < roundTrip {
			t.Errorf("an answer after %v", took)
		}
	}

	sent := make([]byte, 1<<20)
	rand.Read(sent)
	go func() {
		_, _ = c.Write(sent)
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d bytes of %d, %v", len(got), len(sent), err)
	}
}

// A server that is not there ends the connection, and Close ends all.
func TestProxyEnds(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(server.Addr().String(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	held, err := net.Dial("tcp", p.Address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Accept(); err != nil {
		t.Fatal(err)
	}
	// What is under way for half an hour yet does not hold it.
	if _, err := held.Write([]byte("on its way")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	p.Close()
	if _, err := held.Read(make([]byte, 1)); err == nil {
		t.Error("still open")
	}
	_ = server.Close()
	p, err = New(server.Addr().String(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	c, err := net.Dial("tcp", p.Address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("read from a server that is not there")
	}
}
