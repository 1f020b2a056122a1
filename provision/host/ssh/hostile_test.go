package ssh_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
	"github.com/bulwark-k8s/bulwark/provision/host/ssh"
)

// session is one session of a server in this process, which may do anything.
type session struct {
	xssh.Channel
	conn    *xssh.ServerConn
	command string
}

func (s session) exit(status byte) {
	_, _ = s.SendRequest("exit-status", false, []byte{0, 0, 0, status})
	_ = s.Close()
}

// serve starts such a server and says how to reach it as the user "ops".
func serve(t *testing.T, handle func(session)) (ssh.Target, ssh.Options) {
	t.Helper()
	_, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := xssh.NewSignerFromSigner(priv)
	if err != nil {
		t.Fatal(err)
	}
	config := &xssh.ServerConfig{PublicKeyCallback: func(xssh.ConnMetadata, xssh.PublicKey) (*xssh.Permissions, error) { return nil, nil }}
	config.AddHostKey(signer)
	port := listen(t, func(c net.Conn) {
		conn, chans, reqs, err := xssh.NewServerConn(c, config)
		if err != nil {
			return
		}
		go xssh.DiscardRequests(reqs)
		for n := range chans {
			if n.ChannelType() != "session" {
				_ = n.Reject(xssh.Prohibited, "no")
				continue
			}
			ch, reqs, err := n.Accept()
			if err != nil {
				return
			}
			go func() {
				for r := range reqs {
					var p struct{ Command string }
					ok := r.Type == "exec" && xssh.Unmarshal(r.Payload, &p) == nil
					if r.WantReply {
						_ = r.Reply(ok, nil)
					}
					if ok {
						go handle(session{ch, conn, p.Command})
					}
				}
			}()
		}
	})
	key := filepath.Join(t.TempDir(), "key")
	hosttest.Keygen(t, "ed25519", key)
	return ssh.Target{Name: "w-1", Host: "127.0.0.1", Port: port, User: "ops", HostKey: string(xssh.MarshalAuthorizedKey(signer.PublicKey()))},
		ssh.Options{ConfigFile: hosttest.ClientConfig(t, key, ""), Timeout: 10 * time.Second, KeepAlive: 2 * time.Second}
}

// local runs the command of a session here, with these folders before the PATH.
func local(path ...string) func(session) {
	return func(s session) {
		cmd := exec.Command("/bin/sh", "-c", s.command)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = s, s, s.Stderr()
		cmd.Env = []string{"PATH=" + strings.Join(path, ":"), "SSH_CONNECTION=a b c d"}
		cmd.WaitDelay = time.Second
		_ = cmd.Run()
		s.exit(byte(cmd.ProcessState.ExitCode()))
	}
}

// withSudo makes a folder with a program named sudo.
func withSudo(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "sudo"), []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestSudo(t *testing.T) {
	good := withSudo(t, `[ "$1 $2" = "-n --" ] || exit 9; shift 2; echo "lecture" >&2; exec "$@"`)
	target, o := serve(t, local(good, "/usr/bin", "/bin"))
	res, err := connect(t, target, o).Exec(t.Context(), cat, []byte("data"))
	if err != nil || string(res.Stdout) != "data" || len(res.Stderr) != 0 {
		t.Errorf("%+v, %v", res, err)
	}
	for name, c := range map[string]struct{ path, says string }{
		"missing":    {t.TempDir(), "sudo"},
		"password":   {withSudo(t, "echo 'sudo: a password is required' >&2; exit 1"), "a password is required"},
		"requiretty": {withSudo(t, "echo 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1"), "must have a tty"},
		"insults":    {withSudo(t, "echo 'sudo: \x1b[31mno\x07' >&2; exit 1"), "?[31mno?"},
	} {
		t.Run(name, func(t *testing.T) {
			target, o := serve(t, local(c.path))
			_, err := connect(t, target, o).Exec(t.Context(), cat, nil)
			notRoot, ok := errors.AsType[*host.NotRootError](err)
			if !ok || notRoot.User != "ops" || !strings.Contains(notRoot.Remedy(), "/etc/sudoers.d/") {
				t.Errorf("%T: %v", err, err)
			}
			for _, s := range []string{c.says, "ops ALL=(root) NOPASSWD: ALL", "/etc/sudoers.d/", "ops@127.0.0.1:"} {
				if err == nil || !errors.Is(err, host.ErrUnreachable) || !strings.Contains(err.Error(), s) {
					t.Errorf("does not say %q: %v", s, err)
				}
			}
		})
	}
}

func TestEndlessOutput(t *testing.T) {
	chunk := bytes.Repeat([]byte("A"), 32<<10)
	for name, to := range map[string]func(session) io.Writer{
		"stdout": func(s session) io.Writer { return s },
		"stderr": func(s session) io.Writer { return s.Stderr() },
	} {
		t.Run(name, func(t *testing.T) {
			target, o := serve(t, func(s session) {
				for {
					if _, err := to(s).Write(chunk); err != nil {
						return
					}
				}
			})
			_, err := connect(t, target, o).Exec(t.Context(), cat, nil)
			if err == nil || !strings.Contains(err.Error(), "more than") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestSessionsThatEndBadly(t *testing.T) {
	for name, end := range map[string]func(session){
		"no status":        func(s session) { _ = s.Close() },
		"short status":     func(s session) { _, _ = s.SendRequest("exit-status", false, []byte{1}); _ = s.Close() },
		"empty status":     func(s session) { _, _ = s.SendRequest("exit-status", false, nil); _ = s.Close() },
		"malformed signal": func(s session) { _, _ = s.SendRequest("exit-signal", false, []byte{0xff}); _ = s.Close() },
		"cut":              func(s session) { _ = s.conn.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			target, o := serve(t, end)
			_, err := connect(t, target, o).Exec(t.Context(), cat, nil)
			if !errors.Is(err, host.ErrUnreachable) || !strings.Contains(err.Error(), "not known") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A program that claims success without having started is not believed.
func TestStatusWithoutStart(t *testing.T) {
	target, o := serve(t, func(s session) { _, _ = io.WriteString(s, "bulwark1 guess\nall good\n"); s.exit(0) })
	res, err := connect(t, target, o).Exec(t.Context(), cat, nil)
	if !errors.Is(err, host.ErrUnreachable) {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestServerOpensChannels(t *testing.T) {
	var opened, granted atomic.Int32
	target, o := serve(t, func(s session) {
		for _, kind := range []string{"auth-agent@openssh.com", "x11", "forwarded-tcpip", "session", "direct-tcpip"} {
			ch, reqs, err := s.conn.OpenChannel(kind, nil)
			if err == nil {
				opened.Add(1)
				go xssh.DiscardRequests(reqs)
				_ = ch.Close()
			}
		}
		for range 500 {
			if ok, _, _ := s.conn.SendRequest("tcpip-forward", true, nil); ok {
				granted.Add(1)
			}
			_, _ = s.SendRequest("window-change", false, []byte("junk"))
		}
		local("/usr/bin", "/bin")(session{s.Channel, s.conn, strings.TrimPrefix(s.command, "sudo -n -- ")})
	})
	res, err := connect(t, target, o).Exec(t.Context(), cat, []byte("x"))
	if err != nil || string(res.Stdout) != "x" {
		t.Errorf("%q, %v", res.Stdout, err)
	}
	if opened.Load() != 0 || granted.Load() != 0 {
		t.Errorf("%d channels opened, %d requests granted", opened.Load(), granted.Load())
	}
}

// Neither a session that is never answered nor one that trickles holds a
// caller beyond its deadline.
func TestSessionsThatNeverEnd(t *testing.T) {
	for name, handle := range map[string]func(session){
		"mute": func(session) {},
		"trickle": func(s session) {
			for {
				if _, err := s.Write([]byte("x")); err != nil {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			target, o := serve(t, handle)
			h := connect(t, target, o)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			began := time.Now()
			if _, err := h.Exec(ctx, cat, bytes.Repeat([]byte("x"), 8<<20)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if d := time.Since(began); d > 2*time.Second {
				t.Errorf("took %s", d)
			}
		})
	}
}

// A peer that is gone without a word is cut off, with whatever waits on it.
func TestBlackHole(t *testing.T) {
	target, o := serve(t, func(session) {})
	var hole atomic.Bool
	port := target.Port
	o.KeepAlive = 300 * time.Millisecond
	target.Port = listen(t, func(c net.Conn) {
		up, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))))
		if err != nil {
			return
		}
		defer up.Close()
		pass := func(to, from net.Conn) {
			b := make([]byte, 32<<10)
			for {
				n, err := from.Read(b)
				if err != nil {
					return
				}
				if !hole.Load() {
					_, _ = to.Write(b[:n])
				}
			}
		}
		go pass(c, up)
		pass(up, c)
	})
	h := connect(t, target, o)
	time.AfterFunc(100*time.Millisecond, func() { hole.Store(true) })
	began := time.Now()
	_, err := h.Exec(t.Context(), cat, nil)
	if !errors.Is(err, host.ErrUnreachable) || !strings.Contains(err.Error(), "no sign of life") {
		t.Errorf("got %v", err)
	}
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("took %s", d)
	}
}

// An idle connection to a live peer stays.
func TestKeepAliveKeeps(t *testing.T) {
	target, o := serve(t, func(s session) {
		local("/usr/bin", "/bin")(session{s.Channel, s.conn, strings.TrimPrefix(s.command, "sudo -n -- ")})
	})
	o.KeepAlive = 150 * time.Millisecond
	h := connect(t, target, o)
	time.Sleep(300 * time.Millisecond)
	if res, err := h.Exec(t.Context(), host.Program{Name: "slow", Text: "sleep 0.3; cat"}, []byte("x")); err != nil || string(res.Stdout) != "x" {
		t.Errorf("%q, %v", res.Stdout, err)
	}
}
