package node

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// TestUnitsVerify: systemd itself reads the units and has nothing to say.
func TestUnitsVerify(t *testing.T) {
	require(t, "systemd-analyze", "nft", "ip", "systemd-sysusers")
	dir := t.TempDir()
	var paths []string
	for name, unit := range map[string][]byte{
		FirewallUnitName: FirewallUnit(), AccountUnitName: AccountUnit(), RoutesUnitName: RoutesUnit(),
		RestoreUnitName: RestoreUnit(), KubeletUnitName: KubeletUnit(), KubeletUnitName + ".d/10-kubeadm.conf": KubeletDropIn(),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		// There is no kubelet here, and verify looks for it.
		unit = bytes.ReplaceAll(unit, []byte(KubeletPath), []byte("/bin/true"))
		if err := os.WriteFile(path, unit, 0o600); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".service") {
			paths = append(paths, path)
		}
	}
	for _, path := range paths {
		// Other units of this machine may have their own troubles.
		out, err := try(nil, "systemd-analyze", "verify", "--recursive-errors=one", "--man=no", path)
		var ours []string
		for line := range strings.Lines(out) {
			if strings.Contains(line, dir) || strings.Contains(line, "bulwark") || strings.Contains(line, "kubelet") {
				ours = append(ours, line)
			}
		}
		if err != nil || len(ours) > 0 {
			t.Errorf("%s: %v\n%s", filepath.Base(path), err, out)
		}
	}
}

// TestAccount makes the account in an empty tree, twice.
func TestAccount(t *testing.T) {
	require(t, "systemd-sysusers")
	root := t.TempDir()
	conf := filepath.Join(root, AccountPath)
	if err := os.MkdirAll(filepath.Dir(conf), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(conf, EtcdAccount(), 0o600); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(root, "etc", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	// Another file of the machine is none of our business.
	other := filepath.Join(root, "etc/sysusers.d/other.conf")
	if err := os.WriteFile(other, []byte("u other 4711\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var before []os.FileInfo
	for i := range 2 {
		for _, command := range commands(t, AccountUnit(), AccountPath, conf)["ExecStart"] {
			run(t, nil, append([]string{command[0], "--root=" + root}, command[1:]...)...)
		}
		if got := read("passwd"); got != "etcd:x:2379:2379:etcd of this control plane:/:/usr/sbin/nologin\n" {
			t.Errorf("passwd: %q", got)
		}
		if got := read("group"); got != "etcd:x:2379:\n" {
			t.Errorf("group: %q", got)
		}
		if got := read("shadow"); !strings.HasPrefix(got, "etcd:!*:") && !strings.HasPrefix(got, "etcd:!:") {
			t.Errorf("shadow: %q: the account is not locked", got)
		}
		var now []os.FileInfo
		for _, name := range []string{"passwd", "group", "shadow"} {
			info, err := os.Stat(filepath.Join(root, "etc", name))
			if err != nil {
				t.Fatal(err)
			}
			now = append(now, info)
		}
		if i == 1 {
			for k := range now {
				if !os.SameFile(before[k], now[k]) || now[k].ModTime() != before[k].ModTime() {
					t.Errorf("%s was written again", now[k].Name())
				}
			}
		}
		before = now
	}
}

// TestRoutes runs what the unit runs, in a namespace: twice the same, a lost
// node's route goes away, and a stop leaves everybody else's routes alone.
func TestRoutes(t *testing.T) {
	require(t, "ip")
	for name, c := range map[string]struct {
		address string
		want    string
	}{
		"flat": {"10.0.0.21/24", "10.244.0.0/24 via 10.0.0.11\n10.244.2.0/24 via 10.0.0.22\n"},
		"six":  {"fd00:1::21/64", "10.244.0.0/24 via inet6 fd00:1::11\n10.244.2.0/24 via inet6 fd00:1::22\nfd00:244::/64 via fd00:1::11\nfd00:244:0:2::/64 via fd00:1::22\n"},
	} {
		t.Run(name, func(t *testing.T) {
			cl := flat(t)
			if name == "six" {
				cl = six(t)
			}
			machine := newNS(t)
			machine.ip(t, "link add eth0 type veth peer name eth1", "link set eth0 up", "link set eth1 up")
			machine.address(t, "eth0", c.address)
			machine.ip(t, "route add 192.0.2.0/24 dev eth0 proto static")
			listed := func() string {
				var out strings.Builder
				for _, family := range []string{"-4", "-6"} {
					for line := range strings.Lines(machine.exec(t, nil, "ip", family, "route", "show", "proto", "98")) {
						out.WriteString(strings.Join(strings.Fields(line)[:3+strings.Count(line, "inet6")], " ") + "\n")
					}
				}
				return out.String()
			}
			path := filepath.Join(t.TempDir(), "routes.batch")
			unit := commands(t, RoutesUnit(), RoutesPath, path)
			write := func() {
				refers := routes(t, cl).File("w-1")
				values := map[string]string{
					"pod-cidr/cp-1": "10.244.0.0/24", "pod-cidr/w-2": "10.244.2.0/24",
					"pod-cidr-6/cp-1": "fd00:244::/64", "pod-cidr-6/w-2": "fd00:244:0:2::/64",
				}
				text, err := state.Resolve(refers, func(name string) ([]byte, bool) { v, ok := values[name]; return []byte(v), ok })
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			start := func(verb string) {
				for _, command := range unit[verb] {
					machine.exec(t, nil, command...)
				}
			}
			write()
			for _, verb := range []string{"ExecStart", "ExecStart", "ExecReload"} {
				start(verb)
				if got := listed(); got != c.want {
					t.Fatalf("routes after %s:\n%s\nwant:\n%s", verb, got, c.want)
				}
			}
			cl.Nodes = cl.Nodes[:2] // w-2 is gone
			write()
			start("ExecStop")
			start("ExecStart")
			if got := listed(); strings.Contains(got, "22") || !strings.Contains(got, "11") {
				t.Errorf("routes after a node left:\n%s", got)
			}
			start("ExecStop")
			start("ExecStop")
			if got := listed(); got != "" {
				t.Errorf("routes after stop:\n%s", got)
			}
			if got := machine.exec(t, nil, "ip", "route", "show", "proto", "static"); !strings.Contains(got, "192.0.2.0/24") {
				t.Error("a route of the machine's own is gone")
			}
		})
	}
}
