package plan

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Problem is one reason why a node cannot be worked on.
type Problem struct {
	Node  string `json:"node"`
	Check string `json:"check"`
	// Seen is what the machine has, Remedy what a person does about it.
	Seen   string `json:"seen"`
	Remedy string `json:"remedy"`
	// Warning problems are shown and do not stop a run.
	Warning bool `json:"warning,omitempty"`
	// Err is the error it stands for, when a machine could not be looked at.
	Err error `json:"-"`
}

// Preflight is everything that speaks against working on these machines, all
// of it at once, in the order of the spec. Checks that only matter before a
// machine is part of the cluster are not asked of one that is.
func Preflight(c *cluster.Cluster, wants []state.Want, have *state.Cluster) []Problem {
	wanted := map[string]state.Want{}
	for _, w := range wants {
		wanted[w.Node] = w
	}
	var out []Problem
	for _, n := range c.Nodes {
		got := have.Nodes[n.Name]
		if got == nil {
			continue // not reached: said by whoever tried
		}
		p := &preflight{c: c, n: n, got: got, f: got.Facts, wanted: wanted[n.Name].Images, arguments: wanted[n.Name].Kubelet, facts: wanted[n.Name].Facts}
		p.every()
		if !p.joined() {
			p.machine()
			p.software()
			p.images()
		}
		out = append(append(out, p.problems...), unrotated(wanted[n.Name], got)...)
	}
	return slices.Concat(out, twins(c, have), strangers(c, have), keyless(c, have), keyFilesRow(c, wants, have), undecided(c, wants, have), refused(have), refusedImages(c, have), foreigners(wants, have), otherVersions(c, have))
}

// preflight gathers the problems of one node.
type preflight struct {
	c      *cluster.Cluster
	n      cluster.Node
	got    *state.Node
	f      state.Facts
	wanted []string // images
	// arguments are what the kubelet should run with.
	arguments []string
	facts     []state.Fact
	problems  []Problem
}

// always are checks that no deviation silences: they keep keys, connections and
// other people's machines.
var always = [...]string{"encryption-key", "foreign-encryption", "admin-address", "ssh-port", "firewall", "hostname", "other-cluster"}

// bad records a problem unless a deviation says the machine cannot do better.
func (p *preflight) bad(check, seen, remedy string, args ...any) {
	for _, d := range p.c.Deviations {
		if slices.Contains(d.SkipPreflight, check) && !slices.Contains(always[:], check) {
			return
		}
	}
	p.problems = append(p.problems, Problem{Node: p.n.Name, Check: check, Seen: seen, Remedy: fmt.Sprintf(remedy, args...)})
}

// kubeletConf is there once a machine is a node.
const (
	kubeletConf   = "/etc/kubernetes/kubelet.conf"
	kubeletConfig = "/var/lib/kubelet/config.yaml"
)

// joined says whether the machine already runs as a node of a cluster. A look asks
// such a one for none of the software that a machine needs to become a node.
func (p *preflight) joined() bool {
	return p.got.Files[kubeletConf].Exists() && p.got.Files[kubeletConfig].Exists()
}

// every are the checks that hold for fresh and for living machines.
func (p *preflight) every() {
	p.unread()
	p.admin()
	p.hostname()
	if limit := 5 * time.Second; p.f.Offset.Abs() > limit {
		p.bad("clock", p.f.Offset.Round(time.Millisecond).String()+" off", "synchronise the clock: it may differ by %s at most", limit)
	}
	p.firewallManagers()
	p.kubeletArguments()
	p.modules()
	p.serverNames()
}

// unread are what a look asked for and did not get.
func (p *preflight) unread() {
	for _, name := range slices.Sorted(maps.Keys(p.got.Unread)) {
		reason, remedy := p.got.Unread[name], "make it readable for root; what was not read is not taken for absent"
		if name == "Table" {
			remedy = "install nft 1.0.1 or newer (package nftables): the firewall is made with it"
		}
		p.problems = append(p.problems, Problem{Node: p.n.Name, Check: "look", Seen: name + ": " + reason, Remedy: remedy})
	}
}

// hostname is how kubeadm and the kubelet know the node.
func (p *preflight) hostname() {
	if p.f.Hostname != p.n.Name {
		p.bad("hostname", fmt.Sprintf("%q", p.f.Hostname), "hostnamectl set-hostname %s, or name the node %q", p.n.Name, p.f.Hostname)
	}
}

// admin refuses a firewall that would shut us out.
func (p *preflight) admin() {
	if p.f.PeerAddress == "" {
		if p.c.SSH.Port != 0 { // kind's containers have no connection that a firewall could cut
			p.bad("admin-address", "the machine does not say from which address it sees us",
				"let sshd set SSH_CONNECTION: without it nobody can tell whether firewall.admins (%s) holds us", p.c.Origin("firewall.admins"))
		}
		return
	}
	peer, err := netip.ParseAddr(p.f.PeerAddress)
	if err != nil {
		p.bad("admin-address", p.f.PeerAddress, "the machine reports no usable address for this connection")
		return
	}
	if !slices.ContainsFunc(p.c.Firewall.Admins, func(a netip.Prefix) bool { return a.Contains(peer.Unmap()) }) {
		p.bad("admin-address", "the machine sees us as "+peer.Unmap().String(),
			"add it to firewall.admins (%s): the firewall would cut this connection", p.c.Origin("firewall.admins"))
	}
	if p.f.LocalPort != 0 && p.f.LocalPort != p.c.SSH.Port {
		p.bad("ssh-port", fmt.Sprintf("connected to port %d", p.f.LocalPort),
			"say ssh { port = %d }: the firewall opens port %d only", p.f.LocalPort, p.c.SSH.Port)
	}
}

// firewallManagers finds who else would rule the packet filter.
func (p *preflight) firewallManagers() {
	for _, unit := range []string{"firewalld.service", "ufw.service"} {
		if u := p.got.Units[unit]; u.Active == "active" && (unit != "ufw.service" || !p.ufwIsOff()) {
			p.bad("firewall", unit+" is active", "move its rules into the spec's firewall block, then systemctl disable --now %s", unit)
		}
	}
	if u := p.got.Units["nftables.service"]; u.Enabled == "enabled" {
		p.bad("firewall", "nftables.service is enabled", "systemctl disable nftables.service: its flush at boot and reload takes away everybody's tables")
	}
}

// twins finds nodes that are one machine.
func twins(c *cluster.Cluster, have *state.Cluster) []Problem {
	var out []Problem
	seen := map[string]string{}
	for _, n := range c.Nodes {
		got := have.Nodes[n.Name]
		if got == nil || got.Facts.MachineID == "" {
			continue
		}
		if first, ok := seen[got.Facts.MachineID]; ok {
			out = append(out, Problem{Node: n.Name, Check: "machine-id", Seen: "same machine-id as " + first,
				Remedy: "two nodes must be two machines; on a cloned one run: rm /etc/machine-id && systemd-machine-id-setup"})
			continue
		}
		seen[got.Facts.MachineID] = n.Name
	}
	return out
}

// list joins for people.
func list(items []string) string { return strings.Join(items, ", ") }
