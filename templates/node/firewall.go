package node

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"text/template"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

const (
	// FirewallPath is the file [FirewallUnit] loads.
	FirewallPath = ConfigDir + "/firewall.nft"
	// FirewallFamily is the table's family, IPv4 and IPv6 in one.
	FirewallFamily = "inet"
	// FirewallTable is the table's name; nothing outside it is touched.
	FirewallTable = "bulwark"
	// FirewallCounter is the named counter in the table that everything
	// dropped has passed: `nft -j list counter inet bulwark dropped`.
	FirewallCounter = "dropped"
)

// firewallText is the table. Its order matters where it says so.
//
//   - One file, one transaction: nft applies all of it or nothing, so there is
//     no moment without a table (nft(8), "-f"). Never `flush ruleset`.
//   - A drop is final over all tables and an accept is not (nft(8), "verdict
//     statement"): this table opens nothing that a CNI or kube-proxy closes.
//   - What is addressed to the machine is judged in prerouting at -150: after
//     connection tracking (-200) and before translation (-100). A NodePort or a
//     hostPort is translated and then forwarded; no input chain ever sees it.
//     kube-proxy itself listens on health check node ports, so input must know
//     the same openings: both chains ask `wanted`.
//   - There is no forward chain: with a drop policy it would kill pod traffic.
//   - Invalid packets are not dropped for being so: over asymmetric paths, and
//     where connections are older than connection tracking, good packets are
//     invalid. They meet the same rules as all others.
const firewallText = `
table inet bulwark {
}
delete table inet bulwark
table inet bulwark {
	# Everything that is dropped is counted here.
	counter dropped {
	}
{{range .Sets}}
	# {{.Doc}}
	set {{.Name}} {
		type {{.Type}}
		flags interval
		auto-merge
{{- if .Elements}}
		elements = { {{.Elements}} }
{{- end}}
	}
{{end}}
	# What may reach this machine, by where it comes from.
	chain wanted {
{{- range .Wanted}}
		{{.Match}} accept comment "{{.Doc}}"
{{- end}}
	}

	chain before_nat {
		type filter hook prerouting priority -150; policy accept;
		iifname "lo" accept comment "the machine itself"
		ct state established,related accept comment "answers, and errors about known connections"
{{- range .Guards}}
		{{.Match}} counter name "dropped" drop comment "{{.Doc}}"
{{- end}}
		fib daddr type != local accept comment "not addressed to this machine: forwarding is not judged here"
		jump wanted comment "openings"
		counter name "dropped" drop comment "addressed to this machine and not wanted"
	}

	chain input {
		type filter hook input priority filter - 5; policy drop;
		iifname "lo" accept comment "the machine itself"
		ct state established,related accept comment "answers, and errors about known connections"
{{- range .Loopback}}
		{{.Match}} accept comment "{{.Doc}}"
{{- end}}
		jump wanted comment "openings"
		# To see what is dropped, for a while and by hand:
		# limit rate 5/second burst 10 packets log prefix "bulwark dropped: "
		counter name "dropped" drop comment "everything else"
	}
{{- if .Masquerade}}

	# Pods keep their own address towards pods and nodes, and leave the cluster
	# with that of the node: the network outside knows no way back to a pod.
	chain leaving {
		type nat hook postrouting priority srcnat; policy accept;
{{- range .Masquerade}}
		{{.Match}} masquerade comment "{{.Doc}}"
{{- end}}
	}
{{- end}}
}
`

// rule is one line of a chain: what it matches, and what it is for.
type rule struct{ Match, Doc string }

// Firewall is the whole of `table inet bulwark` on the nodes of one role, which
// differ in nothing but a comment: a table names every node, and a thousand of
// them would be most of the work. What it lets in is in [wanted]; ports and their
// sources follow https://kubernetes.io/docs/reference/networking/ports-and-protocols/.
//
// It needs nft 0.9.3 and a kernel of 5.2 (nat in an inet table).
type Firewall struct {
	about string // what the comment says behind the node's name
	table []byte
}

// NewFirewall makes the table of a role.
func NewFirewall(c *cluster.Cluster, role cluster.Role) (*Firewall, error) {
	sets, err := setsOf(c, role)
	openings, err2 := wanted(c, role)
	if err := errors.Join(checkName("cluster", c.Name), err, err2); err != nil {
		return nil, fmt.Errorf("firewall: %w", err)
	}
	data := map[string]any{
		"Sets": sets, "Wanted": openings, "Guards": guards(c), "Loopback": loopback(), "Masquerade": masquerade(c),
	}
	var out bytes.Buffer
	if err := template.Must(template.New("firewall").Parse(firewallText)).Execute(&out, data); err != nil {
		return nil, fmt.Errorf("firewall: %w", err)
	}
	return &Firewall{about: fmt.Sprintf("(%s) of cluster %s", role, c.Name), table: out.Bytes()}, nil
}

// File is a file for `nft -f` that replaces the table of a node in one transaction.
func (f *Firewall) File(node string) ([]byte, error) {
	if err := checkName("node", node); err != nil {
		return nil, fmt.Errorf("firewall of %q: %w", node, err)
	}
	head := fmt.Sprintf("%s# Loaded by %s; applies to %s %s.\n", header, FirewallUnitName, node, f.about)
	return slices.Concat([]byte(head), f.table), nil
}
