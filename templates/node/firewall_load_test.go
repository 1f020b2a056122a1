package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

func render(t *testing.T, c *cluster.Cluster, name string) []byte {
	t.Helper()
	n, ok := c.Node(name)
	if !ok {
		t.Fatalf("no node %s", name)
	}
	text, err := firewall(c, n)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestReload: while the table is replaced over and over, nobody slips in and
// nobody who may enter is turned away.
func TestReload(t *testing.T) {
	b := newBench(t)
	serve(t, b.machine, "tcp/8443", "tcp/2379")
	other := flat(t)
	other.Endpoint = dual(t).Endpoint // both open the same port
	a, z := render(t, dual(t), "cp-1"), render(t, other, "cp-1")
	b.machine.nft(t, a)

	stop, failed := make(chan struct{}), make(chan error, 1)
	go func() {
		defer close(failed)
		for i := 0; ; i++ {
			select {
			case <-stop:
				if i < 5 {
					failed <- fmt.Errorf("replaced only %d times", i)
				}
				return
			default:
			}
			if out, err := b.machine.try([][]byte{a, z}[i%2], "nft", "-f", "-"); err != nil {
				failed <- fmt.Errorf("%s %w", out, err)
				return
			}
		}
	}()
	var probes []probe
	for range 400 {
		probes = append(probes,
			probe{Proto: "tcp", From: "203.0.113.5", To: machine4 + ":8443", Open: true},
			probe{Proto: "tcp", From: "198.51.100.9", To: machine4 + ":8443"},
			probe{Proto: "tcp", From: "10.0.0.21", To: machine4 + ":2379"})
	}
	check(t, b.peers, probes)
	close(stop)
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
}

// TestFlowsSurvive: connections older than the table go on, whoever made them,
// where connections are tracked; and an admin's ssh even where they were not.
func TestFlowsSurvive(t *testing.T) {
	for name, tracked := range map[string]bool{"tracked": true, "untracked": false} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			serve(t, b.machine, "tcp/2222", "tcp/9999")
			if tracked {
				b.machine.nft(t, []byte("table inet other {\n chain c {\n type filter hook input priority 0\n ct state new counter\n }\n}\n"))
			}
			admin := dialFrom(t, b.peers, "203.0.113.5", machine4+":2222")
			outsider := dialFrom(t, b.peers, "198.51.100.9", machine4+":9999")
			admin6 := dialFrom(t, b.peers, "2001:db8:a::5", "["+machine6+"]:2222")
			text := render(t, dual(t), "cp-1")
			for range 2 {
				b.machine.nft(t, text)
				for _, c := range []*echo{admin, admin6} {
					if !c.alive() {
						t.Error("the connection of an admin was cut")
					}
				}
				// Untracked, it lives on only if the machine speaks first.
				if tracked && !outsider.alive() {
					t.Error("a connection of an outsider was cut")
				}
			}
		})
	}
}

// TestOnlyOurTable: loading and unloading, as the unit does it, touches no
// other table.
func TestOnlyOurTable(t *testing.T) {
	require(t, "ip", "nft")
	machine := newNS(t)
	machine.nft(t, []byte("table inet other {\n chain c {\n type filter hook input priority 0; policy accept;\n tcp dport 1 drop\n }\n}\ntable ip bulwark {\n}\n"))
	before := machine.exec(t, nil, "nft", "list", "ruleset")

	dir := t.TempDir()
	path := filepath.Join(dir, "firewall.nft")
	unit := commands(t, FirewallUnit(), FirewallPath, path)
	for _, role := range []string{"cp-1", "w-1"} {
		text := render(t, dual(t), role)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, verb := range []string{"ExecStart", "ExecReload", "ExecStart"} {
			for _, command := range unit[verb] {
				machine.exec(t, nil, command...)
			}
		}
	}

	// A live table equals what the same nft makes of the text elsewhere, and
	// a rule more or less shows.
	scratch := newNS(t)
	scratch.exec(t, nil, "nft", "-f", path)
	list := []string{"nft", "-s", "list", "table", FirewallFamily, FirewallTable}
	canonical := scratch.exec(t, nil, list...)
	if live := machine.exec(t, nil, list...); live != canonical {
		t.Errorf("not the same:\n%s\n%s", live, canonical)
	}
	// What nft lists it can read again, and lists the same.
	again := newNS(t)
	again.nft(t, []byte(canonical))
	if got := again.exec(t, nil, list...); got != canonical {
		t.Errorf("listed, loaded, listed:\n%s\nbefore:\n%s", got, canonical)
	}
	machine.exec(t, nil, "nft", "insert", "rule", "inet", "bulwark", "input", "tcp", "dport", "1", "accept")
	if live := machine.exec(t, nil, list...); live == canonical {
		t.Error("an added rule does not show")
	}

	for range 2 { // the second time there is nothing to stop: the unit allows it
		for _, command := range unit["ExecStop"] {
			_, _ = machine.try(nil, command...)
		}
	}
	if after := machine.exec(t, nil, "nft", "list", "ruleset"); after != before {
		t.Errorf("other tables changed:\n%s\nbefore:\n%s", after, before)
	}
}

// TestBareMachine: the table loads where no file names protocols and services.
func TestBareMachine(t *testing.T) {
	require(t, "ip", "nft", "unshare", "mount")
	c := dual(t)
	c.Firewall.Allow[1].Ports = append(c.Firewall.Allow[1].Ports, cluster.Port{Proto: "sctp", First: 9, Last: 9})
	for _, p := range []string{"igmp", "ipip", "ipv6", "gre", "esp", "ah", "ospf", "pim", "l2tp"} {
		c.Firewall.Allow[1].Ports = append(c.Firewall.Allow[1].Ports, cluster.Port{Proto: p})
	}
	text := render(t, c, "cp-1")
	run(t, text, "unshare", "-m", "-n", "sh", "-ec",
		"for f in protocols services; do if [ -e /etc/$f ]; then mount --bind /dev/null /etc/$f; fi; done; nft -f -; nft list table inet bulwark")
}

// commands are the commands of a unit by directive, with one path replaced.
func commands(t *testing.T, unit []byte, path, by string) map[string][][]string {
	t.Helper()
	out := map[string][][]string{}
	for _, line := range strings.Split(string(unit), "\n") {
		directive, command, ok := strings.Cut(line, "=")
		if !ok || !strings.HasPrefix(directive, "Exec") {
			continue
		}
		command = strings.TrimPrefix(command, "-")
		out[directive] = append(out[directive], strings.Fields(strings.ReplaceAll(command, path, by)))
	}
	return out
}
