package hosttest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// SSHD is OpenSSH's own server on a loopback port, with keys of its own, for
// the user who runs the tests. Its sessions have a HOME of their own, and a sudo
// that changes nothing: tests that need root run as root.
type SSHD struct {
	Port uint16
	User string
	// Home is the HOME of its sessions.
	Home string
	// Key is the path of the private key that may log in.
	Key string

	t   testing.TB
	dir string
	log *lockedBuffer
}

// SSHDOptions are what differs from the usual.
type SSHDOptions struct {
	// KeyTypes of the server's own keys; ed25519 when empty.
	KeyTypes []string
	// Config are lines of sshd_config that win over the usual ones.
	Config []string
	// Key is the private key that may log in, of another SSHD; a new one when empty.
	Key string
}

// StartSSHD starts a server, and ends it with the test.
func StartSSHD(t testing.TB, o SSHDOptions) *SSHD {
	t.Helper()
	// sshd is in no ordinary user's PATH.
	bin, err := exec.LookPath("sshd")
	if err != nil {
		if _, err := os.Stat("/usr/sbin/sshd"); err != nil {
			Need(t, "sshd")
		}
		bin = "/usr/sbin/sshd"
	}
	me, err := user.Current()
	check(t, err)
	s := &SSHD{t: t, dir: t.TempDir(), User: me.Username, log: &lockedBuffer{}, Key: o.Key}
	s.Home = s.path("home")
	check(t, os.Mkdir(s.Home, 0o700))
	if os.Getuid() == 0 {
		// What Debian's unit makes as its RuntimeDirectory.
		check(t, os.MkdirAll("/run/sshd", 0o755))
	}
	if len(o.KeyTypes) == 0 {
		o.KeyTypes = []string{"ed25519"}
	}
	var conf []string
	conf = append(conf, o.Config...)
	for _, k := range o.KeyTypes {
		Keygen(t, k, s.path("host_"+k))
		conf = append(conf, "HostKey "+s.path("host_"+k))
	}
	if s.Key == "" {
		s.Key = s.path("user")
		Keygen(t, "ed25519", s.Key)
	}
	s.Port = freePort(t)
	conf = append(conf,
		fmt.Sprintf("ListenAddress 127.0.0.1:%d", s.Port),
		"AuthorizedKeysFile "+s.Key+".pub",
		"SetEnv HOME="+s.Home+" PATH="+s.fakeSudo()+":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"PidFile none", "StrictModes no", "UsePAM no", "LogLevel DEBUG1",
		"PasswordAuthentication no", "KbdInteractiveAuthentication no",
		"PermitRootLogin prohibit-password", "MaxStartups 100", "PrintMotd no",
	)
	check(t, os.WriteFile(s.path("sshd_config"), []byte(strings.Join(conf, "\n")+"\n"), 0o600))
	cmd := exec.Command(bin, "-D", "-e", "-f", s.path("sshd_config"))
	cmd.Stdout, cmd.Stderr = s.log, s.log
	// Children of a session may hold the log open after the end.
	cmd.WaitDelay = time.Second
	check(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("sshd on port %d:\n%s", s.Port, s.Log())
		}
	})
	s.waitFor("Server listening")
	return s
}

// fakeSudo makes a folder with a sudo that only takes its options away, for
// test users who are not root.
func (s *SSHD) fakeSudo() string {
	dir := s.path("bin")
	check(s.t, os.Mkdir(dir, 0o700))
	check(s.t, os.WriteFile(filepath.Join(dir, "sudo"), []byte("#!/bin/sh\nshift 2\nexec \"$@\"\n"), 0o700))
	return dir
}

func (s *SSHD) path(name string) string { return filepath.Join(s.dir, name) }

// waitFor waits until the log has a line.
func (s *SSHD) waitFor(text string) {
	s.t.Helper()
	for range 500 {
		if strings.Contains(s.Log(), text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Fatalf("sshd never said %q:\n%s", text, s.Log())
}

// Log is all it said so far.
func (s *SSHD) Log() string { return s.log.String() }

// Logins is how often somebody began to log in, whether or not it worked.
func (s *SSHD) Logins() int { return strings.Count(s.Log(), "userauth-request for user") }

// Attempts is how often a key was offered.
func (s *SSHD) Attempts() int {
	return strings.Count(s.Log(), "service ssh-connection method publickey")
}

// Connections is how many TCP connections came in.
func (s *SSHD) Connections() int { return strings.Count(s.Log(), "Connection from ") }

// HostKey is one of its own public keys, in authorized_keys form.
func (s *SSHD) HostKey(keyType string) string {
	s.t.Helper()
	b, err := os.ReadFile(s.path("host_" + keyType + ".pub"))
	check(s.t, err)
	f := strings.Fields(string(b))
	return f[0] + " " + f[1]
}

// KnownHost is the known_hosts line of one of its keys.
func (s *SSHD) KnownHost(keyType string) string {
	return fmt.Sprintf("[127.0.0.1]:%d %s\n", s.Port, s.HostKey(keyType))
}

// ClientConfig writes a configuration for ssh -F that uses nothing of the
// user's own: these known hosts, this identity and no agent, behind the given
// extra lines.
func ClientConfig(t testing.TB, identity, knownHosts string, extra ...string) string {
	t.Helper()
	dir := t.TempDir()
	known := filepath.Join(dir, "known_hosts")
	check(t, os.WriteFile(known, []byte(knownHosts), 0o600))
	lines := append(extra, "Host *", "UserKnownHostsFile "+known, "GlobalKnownHostsFile /dev/null",
		"IdentityAgent none", "IdentityFile "+identity)
	path := filepath.Join(dir, "config")
	check(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	return path
}

// Keygen makes a key pair at path and path.pub.
func Keygen(t testing.TB, keyType, path string, args ...string) {
	t.Helper()
	Need(t, "ssh-keygen")
	args = append([]string{"-q", "-t", keyType, "-N", "", "-C", "", "-f", path}, args...)
	if out, err := exec.Command("ssh-keygen", args...).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v: %s", err, out)
	}
}

// freePort finds a port that nobody listens on now.
func freePort(t testing.TB) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer func() { _ = l.Close() }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	n, err := strconv.ParseUint(port, 10, 16)
	check(t, err)
	return uint16(n)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
