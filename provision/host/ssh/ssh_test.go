package ssh_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
	"github.com/bulwark-k8s/bulwark/provision/host/ssh"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var cat = host.Program{Name: "cat", Text: "cat\n"}

// setup is an sshd whose key is known, and how to reach it.
func setup(t *testing.T, o hosttest.SSHDOptions) (*hosttest.SSHD, ssh.Target, ssh.Options) {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("SSH_AUTH_SOCK", "")
	s := hosttest.StartSSHD(t, o)
	var known string
	for _, k := range append(o.KeyTypes, "ed25519")[:max(1, len(o.KeyTypes))] {
		known += s.KnownHost(k)
	}
	return s, target(s), options(t, s, known)
}

func target(s *hosttest.SSHD) ssh.Target {
	return ssh.Target{Name: "cp-1", Host: "127.0.0.1", Port: s.Port, User: s.User}
}

func options(t *testing.T, s *hosttest.SSHD, known string, extra ...string) ssh.Options {
	t.Helper()
	return ssh.Options{ConfigFile: hosttest.ClientConfig(t, s.Key, known, extra...), Timeout: 10 * time.Second}
}

func connect(t *testing.T, target ssh.Target, o ssh.Options) *ssh.Host {
	t.Helper()
	h, err := ssh.Connect(t.Context(), target, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return h
}

// refused connects and wants an error of a kind that says all these things.
func refused(t *testing.T, target ssh.Target, o ssh.Options, kind error, says ...string) {
	t.Helper()
	h, err := ssh.Connect(t.Context(), target, o)
	if err == nil {
		_ = h.Close()
		t.Fatal("connected")
	}
	if !errors.Is(err, kind) {
		t.Errorf("not %q: %v", kind, err)
	}
	for _, s := range append(says, target.Name) {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("does not say %q: %v", s, err)
		}
	}
}

func TestExec(t *testing.T) {
	s, target, o := setup(t, hosttest.SSHDOptions{})
	h := connect(t, target, o)
	if h.String() != fmt.Sprintf("%s@127.0.0.1:%d", s.User, s.Port) {
		t.Error(h.String())
	}
	canary := filepath.Join(t.TempDir(), "canary")
	binary := make([]byte, 1<<20)
	_, _ = rand.Read(binary)
	for name, data := range map[string][]byte{
		"nothing": nil, "a mebibyte": binary,
		"code": bytes.Repeat([]byte("touch "+canary+"\n"), 1000),
	} {
		res, err := h.Exec(t.Context(), cat, data)
		if err != nil || !bytes.Equal(res.Stdout, data) || res.Exit != 0 || len(res.Stderr) > 0 {
			t.Errorf("%s: %.100q, %v", name, res.Stdout, err)
		}
	}
	if _, err := os.Stat(canary); err == nil {
		t.Error("the data was run")
	}
	res, err := h.Exec(t.Context(), host.Program{Name: "fail", Text: "echo sorry >&2; exit 42"}, binary)
	if err != nil || res.Exit != 42 || string(res.Stderr) != "sorry\n" {
		t.Errorf("%+v, %v", res, err)
	}
	res, err = h.Exec(t.Context(), host.Program{Name: "die", Text: "kill -KILL $$"}, nil)
	if err != nil || res.Exit != 128+9 {
		t.Errorf("%+v, %v", res, err)
	}
	res, err = h.Exec(t.Context(), host.Program{Name: "env", Text: `echo "$SSH_CONNECTION"`}, nil)
	if err != nil || !strings.HasPrefix(string(res.Stdout), "127.0.0.1 ") {
		t.Errorf("%s, %v", res.Stdout, err)
	}
	if n := s.Connections(); n != 1 {
		t.Errorf("%d connections for one host", n)
	}
}

func TestExecInParallel(t *testing.T) {
	for _, config := range [][]string{nil, {"MaxSessions 1"}} {
		t.Run(strings.Join(config, ""), func(t *testing.T) {
			_, target, o := setup(t, hosttest.SSHDOptions{Config: config})
			h := connect(t, target, o)
			var wg sync.WaitGroup
			for i := range 20 {
				wg.Go(func() {
					want := fmt.Sprint("number ", i)
					res, err := h.Exec(t.Context(), cat, []byte(want))
					if err != nil || string(res.Stdout) != want {
						t.Errorf("%q, %v", res.Stdout, err)
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestOutputIsCapped(t *testing.T) {
	_, target, o := setup(t, hosttest.SSHDOptions{})
	for _, to := range []string{"1", "2"} {
		h := connect(t, target, o)
		_, err := h.Exec(t.Context(), host.Program{Name: "yes", Text: "yes >&" + to}, nil)
		if err == nil || !strings.Contains(err.Error(), "more than") {
			t.Errorf("got %v", err)
		}
		if _, err := h.Exec(t.Context(), cat, nil); !errors.Is(err, host.ErrUnreachable) {
			t.Errorf("the connection is still there: %v", err)
		}
		fresh, err := h.Fresh(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = fresh.Close()
	}
}

func TestExecCancelled(t *testing.T) {
	_, target, o := setup(t, hosttest.SSHDOptions{})
	h := connect(t, target, o)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := h.Exec(ctx, host.Program{Name: "wait", Text: "sleep 5"}, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("took %s", d)
	}
	res, err := h.Exec(t.Context(), cat, []byte("still here"))
	if err != nil || string(res.Stdout) != "still here" {
		t.Errorf("the connection went with it: %v", err)
	}
}

func TestUnknownKey(t *testing.T) {
	s, target, _ := setup(t, hosttest.SSHDOptions{})
	for _, extra := range [][]string{nil, {"StrictHostKeyChecking no"}, {"StrictHostKeyChecking accept-new"}, {"NoHostAuthenticationForLocalhost yes"}} {
		o := options(t, s, "", extra...)
		refused(t, target, o, host.ErrUntrusted, "unknown", "ssh-ed25519 SHA256:", "ssh-keygen -lf", "host_key = \""+s.HostKey("ed25519"))
	}
	if s.Logins() != 0 {
		t.Error("a login was attempted")
	}
}

func TestChangedKey(t *testing.T) {
	s, target, o := setup(t, hosttest.SSHDOptions{})
	other := hosttest.StartSSHD(t, hosttest.SSHDOptions{})
	old := strings.Replace(other.KnownHost("ed25519"), fmt.Sprint(other.Port), fmt.Sprint(s.Port), 1)
	o.ConfigFile = options(t, s, old).ConfigFile
	refused(t, target, o, host.ErrUntrusted, "not the one known", "known_hosts has ssh-ed25519 SHA256:", "it showed ssh-ed25519 SHA256:", "ssh-keygen -R")
	if s.Logins() != 0 {
		t.Error("a login was attempted")
	}
}

func TestKeyTypeKnown(t *testing.T) {
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		s, target, _ := setup(t, hosttest.SSHDOptions{KeyTypes: []string{"rsa", "ecdsa", "ed25519"}})
		h := connect(t, target, options(t, s, s.KnownHost(kind)))
		if _, err := h.Exec(t.Context(), cat, nil); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestKeyTypeGone(t *testing.T) {
	s, target, _ := setup(t, hosttest.SSHDOptions{})
	other := hosttest.StartSSHD(t, hosttest.SSHDOptions{KeyTypes: []string{"ecdsa"}})
	old := strings.Replace(other.KnownHost("ecdsa"), fmt.Sprint(other.Port), fmt.Sprint(s.Port), 1)
	refused(t, target, options(t, s, old), host.ErrUntrusted, "not the one known", "ecdsa-sha2-nistp256 SHA256:", "it showed ssh-ed25519 SHA256:")
	target.HostKey = other.HostKey("ecdsa")
	refused(t, target, options(t, s, s.KnownHost("ed25519")), host.ErrUntrusted, "the spec pins ecdsa", "it showed ssh-ed25519 SHA256:")
	if s.Logins() != 0 {
		t.Error("a login was attempted")
	}
}

// The key by which a machine was known is a pin that lets one in.
func TestTheKeyOfAConnectionIsAPin(t *testing.T) {
	s, to, o := setup(t, hosttest.SSHDOptions{})
	to.HostKey = connect(t, to, o).HostKey()
	if to.HostKey == "" || !strings.HasPrefix(s.HostKey("ed25519"), to.HostKey) {
		t.Errorf("%q is not %q", to.HostKey, s.HostKey("ed25519"))
	}
	connect(t, to, options(t, s, ""))
}

func TestPin(t *testing.T) {
	s, target, _ := setup(t, hosttest.SSHDOptions{KeyTypes: []string{"ed25519", "rsa"}})
	other := hosttest.StartSSHD(t, hosttest.SSHDOptions{KeyTypes: []string{"ed25519", "rsa"}})
	for _, kind := range []string{"ed25519", "rsa"} {
		wrong := strings.Replace(other.KnownHost(kind), fmt.Sprint(other.Port), fmt.Sprint(s.Port), 1)
		target.HostKey = s.HostKey(kind) + " a comment"
		connect(t, target, options(t, s, wrong)) // the pin wins over known_hosts
		connect(t, target, options(t, s, ""))
	}
	n := s.Logins()
	target.HostKey = other.HostKey("ed25519")
	refused(t, target, options(t, s, s.KnownHost("ed25519")), host.ErrUntrusted, "the spec pins ssh-ed25519 SHA256:", "correct host_key")
	for _, bad := range []string{"ssh-ed25519", "SHA256:abc", s.HostKey("ed25519") + "\n" + s.HostKey("rsa")} {
		target.HostKey = bad
		refused(t, target, options(t, s, ""), host.ErrUntrusted, "host_key")
	}
	if s.Logins() != n {
		t.Error("a login was attempted")
	}
}

func TestHashedAndAliasedKnownHosts(t *testing.T) {
	s, target, _ := setup(t, hosttest.SSHDOptions{})
	o := options(t, s, s.KnownHost("ed25519"))
	hash(t, filepath.Join(filepath.Dir(o.ConfigFile), "known_hosts"))
	connect(t, target, o)
	connect(t, target, options(t, s, "prod-1 "+s.HostKey("ed25519")+"\n", "HostKeyAlias prod-1"))
	connect(t, target, options(t, s, "* "+s.HostKey("ed25519")+"\n"))
	refused(t, target, options(t, s, s.KnownHost("ed25519")+"@revoked * "+s.HostKey("ed25519")+"\n"), host.ErrUntrusted, "revokes")
	refused(t, target, options(t, s, "what is this\n"), host.ErrUntrusted, "known_hosts:1")
}

func TestHostCertificate(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	dir := t.TempDir()
	ca, key := filepath.Join(dir, "ca"), filepath.Join(dir, "host")
	hosttest.Keygen(t, "ed25519", ca)
	hosttest.Keygen(t, "ed25519", key)
	sign(t, ca, key+".pub", "-h", "-n", "127.0.0.1")
	s := hosttest.StartSSHD(t, hosttest.SSHDOptions{Config: []string{"HostKey " + key, "HostCertificate " + key + "-cert.pub"}})
	pub, _ := os.ReadFile(ca + ".pub")
	known := fmt.Sprintf("@cert-authority [127.0.0.1]:%d %s", s.Port, pub)
	connect(t, target(s), options(t, s, known))
	refused(t, target(s), options(t, s, strings.Replace(known, fmt.Sprint(s.Port), "1", 1)), host.ErrUntrusted, "unknown")
}

func TestConfigAliasesTheHost(t *testing.T) {
	s, target, _ := setup(t, hosttest.SSHDOptions{})
	target.Host, target.Port, target.User = "prod", 0, ""
	o := options(t, s, s.KnownHost("ed25519"), "Host prod", "HostName 127.0.0.1", fmt.Sprint("Port ", s.Port), "User "+s.User)
	h := connect(t, target, o)
	if want := fmt.Sprintf("%s@127.0.0.1:%d", s.User, s.Port); h.String() != want {
		t.Errorf("%s, want %s", h, want)
	}
	target.Port = 1 // what the spec says wins
	refused(t, target, o, host.ErrUnreachable, "127.0.0.1:1", "refused")
}

func TestHostIsNoOption(t *testing.T) {
	for _, bad := range []string{"-oProxyCommand=touch /tmp/x", "", "a b", "$(x)", "a;b", "a\nb"} {
		_, err := ssh.Connect(t.Context(), ssh.Target{Name: "n", Host: bad}, ssh.Options{ConfigFile: "/dev/null"})
		if err == nil || !strings.Contains(err.Error(), "not a host name") {
			t.Errorf("%q: %v", bad, err)
		}
		_, err = ssh.Connect(t.Context(), ssh.Target{Name: "n", Host: "h", Bastion: "u@" + bad}, ssh.Options{ConfigFile: "/dev/null"})
		if err == nil {
			t.Errorf("bastion %q was taken", bad)
		}
	}
}

func TestFreshIsAnotherConnection(t *testing.T) {
	s, target, o := setup(t, hosttest.SSHDOptions{})
	h := connect(t, target, o)
	fresh, err := h.Fresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	if _, err := fresh.Exec(t.Context(), cat, nil); err != nil {
		t.Error(err)
	}
	if n := s.Connections(); n != 2 {
		t.Errorf("%d connections", n)
	}
	_ = h.Close()
	_ = h.Close()
	if _, err := h.Exec(t.Context(), cat, nil); !errors.Is(err, host.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	if _, err := fresh.Exec(t.Context(), cat, nil); err != nil {
		t.Errorf("closing one closed the other: %v", err)
	}
}

func TestDial(t *testing.T) {
	for _, config := range [][]string{nil, {"AllowTcpForwarding no"}} {
		t.Run(strings.Join(config, ""), func(t *testing.T) {
			if config != nil {
				hosttest.Need(t, "bash")
			}
			_, target, o := setup(t, hosttest.SSHDOptions{Config: config})
			h := connect(t, target, o)
			slow := make(chan struct{})
			web := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/slow" {
					<-slow
				}
				_, _ = io.Copy(w, r.Body)
			}))
			defer web.Close()
			defer close(slow)
			tr := web.Client().Transport.(*http.Transport).Clone()
			tr.DialContext = h.Dial
			defer tr.CloseIdleConnections()
			client := &http.Client{Transport: tr, Timeout: 10 * time.Second}
			body := strings.Repeat("x", 3<<20)
			res, err := client.Post(web.URL, "text/plain", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err != nil || string(got) != body {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			client.Timeout = 200 * time.Millisecond
			began := time.Now()
			late, err := client.Get(web.URL + "/slow")
			if err == nil {
				_ = late.Body.Close()
			}
			if err == nil || time.Since(began) > 2*time.Second {
				t.Errorf("%v after %s", err, time.Since(began))
			}
			conn, err := h.Dial(t.Context(), "tcp", web.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			_ = conn.Close()
			l, _ := net.Listen("tcp", "127.0.0.1:0")
			_ = l.Close()
			if _, err := h.Dial(t.Context(), "tcp", l.Addr().String()); err == nil || !strings.Contains(strings.ToLower(err.Error()), "refused") {
				t.Errorf("got %v", err)
			}
			if res, err := h.Exec(t.Context(), cat, []byte("x")); err != nil || string(res.Stdout) != "x" {
				t.Errorf("exec beside it: %v", err)
			}
		})
	}
}
