package check

import (
	"strings"
	"testing"
)

// A policy that drops, and a last rule that does, are worth nothing behind a rule that
// accepts everything. What is not understood is neither.
func TestWhatIsAcceptedBeforeTheRestIsDropped(t *testing.T) {
	const yes, no, unknown = "drops", "accepts", "?"
	for rule, want := range map[string]string{
		`accept`: no,
		`counter packets 1 bytes 2 accept comment "for a while"`:              no,
		`ip saddr 0.0.0.0/0 accept`:                                           no,
		`ip6 saddr ::/0 accept`:                                               no,
		`ip saddr { 0.0.0.0/1, 128.0.0.0/1 } accept`:                          no,
		`meta l4proto tcp accept`:                                             no,
		`tcp dport 0-65535 accept`:                                            no,
		`udp dport 1-65535 accept`:                                            no,
		`limit rate 5/second accept`:                                          no,
		`jump all`:                                                            no,
		`goto all`:                                                            no,
		`jump more`:                                                           no,
		`ip saddr 10.0.0.0/8 accept`:                                          yes,
		`tcp dport 1-60000 accept`:                                            yes,
		`tcp dport 22 accept`:                                                 yes,
		`tcp dport 22 jump all`:                                               yes,
		`ct state established,related accept`:                                 yes,
		`iifname "lo" accept`:                                                 yes,
		`icmp type echo-request accept`:                                       yes,
		`drop`:                                                                yes,
		`ip saddr 10.0.0.0/8 drop`:                                            yes,
		`jump none`:                                                           yes,
		`iifname "eth1" accept`:                                               unknown,
		`ip saddr != 10.0.0.1 accept`:                                         unknown,
		`tcp dport != 22 accept`:                                              unknown,
		`ip saddr 10.0.0.0/8 jump all`:                                        unknown,
		`jump nowhere`:                                                        unknown,
		`jump loop`:                                                           unknown,
		`ip protocol tcp accept`:                                              no,
		`ip protocol icmp accept`:                                             yes,
		`meta l4proto ipencap accept`:                                         yes,
		`meta l4proto ipv6-icmp accept`:                                       yes,
		`meta l4proto 47 accept`:                                              yes,
		`meta l4proto { 47, esp } accept`:                                     yes,
		`iif "lo" accept`:                                                     yes,
		`icmp type vmap { echo-request : accept }`:                            yes,
		`meta l4proto vmap { tcp : accept, udp : accept }`:                    unknown,
		`meta l4proto @protos accept`:                                         unknown,
		`meta l4proto 0-255 accept`:                                           unknown,
		`meta l4proto tcp-udp accept`:                                         unknown,
		`meta l4proto { 0-5, 6-255 } accept`:                                  unknown,
		`meta l4proto > ip accept`:                                            unknown,
		`meta l4proto & 1 == 1 accept`:                                        unknown,
		`meta l4proto . th dport { tcp . 22 } accept`:                         unknown,
		`meta l4proto 0x6 accept`:                                             unknown,
		`ip protocol vmap { tcp : accept }`:                                   unknown,
		`ip6 nexthdr @protos accept`:                                          unknown,
		`th dport vmap { 1-65535 : accept }`:                                  unknown,
		`th dport @ports accept`:                                              unknown,
		`tcp dport > 1 accept`:                                                unknown,
		`tcp sport vmap { 0-65535 : accept }`:                                 unknown,
		`tcp dport . ip saddr vmap { 1-65535 . 0.0.0.0/0 : accept }`:          unknown,
		`ip saddr vmap { 0.0.0.0/0 : accept }`:                                unknown,
		`ip saddr vmap { 10.0.0.0/8 : accept } drop`:                          unknown,
		`ip saddr & 255.0.0.0 == 10.0.0.0 accept`:                             unknown,
		`ip saddr . tcp dport { 10.0.0.1 . 22 } accept`:                       unknown,
		`ip daddr vmap { 10.0.0.11 : accept } ip daddr 127.0.0.1`:             unknown,
		`iifname vmap { "lo" : accept, "eth0" : accept } iifname "lo"`:        unknown,
		`iifname { "lo", "eth0" } accept`:                                     unknown,
		`iifname != "lo" accept`:                                              unknown,
		`ct state vmap { established : accept, new : accept }`:                unknown,
		`ct state established,related,new accept`:                             unknown,
		`ct original ip daddr 127.0.0.1 accept`:                               unknown,
		`fib daddr type vmap { local : accept }`:                              unknown,
		`ip saddr 1.0.0.0-255.255.255.255 accept`:                             no,
		`ip saddr { 0.0.0.0/2, 64.0.0.0/2, 128.0.0.0/2, 192.0.0.0/3 } accept`: no,
		`ip saddr { 20.0.0.0/8, 30.0.0.1 } accept`:                            no,
		`ip6 saddr 2000::/3 accept`:                                           no,
		`ip6 saddr { 2a00::/16, 2c00::/32 } accept`:                           no,
		`ip saddr { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, 20.0.0.0/8 } accept`: yes,
		`ip6 saddr { fc00::/7, fe80::/10, 2a00::/16 } accept`:                                      yes,
		`ip daddr 127.0.0.1 accept`:                 yes,
		`ip daddr { 127.0.0.1, 127.0.0.53 } accept`: yes,
		`ip6 daddr ::1 accept`:                      yes,
		`ip daddr 0.0.0.0/0 accept`:                 no,
		`ip daddr != 127.0.0.1 accept`:              no,
		`ip daddr 10.0.0.11 accept`:                 unknown,
		`ip daddr { 127.0.0.1, 10.0.0.11 } accept`:  unknown,
		`ip daddr @nodes4 accept`:                   unknown,
		`ip daddr 224.0.0.0/4 accept`:               unknown,
		`ct status dnat accept`:                     unknown,
		`ct status assured accept`:                  unknown,
		`return`:                                    unknown,
		`meta mark 0x1 accept`:                      unknown,
	} {
		for name, text := range tables(t) {
			for _, chain := range []string{"chain input {", "chain wanted {", "chain before_nat {"} {
				added := strings.Replace(text, "\t"+chain+"\n", "\t"+chain+"\n\t\t"+rule+"\n", 1)
				added = strings.Replace(added, "\tchain wanted {\n", "\tchain all {\n\t\taccept\n\t}\n\tchain more {\n\t\tgoto all\n\t}\n\tchain none {\n\t}\n\tchain loop {\n\t\tjump loop\n\t}\n\tchain wanted {\n", 1)
				table, err := readTable([]byte(added))
				if err != nil {
					t.Fatal(err)
				}
				drops, why := table.drops()
				got := map[bool]string{true: yes, false: no}[drops]
				if why != "" {
					got = unknown
				}
				if got != want {
					t.Errorf("%s: %s in %s: %s (%s), want %s", name, rule, chain, got, why, want)
				}
				if why != "" && !strings.Contains(why, rule) && rule != "jump loop" {
					t.Errorf("%s: %s in %s: %q does not name the rule", name, rule, chain, why)
				}
			}
		}
	}
}

// What is accepted after some of it was dropped may be all that should be: nobody knows.
func TestWhatIsDroppedBeforeTheRestIsAccepted(t *testing.T) {
	const prerouting = "chain p {\n type filter hook prerouting priority -150; policy drop;\n }\n"
	for rule, want := range map[string]string{
		`ip saddr != 10.0.0.0/8 drop`: "drops a part",
		`ip saddr 10.0.0.0/8 jump p`:  "where it leads",
		`tcp dport 2379 drop`:         "", // the rest still is let in
		`ct state invalid drop`:       "", // nobody comes so for a first time
	} {
		table, err := readTable([]byte("table inet bulwark {\n chain i {\n type filter hook input priority 0; policy accept;\n " + rule + "\n }\n" + prerouting + "}\n"))
		if err != nil {
			t.Fatal(err)
		}
		drops, why := table.drops()
		if drops || (want == "") != (why == "") || !strings.Contains(why, want) {
			t.Errorf("%s: %v, %q", rule, drops, why)
		}
	}
}

func TestFirewallThatIsNotUnderstoodIsUnknown(t *testing.T) {
	s := subject()
	for rule, want := range map[string]Verdict{"accept": False, `iifname "eth1" accept`: Unknown} {
		s.Have.Nodes["cp-1"].Table = strings.Replace(tables(t)["as it is listed"], "\tchain input {\n", "\tchain input {\n\t\t"+rule+"\n", 1)
		expect(t, s, `firewall().loaded && firewall().drops`, want)
	}
}

// What one base chain drops is dropped, whatever the others of its hook say.
func TestSeveralChainsOfOneHook(t *testing.T) {
	const head = "table inet bulwark {\n chain pre {\n type filter hook prerouting priority -150; policy drop;\n }\n"
	for name, c := range map[string]struct {
		first, second string // the rules of both
		want          string // who reaches tcp/22: "?" where it is not known
		drops, known  bool
	}{
		"both let in":                 {"accept", "accept", "0.0.0.0/0 ::/0", false, true},
		"the first drops":             {"drop", "accept", "", true, true},
		"the second drops":            {"accept", "drop", "", true, true},
		"each lets a half in":         {"ip saddr 0.0.0.0/1 accept\ndrop", "ip saddr 128.0.0.0/1 accept\ndrop", "", true, true},
		"one lets in some of others":  {"ip saddr 10.0.0.0/8 tcp dport 22 accept\ndrop", "ip saddr { 10.1.0.0/16, 192.0.2.1 } accept\ndrop", "10.1.0.0/16", true, true},
		"one port behind all":         {"accept", "tcp dport 22 accept\ndrop", "0.0.0.0/0 ::/0", true, true},
		"one is not understood":       {"meta mark 1 accept\ndrop", "tcp dport 22 accept\ndrop", "?", true, true},
		"one is not, and one drops":   {"drop", "meta mark 1 accept", "", true, true},
		"one is not, and one lets in": {"accept", "meta mark 1 accept\ndrop", "?", false, false},
		"none is":                     {"meta mark 1 accept\ndrop", "meta mark 2 accept\ndrop", "?", false, false},
		"one drops a part before it":  {"accept", "ip saddr != 10.0.0.0/8 drop\naccept", "0.0.0.0/0 ::/0", false, false},
	} {
		text := head
		for i, rules := range []string{c.first, c.second} {
			text += " chain in" + string(rune('a'+i)) + " {\n type filter hook input priority 0; policy accept;\n" + rules + "\n }\n"
		}
		table, err := readTable([]byte(text + "}\n"))
		if err != nil {
			t.Fatal(err)
		}
		got := table.reach("tcp/22")
		if (got.why != "") != (c.want == "?") || got.why == "" && strings.Join(got.from, " ") != c.want {
			t.Errorf("%s: %+v", name, got)
		}
		if drops, why := table.drops(); drops != c.drops || (why == "") != c.known {
			t.Errorf("%s: drops %v, %q", name, drops, why)
		}
	}
}
