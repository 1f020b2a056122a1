package ssh

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"

	"net/netip"
)

func TestParseHop(t *testing.T) {
	for in, want := range map[string]endpoint{
		"jump.example.com":           {asked: "jump.example.com"},
		"ops@jump:2222":              {user: "ops", asked: "jump", port: 2222},
		"ssh://ops@[2001:db8::1]:22": {user: "ops", asked: "2001:db8::1", port: 22},
		"2001:db8::1":                {asked: "2001:db8::1"},
		"DOMAIN\\user@10.0.0.1":      {user: "DOMAIN\\user", asked: "10.0.0.1"},
		"user@example.com@10.0.0.1":  {user: "user@example.com", asked: "10.0.0.1"},
	} {
		if got, err := parseHop(in); err != nil || got.String() != want.String() || got.asked != want.asked {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "-oX=y", "a b", "h:0", "h:x", "h:70000", "@h", "-l@h", "u@-h"} {
		if got, err := parseHop(bad); err == nil {
			t.Errorf("%q: %+v", bad, got)
		}
	}
}

func TestParseConfig(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	e, err := endpoint{asked: "prod"}.parse("user ops\nhostname 10.0.0.1\nport 2222\nidentitiesonly yes\n" +
		"identityfile ~/.ssh/%h_%r\nidentityfile /k/a b\nidentityagent none\nstricthostkeychecking no\nhostkeyalias x\n" +
		"userknownhostsfile ~/k1 /k2\nglobalknownhostsfile none\nproxyjump none\nproxycommand none\n")
	if err != nil {
		t.Fatal(err)
	}
	if e.String() != "ops@10.0.0.1:2222" || e.lookup() != "x:22" || e.agent != "none" || !e.identitiesOnly || e.jump != "" || e.proxyCommand != "" || e.globalKeys != nil {
		t.Errorf("%+v", e)
	}
	if !slices.Equal(e.identities, []string{"/home/me/.ssh/10.0.0.1_ops", "/k/a b"}) || !slices.Equal(e.knownHosts, []string{"/home/me/k1", "/k2"}) {
		t.Errorf("%+v", e)
	}
	for _, bad := range []string{"hostname -x\nport 22\n", "hostname h\nport x\n", "port 22\n"} {
		if _, err := (endpoint{}).parse(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestWithoutSSH(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("PATH", t.TempDir())
	at, hop, err := resolve(t.Context(), Target{Host: "10.0.0.1", User: "ops", Bastion: "jump:2222"}, Options{})
	if err != nil || at.String() != "ops@10.0.0.1:22" || hop == nil || hop.port != 2222 || at.knownHosts[0] != filepath.Join(home, ".ssh/known_hosts") {
		t.Errorf("%+v, %+v, %v", at, hop, err)
	}
	_ = os.Mkdir(filepath.Join(home, ".ssh"), 0o700)
	_ = os.WriteFile(filepath.Join(home, ".ssh", "config"), nil, 0o600)
	if _, _, err := resolve(t.Context(), Target{Host: "10.0.0.1"}, Options{}); err == nil {
		t.Error("a configuration that nobody read was ignored")
	}
}

func TestTargetOf(t *testing.T) {
	c := &cluster.Cluster{SSH: cluster.SSH{User: "ops", Port: 2222, Bastion: "jump", BastionHostKey: "k"},
		Origins: map[string]cluster.Origin{"ssh.port": {File: "cluster.hcl", Line: 2}}}
	n := cluster.Node{Name: "cp-1", Address: netip.MustParseAddr("2001:db8::1"), HostKey: "h"}
	want := Target{Name: "cp-1", Host: "2001:db8::1", Port: 2222, User: "ops", HostKey: "h", Bastion: "jump", BastionHostKey: "k"}
	if got := TargetOf(c, n); got != want {
		t.Errorf("%+v", got)
	}
	n.SSHHost, want.Host = "alias", "alias"
	if got := TargetOf(c, n); got != want {
		t.Errorf("%+v", got)
	}
	// A default is left to the operator's configuration.
	c.Origins, want.Port = nil, 0
	if got := TargetOf(c, n); got != want {
		t.Errorf("%+v", got)
	}
}
