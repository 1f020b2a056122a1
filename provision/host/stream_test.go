package host_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStreamHasDeadlines(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	c := host.Stream(r, io.Discard, r.Close, &net.TCPAddr{}, &net.TCPAddr{})
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	_, err := c.Read(make([]byte, 1))
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestStreamDeliversTheLastBytes(t *testing.T) {
	c := host.Stream(strings.NewReader("all of it"), io.Discard, func() error { return nil }, &net.TCPAddr{}, &net.TCPAddr{})
	defer c.Close()
	if b, err := io.ReadAll(c); string(b) != "all of it" || err != nil {
		t.Errorf("got %q, %v", b, err)
	}
}

// pipes runs the remote command of a relay on this machine.
func pipes(t *testing.T) host.Pipes {
	t.Helper()
	argv := host.Argv()
	cmd := exec.Command(argv[0], argv[1:]...)
	in, _ := cmd.StdinPipe()
	out, w := io.Pipe()
	said := new(strings.Builder)
	cmd.Stdout, cmd.Stderr = w, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); _ = w.Close(); close(ended) }()
	t.Cleanup(func() { <-ended })
	return host.Pipes{
		Stdin: in, Stdout: out,
		Shut: func() error { _ = in.Close(); return out.Close() },
		Said: func() []byte { <-ended; return []byte(said.String()) },
	}
}

func TestRelayCarriesHTTP(t *testing.T) {
	hosttest.Need(t, "bash")
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))
	defer s.Close()
	tr := s.Client().Transport.(*http.Transport).Clone()
	tr.DialContext = func(ctx context.Context, _, addr string) (net.Conn, error) {
		return host.Relay(ctx, pipes(t), addr)
	}
	defer tr.CloseIdleConnections()
	body := strings.Repeat("touch /tmp/x\n", 100_000)
	res, err := (&http.Client{Transport: tr, Timeout: 20 * time.Second}).Post(s.URL, "text/plain", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got, err := io.ReadAll(res.Body); string(got) != body || err != nil {
		t.Errorf("%d bytes back of %d, %v", len(got), len(body), err)
	}
}

// A name is looked up by the machine. What is none never leaves this one.
func TestRelayTakesNames(t *testing.T) {
	hosttest.Need(t, "bash")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	conn, err := host.Relay(t.Context(), pipes(t), "localhost:"+port)
	if err != nil {
		t.Fatal(err)
	}
	if got := conn.RemoteAddr().String(); got != "localhost:"+port {
		t.Errorf("connected to %s", got)
	}
	_ = conn.Close()
	for _, bad := range []string{"", ":1", "a b:1", "a/b:1", "$(touch x):1", "a\nb:1", "-a:1", "[fe80::1%x y]:1", "a_b:1", "ä:1", "localhost", "localhost:0", "localhost:65536", "localhost:x", strings.Repeat("a", 300) + ":1"} {
		if _, err := host.Relay(t.Context(), host.Pipes{Shut: func() error { return nil }}, bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestRelayRefused(t *testing.T) {
	hosttest.Need(t, "bash")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	_, err = host.Relay(t.Context(), pipes(t), l.Addr().String())
	if err == nil || !strings.Contains(err.Error(), "Connection refused") {
		t.Errorf("got %v", err)
	}
}
