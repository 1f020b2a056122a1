package spec

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// firewall resolves the firewall block; its admins are the one thing besides
// nodes that a spec must say.
func (l *loader) firewall(t *clusterText) {
	if t.Firewall == nil || t.Firewall.Admins == nil {
		at := t.At
		if t.Firewall != nil {
			at = t.Firewall.At
		}
		l.report(problem(CodeMissing, at, "No admins", "Nobody may reach ssh and the API yet. Write firewall { admins = [\"203.0.113.0/24\"] } with the addresses you work from."))
	}
	if t.Firewall == nil {
		return
	}
	f := &l.c.Firewall
	if a := t.Firewall.Admins; a != nil {
		l.from("firewall.admins", a.Range)
		before := len(l.diags)
		f.Admins = l.prefixes(a)
		if len(f.Admins) == 0 && len(l.diags) == before {
			l.report(problem(CodeMissing, a.Expr.Range(), "No admins", "An empty list would lock everybody out, bulwark included. Name the addresses you work from, as in [\"203.0.113.0/24\"]."))
		}
		for _, p := range f.Admins {
			if p.Bits() == 0 {
				l.report(caution(a.Expr.Range(), "Everybody is an admin", "%s lets the whole world reach ssh and the API. Name the addresses you work from.", p))
			}
		}
	}
	if a := t.Firewall.NodePorts; a != nil {
		l.from("firewall.nodeports", a.Range)
		f.NodePorts = l.prefixes(a)
	}
	names := map[string]allowText{}
	for _, a := range t.Firewall.Allows {
		if first, twice := names[a.Name]; twice {
			l.report(problem(CodeDuplicate, a.NameRange, "Opening named twice", "allow %q is already there on line %d. Rename one of them, or put their ports into one.", a.Name, first.At.Start.Line))
			continue
		}
		names[a.Name] = *a
		l.allow(a)
	}
}

func (l *loader) allow(t *allowText) {
	out := cluster.Allow{Name: t.Name}
	l.label(item{t.Name, t.NameRange}, "firewall opening")
	path := "firewall.allow." + t.Name
	l.from(path, t.At)
	if s, ok := l.str(t.On); ok {
		out.On, _ = l.role(s)
	}
	if t.Ports == nil || t.From == nil {
		l.report(problem(CodeMissing, t.At, "Incomplete opening", "allow %q needs both: ports = [\"tcp/443\"] and from = [\"203.0.113.0/24\"].", t.Name))
	}
	items, ok := l.list(t.Ports)
	if ok && len(items) == 0 {
		l.report(problem(CodeMissing, t.Ports.Expr.Range(), "Opening of no ports", "allow %q has an empty list of ports and would open nothing. Name them, as in [\"tcp/443\"], or remove the block.", t.Name))
	}
	out.Ports = l.ports(items)
	for _, s := range items {
		if p, ok := parsePort(s.value); ok {
			l.protected(p, s)
		}
	}
	if t.From != nil {
		before := len(l.diags)
		out.From = l.prefixes(t.From)
		if len(out.From) == 0 && len(l.diags) == before {
			l.report(problem(CodeMissing, t.From.Expr.Range(), "Opening for nobody", "allow %q has an empty list of addresses and would let nobody in. Name them, as in [\"203.0.113.0/24\"], or remove the block.", t.Name))
		}
	}
	l.c.Firewall.Allow = append(l.c.Firewall.Allow, out)
}

// protected refuses to open what only the cluster itself may reach: an opening
// for etcd or the kubelet would undo what the firewall is for.
func (l *loader) protected(p cluster.Port, s item) {
	if p.Proto != "tcp" {
		return
	}
	for _, own := range []struct {
		first, last uint16
		what        string
	}{
		{2379, 2381, "etcd"},
		{10248, 10250, "the kubelet and kube-proxy"},
		{10255, 10255, "the kubelet's read-only port"},
		{10257, 10257, "the controller manager"},
		{10259, 10259, "the scheduler"},
	} {
		if p.First <= own.last && own.first <= p.Last {
			l.report(problem(CodeContra, s.at, "Opening of the cluster's own ports", "%s would open the port of %s, which only the cluster's nodes may reach. Leave it out of the range.", p, own.what))
			return
		}
	}
}

// ports reads "tcp/443", "udp/8472", "tcp/30000-32767" and "ipip".
func (l *loader) ports(items []item) []cluster.Port {
	var out []cluster.Port
	for _, s := range items {
		p, ok := parsePort(s.value)
		switch {
		case s.value == "": // its wrong type was reported
		case !ok:
			l.report(problem(CodeRange, s.at, "Not a port", "%s is no port. Write \"tcp/443\", \"udp/8472\" or \"tcp/30000-32767\" with ports from 1 to 65535, or a protocol without ports: %s.", short(s.value), strings.Join(portless(), ", ")))
		case slices.Contains(out, p):
			l.report(problem(CodeDuplicate, s.at, "Port given twice", "%s is already in this list. Remove one of the two.", p))
		default:
			out = append(out, p)
		}
	}
	return out
}

// portless are protocols that a CNI or a load balancer may need and that have
// no ports. "ipip" is IP protocol 4, IPv4 in IPv4. templates/node knows their
// numbers.
func portless() []string {
	return []string{"ipip", "ipv6", "gre", "esp", "ah", "igmp", "ospf", "pim", "vrrp", "l2tp"}
}

func parsePort(s string) (cluster.Port, bool) {
	proto, numbers, has := strings.Cut(s, "/")
	if !has {
		return cluster.Port{Proto: proto}, slices.Contains(portless(), proto)
	}
	first, last, ranged := strings.Cut(numbers, "-")
	if !ranged {
		last = first
	}
	a, okA := portNumber(first)
	b, okB := portNumber(last)
	return cluster.Port{Proto: proto, First: a, Last: b},
		slices.Contains([]string{"tcp", "udp", "sctp"}, proto) && okA && okB && a <= b
}

func portNumber(s string) (uint16, bool) {
	n, err := strconv.ParseUint(s, 10, 16)
	return uint16(n), err == nil && n > 0 && s[0] != '0' && s[0] != '+'
}

// overlapsAny is the first of the prefixes that shares an address with p.
func overlapsAny(p netip.Prefix, others []netip.Prefix) (netip.Prefix, bool) {
	for _, o := range others {
		if p.Overlaps(o) {
			return o, true
		}
	}
	return netip.Prefix{}, false
}
