package observe

import (
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// nftShim answers as nft does on a machine with these chains and without bulwark's table.
func nftShim(chains, rules string) string {
	return "#!/bin/sh\ncase \"$*\" in\n'list tables') echo 'table ip filter' ;;\n'list chains') cat <<'E'\n" + chains + "\nE\n;;\n" +
		"'-s list chain '*) cat <<'E'\n" + rules + "\nE\n;;\n*) exit 1 ;;\nesac\n"
}

// Where bulwark's table is not there, the look says whether something else may drop what
// comes in.
func TestLookFindsOtherFirewalls(t *testing.T) {
	const hook = "\t\ttype filter hook input priority filter; policy accept;\n"
	chain := func(rules string) string {
		return "table ip filter {\n\tchain INPUT {\n" + hook + rules + "\t}\n}"
	}
	for name, c := range map[string]struct {
		chains, rules string
		want          []string
	}{
		"no chain at all":               {"table ip filter {\n\tchain KUBE-X {\n\t}\n}", "", []string{}},
		"what Kubernetes has":           {chain(""), chain("\t\tct state new counter jump KUBE-PROXY-FIREWALL\n\t\tcounter jump KUBE-FIREWALL\n"), []string{}},
		"what only accepts":             {chain(""), chain("\t\tiifname \"lo\" counter accept\n"), []string{}},
		"ufw's":                         {chain(""), chain("\t\tcounter jump ufw-before-input\n"), []string{"ip filter INPUT"}},
		"a rule by hand":                {chain(""), chain("\t\ttcp dport 2379 counter drop\n"), []string{"ip filter INPUT"}},
		"a policy":                      {chain(""), strings.Replace(chain(""), "policy accept", "policy drop", 1), []string{"ip filter INPUT"}},
		"a chain that cannot be listed": {strings.Replace(chain(""), "chain INPUT", "chain none", 1), "\nE\nexit 1\ncat <<'E'", []string{"nft list chain ip filter none fails"}},
	} {
		scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
			own := *h
			own.Env = append([]string{}, h.Env...)
			own.Shim(t, map[string]string{"nft": nftShim(c.chains, c.rules), "iptables-legacy": "#!/bin/sh\n", "ip6tables-legacy": "#!/bin/sh\n"})
			n, err := Node(t.Context(), &own, Ask{Node: "n"})
			must(t, err)
			if n.OtherFirewalls == nil || !slices.Equal(n.OtherFirewalls, c.want) || n.Unread["Table"] != "" {
				t.Errorf("%s: %q, want %q; %v", name, n.OtherFirewalls, c.want, n.Unread)
			}
		})
	}
}

func TestChainsThatMayDrop(t *testing.T) {
	for listing, want := range map[string]string{
		"legacy iptables filter\n-P INPUT ACCEPT\n-P FORWARD DROP\n-A INPUT -j KUBE-FIREWALL\n-A INPUT -i lo -j ACCEPT\n-A FORWARD -j DROP": "",
		"legacy iptables filter\n-P INPUT DROP":                                    "iptables filter INPUT",
		"legacy ip6tables raw\n-P PREROUTING ACCEPT\n-A PREROUTING -s ::1 -j DROP": "ip6tables raw PREROUTING",
		"legacy iptables filter\n-A INPUT -j f2b-sshd\n-A INPUT -j cali-INPUT":     "iptables filter INPUT",
		"table inet kube-proxy {\nchain filter-input {\ntype filter hook input priority -110; policy accept;\nct state new jump nodeport-endpoints-check\n}\n}":   "",
		"table inet firewalld {\nchain filter_INPUT {\ntype filter hook input priority 10; policy accept;\nreject with icmpx admin-prohibited\n}\n}":              "inet firewalld filter_INPUT",
		"# Warning: table ip filter is managed by iptables-nft\ntable ip filter {\nchain INPUT {\ntype filter hook input priority 0;\nxt target \"REJECT\"\n}\n}": "ip filter INPUT",
		"? ip6tables-legacy is not installed, and the kernel has tables of it\n":                                                                                  "ip6tables-legacy is not installed, and the kernel has tables of it",
		"{\ndrop it\n": " ", // what is no listing ends in nothing worse
		"":             "",
	} {
		if got := otherFirewalls(listing); got == nil || strings.Join(got, "|") != want {
			t.Errorf("%q: %q, want %q", listing, got, want)
		}
	}
}
