package ssh_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
	"github.com/bulwark-k8s/bulwark/provision/host/ssh"
)

func hash(t *testing.T, file string) {
	t.Helper()
	if out, err := exec.Command("ssh-keygen", "-H", "-f", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_ = os.Remove(file + ".old")
}

func sign(t *testing.T, ca, pub string, args ...string) {
	t.Helper()
	args = append([]string{"-q", "-s", ca, "-I", "test", "-V", "+1h"}, append(args, pub)...)
	if out, err := exec.Command("ssh-keygen", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// startAgent runs an ssh-agent that holds the given keys.
func startAgent(t *testing.T, keys ...string) string {
	t.Helper()
	hosttest.Need(t, "ssh-agent")
	sock := filepath.Join(t.TempDir(), "agent")
	cmd := exec.Command("ssh-agent", "-D", "-a", sock)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 200 {
		if _, err := os.Stat(sock); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	for _, k := range keys {
		add := exec.Command("ssh-add", "-q", k)
		add.Env = append(os.Environ(), "SSH_AUTH_SOCK="+sock)
		if out, err := add.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return sock
}

func TestBastion(t *testing.T) {
	bastion, _, _ := setup(t, hosttest.SSHDOptions{})
	s := hosttest.StartSSHD(t, hosttest.SSHDOptions{Key: bastion.Key})
	target := target(s)
	o := options(t, s, s.KnownHost("ed25519")+bastion.KnownHost("ed25519"))
	target.Bastion = fmt.Sprintf("%s@127.0.0.1:%d", bastion.User, bastion.Port)
	h := connect(t, target, o)
	if res, err := h.Exec(t.Context(), cat, []byte("x")); err != nil || string(res.Stdout) != "x" {
		t.Errorf("%q, %v", res.Stdout, err)
	}
	if bastion.Connections() != 1 || s.Connections() != 1 {
		t.Errorf("%d and %d connections", bastion.Connections(), s.Connections())
	}
	fresh, err := h.Fresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = fresh.Close()
	if bastion.Connections() != 2 || s.Connections() != 2 {
		t.Error("fresh shares a connection")
	}
	viaConfig := target
	viaConfig.Bastion = ""
	connect(t, viaConfig, options(t, s, s.KnownHost("ed25519")+bastion.KnownHost("ed25519"),
		fmt.Sprintf("Match originalhost 127.0.0.1 exec \"test %%p = %d\"", s.Port), "ProxyJump "+target.Bastion))
	refused(t, viaConfig, options(t, s, "", "ProxyCommand nc %h %p"), host.ErrUnreachable, "ProxyCommand")
	viaConfig.Bastion = "a.example,b.example"
	refused(t, viaConfig, options(t, s, ""), host.ErrUnreachable, "one")
}

func TestBastionKey(t *testing.T) {
	bastion, _, _ := setup(t, hosttest.SSHDOptions{})
	s := hosttest.StartSSHD(t, hosttest.SSHDOptions{Key: bastion.Key})
	target := target(s)
	target.Bastion = fmt.Sprintf("%s@127.0.0.1:%d", bastion.User, bastion.Port)
	refused(t, target, options(t, s, s.KnownHost("ed25519")), host.ErrUntrusted, "bastion", "unknown", fmt.Sprint(bastion.Port))
	target.BastionHostKey = s.HostKey("ed25519")
	refused(t, target, options(t, s, s.KnownHost("ed25519")+bastion.KnownHost("ed25519")), host.ErrUntrusted, "bastion", "the spec pins")
	if bastion.Logins() != 0 || s.Connections() != 0 {
		t.Errorf("%d logins at the bastion, %d connections to the target", bastion.Logins(), s.Connections())
	}
	// The key of the target is checked through an honest bastion, too.
	target.BastionHostKey = bastion.HostKey("ed25519")
	refused(t, target, options(t, s, ""), host.ErrUntrusted, "unknown", fmt.Sprint(s.Port))
	target.HostKey = bastion.HostKey("ed25519")
	refused(t, target, options(t, s, s.KnownHost("ed25519")), host.ErrUntrusted, "the spec pins")
	if s.Logins() != 0 {
		t.Error("a login was attempted")
	}
	target.HostKey = ""
	connect(t, target, options(t, s, s.KnownHost("ed25519")))
}

func TestBastionThatDoesNotForward(t *testing.T) {
	bastion, _, _ := setup(t, hosttest.SSHDOptions{Config: []string{"AllowTcpForwarding no"}})
	s := hosttest.StartSSHD(t, hosttest.SSHDOptions{Key: bastion.Key})
	target := target(s)
	target.Bastion = fmt.Sprintf("%s@127.0.0.1:%d", bastion.User, bastion.Port)
	refused(t, target, options(t, s, s.KnownHost("ed25519")+bastion.KnownHost("ed25519")), host.ErrUnreachable, "AllowTcpForwarding")
}

func TestAgent(t *testing.T) {
	s, target, _ := setup(t, hosttest.SSHDOptions{})
	other := filepath.Join(t.TempDir(), "other")
	hosttest.Keygen(t, "rsa", other)
	sock := startAgent(t, other, s.Key)
	config := func(extra ...string) ssh.Options {
		o := options(t, s, s.KnownHost("ed25519"), extra...)
		b, _ := os.ReadFile(o.ConfigFile)
		b = []byte(strings.Replace(string(b), "IdentityAgent none\nIdentityFile "+s.Key+"\n", "", 1))
		if err := os.WriteFile(o.ConfigFile, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return o
	}
	connect(t, target, config("IdentityAgent "+sock))
	connect(t, target, config("IdentityAgent "+sock, "IdentitiesOnly yes", "IdentityFile "+s.Key+".pub"))
	refused(t, target, config("IdentityAgent "+sock, "IdentitiesOnly yes", "IdentityFile "+other), host.ErrUnreachable, "refused SHA256:")
	refused(t, target, config(), host.ErrUnreachable, "no key to offer")
	t.Setenv("SSH_AUTH_SOCK", sock)
	connect(t, target, config())
	refused(t, target, config("IdentityAgent none"), host.ErrUnreachable, "no key to offer")
	refused(t, target, config("IdentityAgent "+sock+"-gone"), host.ErrUnreachable, "does not answer")
}

// An agent that accepts and says nothing must not hold up a login for ever.
func TestDeadAgent(t *testing.T) {
	s, target, _ := setup(t, hosttest.SSHDOptions{})
	sock := filepath.Join(t.TempDir(), "mute")
	l, err := net.Listen("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	o := options(t, s, s.KnownHost("ed25519"), "IdentityAgent "+sock)
	o.Timeout = 500 * time.Millisecond
	refused(t, target, o, host.ErrUnreachable, "no answer within 500ms")
}

func TestWrongUserKeyIsTriedOnce(t *testing.T) {
	s, target, o := setup(t, hosttest.SSHDOptions{})
	wrong := filepath.Join(t.TempDir(), "wrong")
	hosttest.Keygen(t, "rsa", wrong)
	o.ConfigFile = hosttest.ClientConfig(t, wrong, s.KnownHost("ed25519"))
	refused(t, target, o, host.ErrUnreachable, "log in as", "refused SHA256:", wrong, "authorized_keys")
	if s.Connections() != 1 || s.Attempts() != 1 {
		t.Errorf("%d connections, %d attempts", s.Connections(), s.Attempts())
	}
}

func TestUnusableKeyFiles(t *testing.T) {
	s, target, o := setup(t, hosttest.SSHDOptions{})
	dir := t.TempDir()
	locked, open, junk := filepath.Join(dir, "locked"), filepath.Join(dir, "open"), filepath.Join(dir, "junk")
	hosttest.Keygen(t, "ed25519", locked, "-N", "secret")
	hosttest.Keygen(t, "ed25519", open)
	_ = os.Chmod(open, 0o644)
	_ = os.WriteFile(junk, []byte("junk"), 0o600)
	for key, says := range map[string]string{
		locked: "ssh-add " + locked, open: "chmod 600 " + open, junk: "is not a private key", dir: "not a regular file",
	} {
		o.ConfigFile = hosttest.ClientConfig(t, key, s.KnownHost("ed25519"))
		refused(t, target, o, host.ErrUnreachable, says)
	}
}

func TestUserCertificateAndRSA(t *testing.T) {
	dir := t.TempDir()
	ca, user := filepath.Join(dir, "ca"), filepath.Join(dir, "user")
	hosttest.Keygen(t, "ed25519", ca)
	hosttest.Keygen(t, "rsa", user)
	s, target, _ := setup(t, hosttest.SSHDOptions{Config: []string{"TrustedUserCAKeys " + ca + ".pub"}})
	sign(t, ca, user+".pub", "-n", s.User)
	connect(t, target, ssh.Options{ConfigFile: hosttest.ClientConfig(t, user, s.KnownHost("ed25519"))})
	plain, target, _ := setup(t, hosttest.SSHDOptions{Key: user})
	connect(t, target, ssh.Options{ConfigFile: hosttest.ClientConfig(t, user, plain.KnownHost("ed25519"))})
	if strings.Contains(plain.Log(), "ssh-rsa-sha1") || !strings.Contains(plain.Log(), "Accepted publickey") {
		t.Error(plain.Log())
	}
}

func TestShellNoise(t *testing.T) {
	hosttest.Need(t, "bash")
	s, target, o := setup(t, hosttest.SSHDOptions{Config: []string{"PrintMotd yes"}})
	noise := "yes 'MOTD: welcome' | head -c 1000000\necho oops >&2\nalias cat=false\ncat() { false; }\nexport -f cat\nexport LC_ALL=tlh BASH_ENV=/dev/fd/2\nset -e\n"
	if err := os.WriteFile(filepath.Join(s.Home, ".bashrc"), []byte(noise), 0o600); err != nil {
		t.Fatal(err)
	}
	h := connect(t, target, o)
	res, err := h.Exec(t.Context(), host.Program{Name: "noise", Text: "false; cat; echo $LC_ALL >&2"}, []byte("data"))
	if err != nil || string(res.Stdout) != "data" || string(res.Stderr) != "C\n" || res.Exit != 0 {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestShellThatRunsNothing(t *testing.T) {
	_, target, o := setup(t, hosttest.SSHDOptions{Config: []string{"ForceCommand echo This account is not available.; exit 1"}})
	h := connect(t, target, o)
	_, err := h.Exec(t.Context(), cat, nil)
	if !errors.Is(err, host.ErrUnreachable) || !strings.Contains(err.Error(), "This account is not available.") {
		t.Errorf("got %v", err)
	}
}

// A proxy that drops every other connection before the greeting is what
// MaxStartups looks like; sshd's own is random and needs a crowd.
func TestDroppedBeforeTheGreeting(t *testing.T) {
	s, target, _ := setup(t, hosttest.SSHDOptions{})
	var n atomic.Int32
	port := proxy(t, s.Port, func(c net.Conn) bool {
		if n.Add(1)%3 == 0 {
			return true
		}
		if n.Load()%2 == 0 {
			_, _ = io.WriteString(c, "Exceeded MaxStartups\r\n")
		} else {
			_ = c.(*net.TCPConn).SetLinger(0) // answers with a reset
		}
		return false
	})
	target.Port, target.HostKey = port, s.HostKey("ed25519")
	connect(t, target, options(t, s, ""))
	if n.Load() != 3 {
		t.Errorf("%d connections", n.Load())
	}

	always := proxy(t, s.Port, func(c net.Conn) bool { _, _ = io.WriteString(c, "busy\x1b[31m\r\n"); return false })
	target.Port = always
	refused(t, target, options(t, s, ""), host.ErrUnreachable, "MaxStartups", `"busy?[31m"`)

	n.Store(0)
	target.Port = proxy(t, s.Port, func(c net.Conn) bool {
		n.Add(1)
		_, _ = io.WriteString(c, "Not allowed at this time\r\n")
		return false
	})
	refused(t, target, options(t, s, ""), host.ErrUnreachable)
	if n.Load() != 1 {
		t.Errorf("an sshd that penalises us was asked %d times", n.Load())
	}
}

func TestMaxStartups(t *testing.T) {
	s, target, o := setup(t, hosttest.SSHDOptions{Config: []string{"MaxStartups 1"}})
	idle, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.Port))
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(700*time.Millisecond, func() { _ = idle.Close() })
	connect(t, target, o)
}

func TestSilentAndSlowServers(t *testing.T) {
	for name, serve := range map[string]func(c net.Conn){
		"silent":       func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
		"tarpit":       func(c net.Conn) { drip(c, "SSH-2.0-slow and slower and slower and slower") },
		"lines":        func(c net.Conn) { drip(c, strings.Repeat("\n", 1000)) },
		"after banner": func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-x\r\n"); _, _ = io.Copy(io.Discard, c) },
	} {
		t.Run(name, func(t *testing.T) {
			port := listen(t, serve)
			o := ssh.Options{ConfigFile: "/dev/null", Timeout: 700 * time.Millisecond}
			began := time.Now()
			refused(t, ssh.Target{Name: "n", Host: "127.0.0.1", Port: port, User: "root"}, o, host.ErrUnreachable, "no answer within 700ms", "greeting")
			if d := time.Since(began); d > 3*time.Second {
				t.Errorf("took %s", d)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			o.Timeout = time.Minute
			if _, err := ssh.Connect(ctx, ssh.Target{Name: "n", Host: "127.0.0.1", Port: port, User: "root"}, o); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTooMuchBeforeTheLogin(t *testing.T) {
	for name, text := range map[string]string{
		"lines":        strings.Repeat("welcome\r\n", 1<<17),
		"version line": "SSH-2.0-" + strings.Repeat("x", 10_000),
		"packet":       "SSH-2.0-x\r\n\x7f\xff\xff\xff" + strings.Repeat("x", 1<<20),
	} {
		port := listen(t, func(c net.Conn) { _, _ = io.WriteString(c, text); _, _ = io.Copy(io.Discard, c) })
		o := ssh.Options{ConfigFile: "/dev/null", Timeout: 5 * time.Second}
		began := time.Now()
		refused(t, ssh.Target{Name: "n", Host: "127.0.0.1", Port: port, User: "root"}, o, host.ErrUnreachable)
		if time.Since(began) > 4*time.Second {
			t.Errorf("%s: only the deadline ended it", name)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	_ = l.Close()
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	refused(t, ssh.Target{Name: "n", Host: "127.0.0.1", Port: port, User: "root"}, ssh.Options{ConfigFile: "/dev/null"}, host.ErrUnreachable, "connection refused")
}

func TestDowngradeOnlyServers(t *testing.T) {
	for says, config := range map[string]string{
		"key exchange":            "KexAlgorithms diffie-hellman-group14-sha1",
		"client to server cipher": "Ciphers aes128-cbc",
		"MAC":                     "Ciphers aes128-ctr\nMACs hmac-sha1",
	} {
		s, target, o := setup(t, hosttest.SSHDOptions{Config: []string{config}})
		refused(t, target, o, host.ErrUnreachable, "no modern", says, "update its sshd")
		// A server may say what it did only after we heard of it.
		for end := time.Now().Add(10 * time.Second); s.Connections() == 0 && time.Now().Before(end); {
			time.Sleep(20 * time.Millisecond)
		}
		if s.Logins() != 0 || s.Connections() != 1 {
			t.Errorf("%d logins were tried, over %d connections", s.Logins(), s.Connections())
		}
	}
	s, target, _ := setup(t, hosttest.SSHDOptions{KeyTypes: []string{"rsa"}, Config: []string{"HostKeyAlgorithms ssh-rsa"}})
	refused(t, target, options(t, s, ""), host.ErrUnreachable, "no modern host key", "ssh-rsa")
}

// proxy stands before an sshd and lets connections through as it is told.
func proxy(t *testing.T, to uint16, let func(net.Conn) bool) uint16 {
	t.Helper()
	return listen(t, func(c net.Conn) {
		if !let(c) {
			return
		}
		up, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", to))
		if err != nil {
			return
		}
		go func() { _, _ = io.Copy(up, c); _ = up.Close() }()
		_, _ = io.Copy(c, up)
	})
}

// listen serves every connection on a loopback port until the test ends.
func listen(t *testing.T, serve func(net.Conn)) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); serve(c) }()
		}
	}()
	return uint16(l.Addr().(*net.TCPAddr).Port)
}

// drip sends a byte every tenth of a second, until nobody listens.
func drip(c net.Conn, text string) {
	for i := range len(text) {
		if _, err := c.Write([]byte{text[i]}); err != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}
