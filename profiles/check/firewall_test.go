package check

import (
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func readFile(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tables are one table as the file has it that loads it, and as nft 1.0.6 lists it.
func tables(t testing.TB) map[string]string {
	return map[string]string{
		"as it is loaded": readFile(t, "../../templates/node/testdata/dual-cp-1.nft"),
		"as it is listed": readFile(t, "testdata/dual-cp-1.listed.nft"),
	}
}

func reached(t *testing.T, text, port string) opening {
	t.Helper()
	table, err := readTable([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return table.reach(port)
}

// Expectations are written by hand, of what the rules are for.
func TestWhoReachesAPort(t *testing.T) {
	const (
		planes = "10.0.0.11/32 10.0.0.12/32 fd00:1::13/128"
		nodes  = "10.0.0.11/32 10.0.0.12/32 10.0.0.21/32 fd00:1::13/128 fd00:1::22/128"
		pods   = "10.244.0.0/16 fd00:244::/56"
		admins = "203.0.113.0/24 2001:db8:a::/64"
	)
	for name, text := range tables(t) {
		for port, want := range map[string]string{
			"tcp/8443": nodes + " " + pods + " " + admins, "tcp/2222": admins, "tcp/2379": planes, "tcp/2380": planes, "tcp/2381": "",
			"tcp/10250": planes, "udp/8472": nodes, "tcp/8472": "", "tcp/6443": "",
			"udp/31000": nodes + " " + pods + " 192.0.2.0/25 2001:db8:c::/64", "tcp/32768": "",
			"tcp/9100": "198.51.100.64/26 2001:db8:e:e::/64", "udp/9005": "198.51.100.64/26 2001:db8:e:e::/64",
			"udp/68": "0.0.0.0/0 ::/0", "udp/546": "fe80::/10", // whoever asks chooses where it comes from
		} {
			got := reached(t, text, port)
			var wanted []string
			for _, p := range merged(asPrefixes(strings.Fields(want))) {
				wanted = append(wanted, p.String())
			}
			same := got.why == "" && slices.Equal(got.from, wanted)
			if !same {
				t.Errorf("%s: %s is open from %q (%s), want %q", name, port, got.from, got.why, wanted)
			}
		}
	}
}

// A rule that somebody added opens a port, or makes that nobody knows.
func TestRulesThatBulwarkDidNotWrite(t *testing.T) {
	const open, unknown, same = "0.0.0.0/0", "?", "="
	for rule, want := range map[string]string{
		`tcp dport 6443 accept`: open,
		`accept`:                open,
		`ip daddr 10.0.0.11 tcp dport 6000-7000 accept`:               open,
		`tcp dport { 22, 6443 } accept`:                               open,
		`meta l4proto { 6, 17 } th dport 6443 accept`:                 open,
		`meta l4proto tcp accept`:                                     open,
		`limit rate 5/second burst 10 packets tcp dport 6443 accept`:  open,
		`ip saddr { 192.0.2.1, 192.0.2.8/30 } tcp dport 6443 accept`:  "192.0.2.8/30",
		`ip saddr 192.0.2.4-192.0.2.7 tcp dport 6443 accept`:          "192.0.2.4/30",
		`tcp dport 6443 counter packets 1 bytes 2 accept comment "#"`: open,
		`jump wanted comment "again"`:                                 same,
		`tcp dport 6444 accept`:                                       same,
		`udp dport 6443 accept`:                                       same,
		`ip saddr != @nodes4 drop`:                                    same,
		`tcp dport 6443 reject with tcp reset`:                        same,
		`limit rate 5/second burst 10 packets log prefix "dropped: "`: same,
		`ct state established accept`:                                 same,
		`iifname "lo" accept # the machine`:                           same,
		`ip saddr != @nodes4 tcp dport 6443 accept`:                   unknown,
		`ct state new accept`:                                         unknown,
		`iifname "eth1" tcp dport 6443 accept`:                        unknown,
		`ip saddr @nobody tcp dport 6443 accept`:                      unknown,
		`tcp dport vmap { 6443 : accept }`:                            unknown,
		`tcp dport != 22 accept`:                                      unknown,
		`meta l4proto != udp accept`:                                  unknown,
		`goto nowhere`:                                                unknown,
		`tcp dport 6443 goto wanted`:                                  unknown,
		`tcp dport 6443 jump wanted`:                                  unknown,
		`jump nowhere`:                                                unknown,
		`meta mark 0x1 accept`:                                        unknown,
		`return`:                                                      unknown,
		`queue to 3`:                                                  unknown,
		`tcp dport 6443 accept comment "without an end`:               unknown,
	} {
		for name, text := range tables(t) {
			before := reached(t, text, "tcp/6443")
			for _, chain := range []string{"chain input {", "chain wanted {", "chain before_nat {"} {
				added := strings.Replace(text, "\t"+chain+"\n", "\t"+chain+"\n\t\t"+rule+"\n", 1)
				if strings.HasPrefix(rule, "jump wanted") && chain == "chain wanted {" {
					continue // nft refuses a loop
				}
				got := reached(t, added, "tcp/6443")
				switch {
				case added == text:
					t.Fatalf("%s: no %s", name, chain)
				case want == unknown && !strings.Contains(got.why, rule[:min(len(rule), 150)]):
					t.Errorf("%s: %s in %s: %+v", name, rule, chain, got)
				case want == same && (got.why != "" || !slices.Equal(got.from, before.from)):
					t.Errorf("%s: %s in %s: %+v", name, rule, chain, got)
				case want != unknown && want != same && (got.why != "" || !slices.Contains(got.from, want)):
					t.Errorf("%s: %s in %s: %+v", name, rule, chain, got)
				}
			}
		}
	}
}

func TestTablesThatAreNotWhole(t *testing.T) {
	const input, prerouting = "chain i {\n type filter hook input priority 0; policy drop;\n }\n", "chain p {\n type filter hook prerouting priority -150; policy drop;\n }\n"
	for name, c := range map[string]struct {
		text  string
		drops bool
		want  string
	}{
		"no chain for what comes in":      {"table inet bulwark {\n" + prerouting + "}\n", false, "?no chain of its own for input"},
		"none before translation":         {"table inet bulwark {\n" + input + "}\n", false, "?no chain of its own for prerouting"},
		"both drop":                       {"table inet bulwark {\n" + input + prerouting + "}\n", true, ""},
		"it is dormant":                   {"table inet bulwark {\n flags dormant\n" + input + prerouting + "}\n", false, "0.0.0.0/0 ::/0"},
		"dormant and owned":               {"table inet bulwark {\n flags owner,dormant;\n" + input + prerouting + "}\n", false, "0.0.0.0/0 ::/0"},
		"owned, with a comment":           {"table inet bulwark { # handle 7\n comment \"flags dormant\"\n flags owner,persist\n" + input + prerouting + "}\n", true, ""},
		"what else a table may have":      {"table inet bulwark {\n ct helper ftp {\n type \"ftp\" protocol tcp\n }\n map m {\n type ipv4_addr : verdict\n elements = { 10.0.0.1 : accept,\n 10.0.0.2 : drop }\n }\n" + input + prerouting + "}\n", true, ""},
		"one accepts":                     {"table inet bulwark {\n" + strings.Replace(input, "drop", "accept", 1) + prerouting + "}\n", false, "0.0.0.0/0 ::/0"},
		"none says what else":             {"table inet bulwark {\n" + strings.Replace(input, " policy drop;", "", 1) + prerouting + "}\n", false, "0.0.0.0/0 ::/0"},
		"a set of what comes at run time": {"table inet bulwark {\n set s {\n type ipv4_addr\n flags dynamic,timeout\n }\n" + strings.Replace(input, " }", "ip saddr @s accept\n }", 1) + prerouting + "}\n", false, "?flags dynamic"},
		"an element with a time":          {"table inet bulwark {\n set s {\n type ipv4_addr\n flags interval\n elements = { 10.0.0.1 timeout 1h,\n 10.0.0.2 }\n }\n" + strings.Replace(input, " }", "ip saddr @s accept\n }", 1) + prerouting + "}\n", false, "?10.0.0.1 timeout"},
	} {
		table, err := readTable([]byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		got := table.reach("tcp/1")
		why, unknown := strings.CutPrefix(c.want, "?")
		drops, _ := table.drops()
		if drops != c.drops || unknown != (got.why != "") || unknown && !strings.Contains(got.why, why) || !unknown && strings.Join(got.from, " ") != c.want {
			t.Errorf("%s: drops %v, %+v", name, drops, got)
		}
	}
	for _, text := range []string{"table inet bulwark {\n chain c {\n", "chain c {\n}\n", "table ip other {\n}\n", "table inet bulwark {\n chain c {\n type filter\n }\n}\n",
		"table inet bulwark {\n flags later\n}\n", "table inet bulwark {\n asleep\n}\n", "table inet bulwark {\n chain c { accept }\n}\n"} {
		if _, err := readTable([]byte(text)); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

func TestFirewallOfANode(t *testing.T) {
	s := subject()
	n := s.Have.Nodes["cp-1"]
	for text, want := range map[string]Verdict{
		`firewall().loaded && firewall().drops`:                                          True,
		`subset(open_from("tcp/2379"), ["10.0.0.11/32", "10.0.0.12/32", "fd00:1::/64"])`: True,
		`subset(open_from("tcp/2379"), ["10.0.0.11/32", "fd00:1::/64"])`:                 False,
		`has(open_from("tcp/2379"), "0.0.0.0/0")`:                                        False,
		`count(open_from("tcp/1")) == 0`:                                                 True,
	} {
		n.Table = tables(t)["as it is listed"]
		expect(t, s, text, want)
		n.Unread["Table"] = "nft is not installed"
		expect(t, s, text, Unknown)
		delete(n.Unread, "Table")
		n.Table = ""
		if strings.HasPrefix(text, "firewall") {
			expect(t, s, text, False)
		} else {
			expect(t, s, text, Unknown)
		}
	}
}

// expect asks a subject, and holds that what is unknown says why.
func expect(t *testing.T, s Subject, text string, want Verdict) {
	t.Helper()
	q, diags := parse(t, text)
	if diags.HasErrors() {
		t.Errorf("%s: %v", text, diags)
		return
	}
	s.asked = nil
	a := q.Ask(t.Context(), s)
	if a.Verdict != want {
		t.Errorf("%s is %s, want %s; it saw %+v", text, a.Verdict, want, a.Seen)
	}
	if a.Verdict == Unknown && !strings.Contains(strings.Join(reasons(a), ""), " ") {
		t.Errorf("%s is unknown, and nothing says why: %+v", text, a.Seen)
	}
}

// Ranges are the same addresses as prefixes, and what covers them is found.
func TestRangesAndCovers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := func(n byte) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, n}) }
		a := rapid.Byte().Draw(t, "a")
		b := rapid.ByteRange(a, 255).Draw(t, "b")
		prefixes := rangeOf(at(a), at(b))
		var each []netip.Prefix
		for i := range int(b) - int(a) + 1 {
			each = append(each, netip.PrefixFrom(at(a+byte(i)), 32), netip.PrefixFrom(at(a+byte(i)), 31).Masked())
		}
		some := slices.DeleteFunc(each, func(p netip.Prefix) bool { return !inside(p, prefixes) })
		if got := merged(some); !slices.Equal(got, prefixes) {
			t.Fatalf("%d-%d is %v, and one by one %v", a, b, prefixes, got)
		}
		for i := range 256 {
			one := netip.PrefixFrom(at(byte(i)), 32)
			if in := byte(i) >= a && byte(i) <= b; inside(one, prefixes) != in {
				t.Fatalf("%d-%d: %v, %s is inside: %v", a, b, prefixes, one, !in)
			}
		}
		p := netip.PrefixFrom(at(rapid.Byte().Draw(t, "p")), rapid.IntRange(24, 32).Draw(t, "bits")).Masked()
		if in := !p.Addr().Less(at(a)) && !at(b).Less(lastOf(p)); inside(p, prefixes) != in {
			t.Fatalf("%d-%d: %v, %s is inside: %v", a, b, prefixes, p, !in)
		}
	})
}
