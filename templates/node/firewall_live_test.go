package node

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
)

// who are the peers of the live tests, by what the spec of [dual] makes of them.
var who = map[string][]string{
	"admin":    {"203.0.113.5", "2001:db8:a::5"},
	"plane":    {"10.0.0.12", "fd00:1::13"},
	"worker":   {"10.0.0.21", "fd00:1::22"},
	"pod":      {"10.244.1.5", "fd00:244:0:1::5"},
	"client":   {"192.0.2.5", "2001:db8:c::5"},
	"metrics":  {"198.51.100.70", "2001:db8:e:e::5"},
	"outsider": {"198.51.100.9", "2001:db8:bad::9"},
}

// The machine under test, and a pod on it.
const (
	machine4, machine6 = "10.0.0.11", "2001:db8:1::11"
	pod4, pod6         = "10.244.0.7", "fd00:244::7"
)

// bench is a machine under test with a pod behind it, and a namespace that
// owns the addresses of all its peers.
type bench struct{ machine, peers, pod ns }

func newBench(t *testing.T) bench {
	t.Helper()
	require(t, "ip", "nft")
	b := bench{newNS(t), newNS(t), newNS(t)}
	join2(t, b.machine, "eth0", b.peers, "eth0")
	join2(t, b.machine, "pod0", b.pod, "eth0")
	b.machine.address(t, "eth0", machine4+"/24", machine6+"/64")
	b.machine.address(t, "pod0", "10.244.0.1/24", "fd00:244::1/64")
	b.pod.address(t, "eth0", pod4+"/24", pod6+"/64")
	for _, addresses := range who {
		b.peers.address(t, "eth0", addresses[0]+"/32", addresses[1]+"/128")
	}
	// Everybody else is on the wire: the peers answer for all their addresses.
	b.machine.ip(t, "route add default dev eth0", "route add ::/0 dev eth0")
	b.pod.ip(t, "route add default via 10.244.0.1", "route add ::/0 via fd00:244::1")
	b.peers.ip(t,
		"route add 10.0.0.11/32 dev eth0", "route add 2001:db8:1::/64 dev eth0",
		"route add 10.244.0.0/24 via 10.0.0.11", "route add fd00:244::/64 via "+machine6,
		"route add 10.96.0.0/12 via 10.0.0.11", "route add fd00:96::/108 via "+machine6,
		"route add 172.18.0.0/16 via 10.0.0.11")
	b.machine.sysctl(t, "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
	return b
}

// proxy is what kube-proxy and the portmap plugin would do: a NodePort, a
// host port and a service that lead to the pod.
const proxy = `
table inet proxy {
	chain pre {
		type nat hook prerouting priority dstnat; policy accept;
		fib daddr type local meta nfproto ipv4 tcp dport { 30080, 8088 } dnat ip to 10.244.0.7:8080
		fib daddr type local meta nfproto ipv6 tcp dport { 30080, 8088 } dnat ip6 to [fd00:244::7]:8080
		ip daddr 10.96.0.1 tcp dport 443 dnat ip to 10.244.0.7:8080
		ip6 daddr fd00:96::1 tcp dport 443 dnat ip6 to [fd00:244::7]:8080
	}
}
`

// expectations say for each port of a role who may reach it. They are written
// by hand from the issue, not derived from the rules.
func expectations(role string) map[string]string {
	const all = "admin plane worker pod client metrics outsider"
	e := map[string]string{
		"tcp/2222":  "admin",
		"tcp/10250": "plane",
		"tcp/4240":  "plane worker",
		"udp/8472":  "plane worker",
		"tcp/30080": "plane worker pod client", // translated, then forwarded
		"tcp/31000": "plane worker pod client", // a health check node port
		"udp/31000": "plane worker pod client",
		"tcp/8088":  "", // a host port nobody allowed
		"tcp/9100":  "metrics",
		"udp/9005":  "metrics",
		"tcp/9999":  "",
		"udp/9999":  "",
		"tcp/6443":  "",
		"tcp/8443":  "",
		"tcp/2379":  "",
		"tcp/2380":  "",
		"tcp/80":    all,
		"tcp/443":   all,
		"icmp/":     all,
	}
	if role == "cp-1" {
		e["tcp/8443"] = "admin plane worker pod"
		e["tcp/2379"], e["tcp/2380"] = "plane", "plane"
		e["tcp/80"], e["tcp/443"] = "", "" // allowed on workers only
	}
	return e
}

// probesOf are the attempts of all peers at all ports, with what is expected;
// everything is open when table is false.
func probesOf(role string, table bool) []probe {
	var out []probe
	for port, open := range expectations(role) {
		proto, number, _ := strings.Cut(port, "/")
		for name, addresses := range who {
			for i, to := range []string{machine4, machine6} {
				target := to
				if number != "" {
					target = net.JoinHostPort(to, number)
				}
				allowed := !table || strings.Contains(" "+open+" ", " "+name+" ")
				out = append(out, probe{Proto: proto, From: addresses[i], To: target, Open: allowed})
			}
		}
	}
	return out
}

func serveMachine(t *testing.T, b bench) {
	t.Helper()
	var ports []string
	for port := range expectations("w-1") {
		if port != "icmp/" {
			ports = append(ports, port)
		}
	}
	serve(t, b.machine, ports...)
	serve(t, b.pod, "tcp/8080")
	b.machine.nft(t, []byte(proxy))
}

// TestOpenings: every peer, every port, both families, both roles; first
// without the table, so that "closed" cannot mean "no server".
func TestOpenings(t *testing.T) {
	c := dual(t)
	b := newBench(t)
	serveMachine(t, b)
	check(t, b.peers, probesOf("cp-1", false))
	if t.Failed() {
		t.Fatal("the bench itself does not work")
	}
	for _, name := range []string{"cp-1", "w-1"} {
		t.Run(name, func(t *testing.T) {
			n, _ := c.Node(name)
			text, err := firewall(c, n)
			if err != nil {
				t.Fatal(err)
			}
			b.machine.nft(t, text)
			before := dropped(t, b.machine) // the kernel's own chatter may count already
			check(t, b.peers, probesOf(name, true))
			if after := dropped(t, b.machine); after <= before {
				t.Error("the drop counter did not move")
			}
			// Again over neighbours that have to be found first.
			b.machine.ip(t, "neigh flush dev eth0")
			b.peers.ip(t, "neigh flush dev eth0")
			check(t, b.peers, []probe{
				{Proto: "tcp", From: "203.0.113.5", To: machine4 + ":2222", Open: true},
				{Proto: "tcp", From: "2001:db8:a::5", To: "[" + machine6 + "]:2222", Open: true},
			})
			// The machine reaches itself, and its own pod, on every port.
			check(t, b.machine, []probe{
				{Proto: "tcp", From: "127.0.0.1", To: "127.0.0.1:9999", Open: true},
				{Proto: "tcp", From: "::1", To: "[::1]:9999", Open: true},
				{Proto: "tcp", From: machine4, To: machine4 + ":10250", Open: true},
				{Proto: "tcp", From: machine6, To: "[" + machine6 + "]:10250", Open: true},
				{Proto: "tcp", From: "10.244.0.1", To: pod4 + ":8080", Open: true},
			})
			// And answers come back from anywhere it calls.
			serve(t, b.peers, "tcp/7000")
			check(t, b.machine, []probe{
				{Proto: "tcp", From: machine4, To: "198.51.100.9:7000", Open: true},
				{Proto: "tcp", From: machine6, To: "[2001:db8:bad::9]:7000", Open: true},
			})
		})
	}
}

// TestServiceAddresses: a stranger who routes service addresses to a node is
// not carried on; nodes and pods are. With the bridge the same holds of pods.
func TestServiceAddresses(t *testing.T) {
	for name, bridge := range map[string]bool{"manifest": false, "bridge": true} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			serveMachine(t, b)
			probes := func(table bool) []probe {
				var out []probe
				for who, addresses := range who {
					member := who == "plane" || who == "worker" || who == "pod"
					for i, to := range []string{"10.96.0.1:443", "[fd00:96::1]:443"} {
						out = append(out, probe{Proto: "tcp", From: addresses[i], To: to, Open: !table || member})
					}
					for i, to := range []string{pod4 + ":8080", "[" + pod6 + "]:8080"} {
						out = append(out, probe{Proto: "tcp", From: addresses[i], To: to, Open: !table || !bridge || member || who == "admin"})
					}
				}
				return out
			}
			check(t, b.peers, probes(false))
			c := dual(t)
			if bridge {
				c.Network.CNI.Kind = "bridge"
			}
			n, _ := c.Node("w-1")
			text, err := firewall(c, n)
			if err != nil {
				t.Fatal(err)
			}
			b.machine.nft(t, text)
			check(t, b.peers, probes(true))
		})
	}
}

// TestMasquerade: a pod is seen with its own address by pods and nodes, and
// with its node's by everybody else.
func TestMasquerade(t *testing.T) {
	b := newBench(t)
	ports := []string{"tcp/7000"}
	for _, addresses := range who {
		for _, a := range addresses {
			// An answer over UDP must come from the address that was asked.
			ports = append(ports, "udp/"+net.JoinHostPort(a, "7000"))
		}
	}
	serve(t, b.peers, ports...)
	c := dual(t)
	c.Network.CNI.Kind = "bridge"
	// The bench's machine is cp-1 and has an IPv6 address beside its IPv4 one.
	c.Nodes = append(c.Nodes, c.Nodes[0])
	c.Nodes[len(c.Nodes)-1].Name, c.Nodes[len(c.Nodes)-1].Address = "cp-4", netip.MustParseAddr(machine6)
	text, err := firewall(c, c.Nodes[0])
	if err != nil {
		t.Fatal(err)
	}
	b.machine.nft(t, text)
	var probes []probe
	want := map[string]string{}
	for name, addresses := range who {
		for i, to := range addresses {
			for _, proto := range []string{"tcp", "udp"} {
				p := probe{Proto: proto, From: []string{pod4, pod6}[i], To: net.JoinHostPort(to, "7000"), Open: true}
				probes = append(probes, p)
				want[p.String()] = []string{machine4, machine6}[i]
				if name == "pod" || name == "plane" || name == "worker" {
					want[p.String()] = p.From
				}
			}
		}
	}
	for _, p := range check(t, b.pod, probes) {
		if p.Seen != want[p.String()] {
			t.Errorf("%s: seen as %s, should be %s", p, p.Seen, want[p.String()])
		}
	}
}

// TestResolverOnLoopback is kind's way of serving DNS to pods.
func TestResolverOnLoopback(t *testing.T) {
	b := newBench(t)
	serve(t, b.machine, "udp/127.0.0.11:5353", "tcp/127.0.0.11:5354")
	b.machine.sysctl(t, "net.ipv4.conf.all.route_localnet=1")
	b.machine.nft(t, []byte(`
table ip docker {
	chain pre {
		type nat hook prerouting priority dstnat; policy accept;
		ip daddr 172.18.0.1 udp dport 53 dnat to 127.0.0.11:5353
		ip daddr 172.18.0.1 tcp dport 53 dnat to 127.0.0.11:5354
	}
}
`))
	probes := func(from string, open bool) []probe {
		return []probe{
			{Proto: "udp", From: from, To: "172.18.0.1:53", Open: open},
			{Proto: "tcp", From: from, To: "172.18.0.1:53", Open: open},
		}
	}
	check(t, b.peers, probes("198.51.100.9", true))
	c := flat(t)
	text, err := firewall(c, c.Nodes[0])
	if err != nil {
		t.Fatal(err)
	}
	b.machine.nft(t, text)
	check(t, b.pod, probes(pod4, true))
	check(t, b.peers, probes("198.51.100.9", false))
}

// dropped reads the counter that a confirmation reads.
func dropped(t *testing.T, n ns) int {
	t.Helper()
	out := n.exec(t, nil, "nft", "list", "counter", FirewallFamily, FirewallTable, FirewallCounter)
	_, rest, _ := strings.Cut(out, "packets ")
	number, _, _ := strings.Cut(rest, " ")
	k, err := strconv.Atoi(number)
	if err != nil {
		t.Fatalf("no counter in %q", out)
	}
	return k
}
