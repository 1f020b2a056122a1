package ssh

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
)

// What is answered for one address from another's answer is what ssh itself
// would have answered, and a configuration that tells addresses apart is asked.
func TestSharedAnswersAreThoseOfSSH(t *testing.T) {
	hosttest.Need(t, "ssh")
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	included := write("included", "Host 10.0.1.*\n  User included\n")
	addresses := []string{"10.0.0.1", "10.0.0.2", "10.0.1.1", "10.0.1.2", "10.1.0.1", "192.168.0.1", "fd00::1", "fd00::2"}
	for name, test := range map[string]struct {
		text  string
		asked int // how often ssh is asked about all addresses
	}{
		"empty":            {"", 1},
		"for all":          {"# x\n\nHost *\n  User ops\n  Port = 2222\n  IdentityFile ~/.ssh/k\n  IdentitiesOnly yes\n", 1},
		"two sections":     {"Host 10.0.0.*\n  User a\nHost 10.0.?.1 !10.0.1.*\n  Port 77\n", 3},
		"negated":          {"Host * !10.0.0.1\nUser b\n", 2},
		"included":         {"Include " + included + "\nUser c\n", 2},
		"a word that asks": {"Host *\n  ProxyJump jump.example.com\n", len(addresses)},
		"host name":        {"HostName %h.example.com\n", len(addresses)},
		"match":            {"Match host 10.0.0.1\n  User d\n", len(addresses)},
		"token":            {"IdentityFile ~/.ssh/%h\n", len(addresses)},
		"quotes":           {"Host \"10.0.0.1\"\n  User e\n", len(addresses)},
		"unknown":          {"IgnoreUnknown Madeup\nMadeup yes\n", len(addresses)},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{ConfigFile: write("config", test.text), Shared: NewShared()}
			asked := 0
			for _, a := range addresses {
				e := endpoint{asked: a}
				ask := func() (string, error) { asked++; return askSSH(t.Context(), "ssh", e, o) }
				text, err := o.Shared.config(e, o, ask)
				if err != nil {
					t.Fatal(err)
				}
				own, err := askSSH(t.Context(), "ssh", e, o)
				if err != nil {
					t.Fatal(err)
				}
				got, err1 := e.parse(text)
				want, err2 := e.parse(own)
				if fmt.Sprintf("%+v %v", got, err1) != fmt.Sprintf("%+v %v", want, err2) {
					t.Errorf("%s:\ngot  %+v, %v\nwant %+v, %v", a, got, err1, want, err2)
				}
			}
			if asked != test.asked {
				t.Errorf("asked %d times, not %d", asked, test.asked)
			}
		})
	}
}

// A port of a spec's changes nothing but itself.
func TestPortsShareAnAnswer(t *testing.T) {
	hosttest.Need(t, "ssh")
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte("User ops\nPort 2222\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{ConfigFile: path, Shared: NewShared()}
	asked := 0
	for _, e := range []struct{ said, is uint16 }{{22, 22}, {77, 77}, {0, 2222}, {78, 78}, {0, 2222}} {
		text, err := o.Shared.config(endpoint{asked: "10.0.0.1", port: e.said}, o, func() (string, error) {
			asked++
			return askSSH(t.Context(), "ssh", endpoint{asked: "10.0.0.1", port: e.said}, o)
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := (endpoint{asked: "10.0.0.1", port: e.said}).parse(text); err != nil || got.port != e.is || got.user != "ops" {
			t.Errorf("port %d: %+v, %v", e.said, got, err)
		}
	}
	if asked != 2 { // with a port and without
		t.Errorf("asked %d times", asked)
	}
}

// What the operator writes meanwhile counts for the next connection.
func TestSharedAnswersFollowTheFile(t *testing.T) {
	hosttest.Need(t, "ssh")
	path := filepath.Join(t.TempDir(), "config")
	o := Options{ConfigFile: path, Shared: NewShared()}
	for _, user := range []string{"one", "another"} {
		if err := os.WriteFile(path, []byte("User "+user+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, a := range []string{"10.0.0.1", "10.0.0.2"} {
			if e, err := query(t.Context(), endpoint{asked: a}, o); err != nil || e.user != user || e.host != a {
				t.Errorf("%s: %+v, %v", a, e, err)
			}
		}
	}
}

// Somebody whose context ended leaves no error behind for others.
func TestSharedErrorIsNotShared(t *testing.T) {
	hosttest.Need(t, "ssh")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	o := Options{ConfigFile: os.DevNull, Shared: NewShared()}
	if _, err := query(gone, endpoint{asked: "10.0.0.1"}, o); err == nil {
		t.Error("no error")
	}
	if _, err := query(t.Context(), endpoint{asked: "10.0.0.2"}, o); err != nil {
		t.Error(err)
	}
}

func TestKnownHostsAreReadOnce(t *testing.T) {
	key := strings.TrimSpace(readFile(t, keyPair(t)+".pub"))
	path := filepath.Join(t.TempDir(), "known_hosts")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := NewShared()
	write("10.0.0.1 " + key + "\n")
	first, err := s.knownHosts([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := s.knownHosts([]string{path}); again != first {
		t.Error("read twice")
	}
	write("10.0.0.1 " + key + "\n10.0.0.2 " + key + "\n")
	later, err := s.knownHosts([]string{path})
	if err != nil || len(later.HostKeys("10.0.0.2:22")) != 1 {
		t.Errorf("not read anew: %v", err)
	}
	if _, err := s.knownHosts([]string{path + ".none"}); err == nil {
		t.Error("a file that is not there")
	}
}

func keyPair(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	hosttest.Keygen(t, "ed25519", path)
	return path
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
