package spec

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// checkNodes finds what only the whole list of nodes shows. It is linear: a
// spec may have ten thousand.
func (l *loader) checkNodes(t *clusterText) {
	names, addresses := map[string]hcl.Range{}, map[netip.Addr]string{}
	for i, n := range l.c.Nodes {
		at := t.Nodes[i].NameRange
		if first, twice := names[strings.ToLower(n.Name)]; twice {
			l.report(problem(CodeDuplicate, at, "Node named twice", "A node %q is already there on line %d; names are the same in small and large letters. Rename one.", n.Name, first.Start.Line))
		} else {
			names[strings.ToLower(n.Name)] = at
		}
		if !n.Address.IsValid() {
			continue
		}
		if other, twice := addresses[n.Address.Unmap()]; twice {
			l.report(problem(CodeDuplicate, attrRange(t.Nodes[i].Address, at), "Address of two nodes", "%s is already the address of node %q. Each node is a machine of its own.", n.Address, other))
		} else {
			addresses[n.Address.Unmap()] = n.Name
		}
	}
	l.checkControlPlanes(t)
	l.checkEndpoint(t, addresses)
}

func anyRoleUnknown(nodes []cluster.Node) bool {
	for _, n := range nodes {
		if n.Role == "" {
			return true // reported at the node; the missing one may be it
		}
	}
	return false
}

// endpointPort refuses a port that something else on a control plane has: API
// servers listen on the endpoint's port.
func (l *loader) endpointPort(n int, at hcl.Range) {
	switch {
	case n == int(l.c.SSH.Port):
		l.report(problem(CodeContra, at, "Endpoint on the port of sshd", "Port %d is sshd's on the same machine. Write another port for the endpoint, or for ssh.", n))
	case n >= 2379 && n <= 2381, n >= 10248 && n <= 10259:
		l.report(problem(CodeContra, at, "Port of a Kubernetes component", "Port %d belongs to etcd or to another component on the same machine. Write the port of the API, usually 6443.", n))
	case n >= 30000 && n <= 32767:
		l.report(problem(CodeContra, at, "Port among the NodePorts", "Port %d may be given to a NodePort service. Write a port below 30000.", n))
	}
}

// nodePortRange holds a range of the user's for NodePort services clear of
// everything else that listens on a node: the firewall opens the whole range.
func (l *loader) nodePortRange(near hcl.Range) {
	const path = "apiserver.args.service-node-port-range"
	text, ok := l.c.APIServer.Args["service-node-port-range"]
	if !ok {
		return
	}
	at := l.where(path, near)
	from, to, ok := strings.Cut(text, "-")
	first, err := strconv.ParseUint(from, 10, 16)
	last, err2 := strconv.ParseUint(to, 10, 16)
	const lowest = 10260 // above the last port of Kubernetes' own
	switch {
	case !ok || err != nil || err2 != nil || last < first:
		l.report(problem(CodeRange, at, "Not a range of ports", "%q is not a range such as 30000-32767.", text))
	case first < lowest:
		l.report(problem(CodeContra, at, "NodePorts over ports of the cluster", "The range %s begins below %d, where etcd, kubelets and other services of a node listen, and the firewall would open all of it. Begin at %d or above.", text, lowest, lowest))
	case inRange(l.c.SSH.Port, first, last), inRange(l.c.Endpoint.Port, first, last):
		l.report(problem(CodeContra, at, "NodePorts over sshd or the API", "The range %s holds the port of sshd (%d) or of the API (%d). Choose another range.", text, l.c.SSH.Port, l.c.Endpoint.Port))
	}
}

func inRange(port uint16, first, last uint64) bool {
	return uint64(port) >= first && uint64(port) <= last
}

// checkRanges finds ranges that collide, are too small or of the wrong family.
func (l *loader) checkRanges(t *clusterText) {
	n := l.c.Network
	near := l.where("network.pods", l.where("network.services", t.At))
	for _, p := range n.Pods {
		if s, ok := overlapsAny(p, n.Services); ok {
			l.report(problem(CodeOverlap, near, "Pods and services overlap", "Pods have %s and services %s, so one address could mean two things. Choose ranges that share none.", p, s))
		}
		l.podRange(p, near)
	}
	for _, p := range n.Services {
		l.serviceRange(p, l.where("network.services", t.At))
	}
	if !sameFamilies(n.Pods, n.Services) {
		l.report(problem(CodeAddress, near, "Families differ", "Pods and services must have the same families in the same order: both IPv4, both IPv6, or one of each."))
	}
	for i, node := range l.c.Nodes {
		if !node.Address.IsValid() {
			continue
		}
		at := attrRange(t.Nodes[i].Address, t.Nodes[i].At)
		one := netip.PrefixFrom(node.Address, node.Address.BitLen())
		if p, ok := overlapsAny(one, n.Pods); ok {
			l.report(problem(CodeOverlap, at, "Node inside the pods' range", "%s lies in %s, which pods get. Choose another range: network { pods = [\"…\"] }.", node.Address, p))
		}
		if p, ok := overlapsAny(one, n.Services); ok {
			l.report(problem(CodeOverlap, at, "Node inside the services' range", "%s lies in %s, which services get. Choose another range: network { services = [\"…\"] }.", node.Address, p))
		}
		if node.Address.Is4() != n.Services[0].Addr().Is4() {
			l.report(problem(CodeAddress, at, "Node of another family", "%s is not of the family of %s, the first services range, and the API server takes only one that is. List the nodes' family first.", node.Address, n.Services[0]))
		}
	}
}

// podRange checks what kubeadm and the controller manager do: each node takes
// a /24 of IPv4 or a /64 of IPv6, out of at most 2^16.
func (l *loader) podRange(p netip.Prefix, at hcl.Range) {
	each := 24
	if p.Addr().Is6() {
		each = 64
	}
	room := each - p.Bits()
	switch {
	case room < 0:
		l.report(problem(CodeAddress, at, "Pods' range too small", "Every node takes a /%d for its pods, and %s does not hold one. Write a larger range, as in /%d.", each, p, each-8))
	case room > 16:
		l.report(problem(CodeAddress, at, "Pods' range too large", "%s holds more than 65536 nodes' ranges of /%d, which Kubernetes refuses. Write /%d or smaller.", p, each, each-16))
	case len(l.c.Nodes) > 1<<room:
		l.report(problem(CodeAddress, at, "Pods' range too small", "Every node takes a /%d for its pods; %s holds %d of them, and there are %d nodes. Write a larger range.", each, p, 1<<room, len(l.c.Nodes)))
	}
}

// serviceRange checks what kubeadm does: 2^20 addresses at most, 10 at least.
func (l *loader) serviceRange(p netip.Prefix, at hcl.Range) {
	switch host := p.Addr().BitLen() - p.Bits(); {
	case host > 20:
		l.report(problem(CodeAddress, at, "Services' range too large", "%s holds more than 2^20 addresses, which kubeadm refuses. Write /%d or smaller.", p, p.Addr().BitLen()-20))
	case host < 4:
		l.report(problem(CodeAddress, at, "Services' range too small", "%s holds fewer than the 10 addresses kubeadm asks for. Write /%d or larger.", p, p.Addr().BitLen()-4))
	}
}

func sameFamilies(a, b []netip.Prefix) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Addr().Is4() != b[i].Addr().Is4() {
			return false
		}
	}
	return true
}

// attrRange is where an attribute's value is, or a place near it.
func attrRange(a *hcl.Attribute, near hcl.Range) hcl.Range {
	if a == nil {
		return near
	}
	return a.Expr.Range()
}
