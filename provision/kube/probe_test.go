package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

func TestAnonymousSendsNothing(t *testing.T) {
	a, m := newAuthority(t), &machine{}
	server(t, a, m, "10.0.0.11:6443", func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) > 0 || r.Header.Get("Authorization") != "" {
			t.Error("credentials were sent")
		}
		switch r.URL.Path {
		case "/readyz":
			_, _ = io.WriteString(w, "ok")
		case "/away":
			http.Redirect(w, r, "https://elsewhere.example.com/", http.StatusFound)
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	}, "10.0.0.11")
	for path, want := range map[string]int{"/readyz": 200, "/version": 401, "/api": 401, "/away": 302} {
		got, err := Anonymous(context.Background(), m, "10.0.0.11:6443", path, a.pem)
		if err != nil || got != want {
			t.Errorf("%s: %d %v", path, got, err)
		}
	}
	if _, err := Anonymous(context.Background(), m, "10.0.0.11:6443", "/readyz", newAuthority(t).pem); err == nil {
		t.Error("another CA's server was believed")
	}
	if _, err := Anonymous(context.Background(), m, "10.0.0.12:6443", "/readyz", a.pem); err == nil {
		t.Error("a closed port is a verdict")
	}
	if _, err := Anonymous(context.Background(), m, "10.0.0.11", "/readyz", a.pem); err == nil {
		t.Error("an address without a port was taken")
	}
}

func TestRefusesAnonymous(t *testing.T) {
	a, m := newAuthority(t), &machine{}
	cert, key := a.sign(t, admin(), "10.0.0.11")
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	listen := func(address string, auth tls.ClientAuthType, maxVersion uint16) {
		l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: auth, ClientCAs: pool, MaxVersion: maxVersion})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		m.route(address, l.Addr().String())
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer func() { _ = c.Close() }()
					if tc, ok := c.(*tls.Conn); ok && tc.Handshake() == nil {
						_, _ = io.WriteString(c, "HTTP/1.0 200 OK\r\n\r\n")
					}
				}()
			}
		}()
	}
	listen("10.0.0.11:2379", tls.RequireAndVerifyClientCert, tls.VersionTLS13)
	listen("10.0.0.11:2380", tls.RequireAndVerifyClientCert, tls.VersionTLS12)
	listen("10.0.0.11:2381", tls.NoClientCert, tls.VersionTLS13)
	for address, want := range map[string]struct {
		seen    string
		refused bool
	}{
		"10.0.0.11:2379": {"certificate required", true}, "10.0.0.11:2380": {"handshake failure", true},
		"10.0.0.11:2381": {"answers", false}, "10.0.0.11:2382": {"not known", false},
	} {
		seen, refused, err := RefusesAnonymous(context.Background(), m, address, a.pem)
		if err != nil {
			seen = err.Error()
		}
		if refused != want.refused || (err != nil) != (want.seen == "not known") || !strings.Contains(seen, want.seen) {
			t.Errorf("%s: %s, %v, %v", address, seen, refused, err)
		}
	}
	// A server that only hangs up is no evidence.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	m.route("10.0.0.11:2383", l.Addr().String())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	if _, refused, err := RefusesAnonymous(context.Background(), m, "10.0.0.11:2383", a.pem); err == nil || refused {
		t.Error("a server that hangs up counts as one that refuses")
	}
}

func TestReachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	tests := map[string]struct {
		fail error
		want Reach
		ok   bool
	}{
		"open":       {nil, Open, true},
		"refused":    {errors.New("ssh: rejected: connect failed (Connection refused)"), Refused, true},
		"no route":   {errors.New("dial tcp: connect: no route to host"), Refused, true},
		"timed out":  {errors.New("ssh: rejected: connect failed (Connection timed out)"), Silent, true},
		"prohibited": {errors.New("ssh: rejected: administratively prohibited (open failed)"), "", false},
		"gone":       {fmt.Errorf("x: %w", host.ErrUnreachable), "", false},
		"unknown":    {errors.New("something else"), "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := &machine{}
			m.route("10.0.0.21:2379", l.Addr().String())
			if tt.fail != nil {
				m.fail = []error{tt.fail}
			}
			got, err := Reachable(context.Background(), m, "10.0.0.21:2379", time.Second)
			if got != tt.want || (err == nil) != tt.ok {
				t.Errorf("%q %v", got, err)
			}
		})
	}
	if got, err := Reachable(context.Background(), silent{&machine{}}, "10.0.0.21:2379", time.Millisecond); got != Silent || err != nil {
		t.Errorf("%q %v", got, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if got, err := Reachable(ctx, silent{&machine{}}, "10.0.0.21:2379", time.Minute); err == nil {
		t.Errorf("a probe that was cut is %q", got)
	}
}

// silent is a machine whose dials never answer.
type silent struct{ *machine }

func (silent) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
