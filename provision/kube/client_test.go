package kube

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

const endpointURL = "https://api.example.com:6443"

// server is a TLS server of the authority's that the machine reaches at address.
func server(t testing.TB, a *authority, m *machine, address string, h http.HandlerFunc, names ...string) *httptest.Server {
	t.Helper()
	cert, key := a.sign(t, admin(), names...)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	m.route(address, s.Listener.Addr().String())
	return s
}

func newClient(t testing.TB, m *machine, kubeconfig []byte, address string) *Client {
	t.Helper()
	c, err := New(kubeconfig, Server{Host: m, Address: address})
	if err != nil {
		t.Fatal(err)
	}
	c.pause = soon
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestClientDialsThroughTheMachine(t *testing.T) {
	// A proxy of the operator's environment must not see the API.
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	a, m := newAuthority(t), &machine{}
	var proto string
	server(t, a, m, "10.0.0.11:6443", func(w http.ResponseWriter, r *http.Request) {
		proto = r.Proto
		_, _ = io.WriteString(w, "ok")
	}, "api.example.com")
	c := newClient(t, m, a.kubeconfig(t, endpointURL, admin()), "10.0.0.11:6443")
	if why, err := c.answers(context.Background()); why != "" || err != nil {
		t.Fatalf("%s %v", why, err)
	}
	if proto != "HTTP/2.0" {
		t.Errorf("spoke %s", proto)
	}
	for _, d := range m.dials {
		if d != "10.0.0.11:6443" {
			t.Errorf("dialled %s", d)
		}
	}
}

func TestClientVerifiesTheServer(t *testing.T) {
	a, other, m := newAuthority(t), newAuthority(t), &machine{}
	ok := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }
	server(t, other, m, "10.0.0.1:6443", ok, "api.example.com")
	server(t, a, m, "10.0.0.2:6443", ok, "other.example.com")
	kc := a.kubeconfig(t, endpointURL, admin())
	for _, address := range []string{"10.0.0.1:6443", "10.0.0.2:6443"} {
		_, err := newClient(t, m, kc, address).Look(context.Background(), Ask{})
		if err == nil || !strings.Contains(err.Error(), "not this cluster's") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestKubeconfigOfANodeIsJudged(t *testing.T) {
	a, m := newAuthority(t), &machine{}
	cluster := func(f func(*clientcmdapi.Cluster)) func(*clientcmdapi.Config) {
		return func(c *clientcmdapi.Config) { f(c.Clusters["kubernetes"]) }
	}
	user := func(f func(*clientcmdapi.AuthInfo)) func(*clientcmdapi.Config) {
		return func(c *clientcmdapi.Config) { f(c.AuthInfos["admin"]) }
	}
	tests := map[string]struct {
		change func(*clientcmdapi.Config)
		want   string
	}{
		"no verification": {cluster(func(c *clientcmdapi.Cluster) {
			c.InsecureSkipTLSVerify, c.CertificateAuthorityData = true, nil
		}), "insecure"},
		"a proxy":        {cluster(func(c *clientcmdapi.Cluster) { c.ProxyURL = "http://evil" }), "proxy"},
		"a CA file":      {cluster(func(c *clientcmdapi.Cluster) { c.CertificateAuthority = "/etc/passwd" }), "file name"},
		"no CA":          {cluster(func(c *clientcmdapi.Cluster) { c.CertificateAuthorityData = nil }), "no certificate-authority-data"},
		"a bad CA":       {cluster(func(c *clientcmdapi.Cluster) { c.CertificateAuthorityData = []byte("x") }), "no certificate"},
		"plain HTTP":     {cluster(func(c *clientcmdapi.Cluster) { c.Server = "http://api:6443" }), "https"},
		"a path":         {cluster(func(c *clientcmdapi.Cluster) { c.Server = "https://api:6443/x" }), "https"},
		"a program":      {user(func(u *clientcmdapi.AuthInfo) { u.Exec = &clientcmdapi.ExecConfig{Command: "/bin/true"} }), "program"},
		"a token file":   {user(func(u *clientcmdapi.AuthInfo) { u.TokenFile = "/root/.ssh/id_rsa" }), "files"},
		"a key file":     {user(func(u *clientcmdapi.AuthInfo) { u.ClientKey = "/root/.ssh/id_rsa" }), "files"},
		"impersonation":  {user(func(u *clientcmdapi.AuthInfo) { u.Impersonate = "x" }), "impersonates"},
		"no certificate": {user(func(u *clientcmdapi.AuthInfo) { u.ClientCertificateData = nil }), "no client certificate"},
		"another's key": {user(func(u *clientcmdapi.AuthInfo) {
			_, u.ClientKeyData = a.sign(t, admin())
		}), "belong together"},
		"no context":   {func(c *clientcmdapi.Config) { c.CurrentContext = "x" }, "current-context"},
		"no such user": {func(c *clientcmdapi.Config) { c.Contexts["c"].AuthInfo = "x" }, "not both"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := New(a.kubeconfig(t, endpointURL, admin(), tt.change), Server{Host: m})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	for _, text := range []string{"", "\x00", "secret: [canary", strings.Repeat("x", maxKubeconfig+1)} {
		if _, err := New([]byte(text), Server{Host: m}); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	if _, err := New(a.kubeconfig(t, endpointURL, admin()), Server{Host: m, Address: "10.0.0.1"}); err == nil {
		t.Error("an address without a port was taken")
	}
}

func TestClientPrintsNoCredentials(t *testing.T) {
	a, m := newAuthority(t), &machine{}
	c := newClient(t, m, a.kubeconfig(t, endpointURL, admin()), "10.0.0.11:6443")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(verb, c); got != "ops@cp-1: API at 10.0.0.11:6443" {
			t.Errorf("%s prints %.80s", verb, got)
		}
	}
}

func TestCallTriesAgain(t *testing.T) {
	a := newAuthority(t)
	refused := errors.New("ssh: rejected: connect failed (Connection refused)")
	tests := map[string]struct {
		fail  []error
		dials int
		ok    bool
	}{
		"at once":           {nil, 1, true},
		"after three":       {[]error{refused, refused, io.EOF}, 4, true},
		"never":             {[]error{refused, refused, refused, refused, refused, refused}, tries, false},
		"the machine gone":  {[]error{fmt.Errorf("ops@cp-1: %w", host.ErrUnreachable)}, 1, false},
		"the machine other": {[]error{fmt.Errorf("ops@cp-1: %w", host.ErrUntrusted)}, 1, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := &machine{fail: tt.fail}
			server(t, a, m, "10.0.0.11:6443", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, `{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"n"}}]}`)
			}, "api.example.com")
			c := newClient(t, m, a.kubeconfig(t, endpointURL, admin()), "10.0.0.11:6443")
			nodes, err := c.nodes(context.Background())
			if (err == nil) != tt.ok || tt.ok && len(nodes) != 1 {
				t.Errorf("%v %v", nodes, err)
			}
			if len(m.dials) != tt.dials {
				t.Errorf("%d dials, want %d", len(m.dials), tt.dials)
			}
			if err != nil && !strings.Contains(err.Error(), "listing nodes") {
				t.Errorf("%v does not say what", err)
			}
		})
	}
}

func TestCallDoesNotRepeatRefusals(t *testing.T) {
	a, m := newAuthority(t), &machine{}
	var calls atomic.Int32
	server(t, a, m, "10.0.0.11:6443", func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"no"}`)
	}, "api.example.com")
	c := newClient(t, m, a.kubeconfig(t, endpointURL, admin()), "10.0.0.11:6443")
	if err := c.DeleteToken(context.Background(), "abcdef"); err == nil {
		t.Error("no error")
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("%d calls", n)
	}
	if _, err := c.Look(context.Background(), Ask{}); err == nil || !strings.Contains(err.Error(), "credentials") {
		t.Errorf("a look with refused credentials: %v", err)
	}
}

func TestLookAtAnAPIThatStarts(t *testing.T) {
	a := newAuthority(t)
	kc := a.kubeconfig(t, endpointURL, admin())
	ref := state.ObjectRef{APIVersion: "v1", Kind: "ConfigMap", Namespace: "d", Name: "c"}
	starting := &machine{}
	server(t, a, starting, "10.0.0.11:6443", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "[+]ping ok\n[-]etcd failed: reason withheld\n")
	}, "api.example.com")
	for name, m := range map[string]*machine{"closed": {}, "not ready": starting} {
		t.Run(name, func(t *testing.T) {
			api, err := newClient(t, m, kc, "10.0.0.11:6443").Look(context.Background(), Ask{Objects: []state.ObjectRef{ref}})
			if err != nil || api.Status != state.Starting {
				t.Fatalf("%v %v", api.Status, err)
			}
			for _, part := range []string{PartAPI, PartNodes, PartRequests, PartTokens, ref.String()} {
				if api.Unread[part] == "" {
					t.Errorf("%s is not said to be unread", part)
				}
			}
		})
	}
	gone := &machine{fail: []error{fmt.Errorf("x: %w", host.ErrUnreachable)}}
	if _, err := newClient(t, gone, kc, "10.0.0.11:6443").Look(context.Background(), Ask{}); !errors.Is(err, host.ErrUnreachable) {
		t.Errorf("a machine that is gone: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := newClient(t, &machine{}, kc, "10.0.0.11:6443").Look(ctx, Ask{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a look that was cut: %v", err)
	}
}

func TestClean(t *testing.T) {
	tests := map[string]string{
		"plain":                 "plain",
		"a\nb\tc":               "a b c",
		"\x1b[31mred\x1b[0m":    "[31mred[0m",
		"\u202eevil\u2066":      "evil",
		"bad \xff utf8":         "bad ? utf8",
		strings.Repeat("é", 99): strings.Repeat("é", 25) + "…",
	}
	for in, want := range tests {
		if got := clean(in, 50); got != want {
			t.Errorf("clean(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestSleepEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := sleep(context.Background(), time.Millisecond); err != nil {
		t.Error(err)
	}
}
