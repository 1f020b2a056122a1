package spec

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

func (l *loader) endpoint(t *clusterText) {
	e := &l.c.Endpoint
	e.Port = defaultAPIPort
	if cps := l.c.ControlPlanes(); len(cps) > 0 && cps[0].Address.IsValid() {
		e.Host = cps[0].Address.String()
	}
	if t.Endpoint == nil {
		return
	}
	if s, ok := l.str(t.Endpoint.VIP); ok {
		l.from("endpoint.vip", t.Endpoint.VIP.Range)
		if addr, ok := l.address(s, "virtual address"); ok {
			e.VIP, e.Host = addr, addr.String()
		}
	}
	if s, ok := l.str(t.Endpoint.Host); ok {
		l.from("endpoint.host", t.Endpoint.Host.Range)
		if l.endpointHost(s) {
			e.Host = s.value
		}
	}
	if n, ok := l.integer(t.Endpoint.Port, 1, 65535); ok {
		l.from("endpoint.port", t.Endpoint.Port.Range)
		e.Port = uint16(n)
	}
	if t.Endpoint.Balancers != nil {
		l.from("endpoint.balancers", t.Endpoint.Balancers.Range)
		e.Balancers = l.prefixes(t.Endpoint.Balancers)
	}
}

// endpointHost says whether clients and nodes could reach an API at a host.
func (l *loader) endpointHost(s item) bool {
	if addr, err := netip.ParseAddr(s.value); err == nil {
		return l.usableAddress(addr, s, "endpoint")
	}
	if !l.dnsName(s, "endpoint host") {
		return false
	}
	if s.value == "localhost" || strings.HasSuffix(s.value, ".localhost") {
		l.report(problem(CodeTopology, s.at, "Endpoint is each machine itself",
			"%q means another machine on every node. Write a name or an address that all nodes and clients reach.", s.value))
		return false
	}
	return true
}

// checkControlPlanes wants one, and of several that they bear a loss.
func (l *loader) checkControlPlanes(t *clusterText) {
	var planes []*nodeText
	for i, n := range l.c.Nodes {
		if n.Role == cluster.ControlPlane {
			planes = append(planes, t.Nodes[i])
		}
	}
	n := len(planes)
	switch {
	case n == 0 && len(t.Nodes) == 0:
		l.report(problem(CodeTopology, t.At, "No nodes", "A cluster needs at least one control plane. Write node \"cp-1\" { role = \"control-plane\", address = \"10.0.0.11\" } on lines of their own."))
	case n == 0 && !anyRoleUnknown(l.c.Nodes):
		l.report(problem(CodeTopology, t.At, "No control plane", "None of the %d nodes is a control plane. Write role = \"control-plane\" for one of them.", len(t.Nodes)))
	case n > 1 && n%2 == 0:
		l.report(caution(planes[n-1].At, "Even number of control planes",
			"etcd writes while more than half of its members live: of %d that is %d, so no more than %d may be lost, as of %d. One more machine can fail, and nothing is gained. Make it %d or %d.",
			n, n/2+1, n-n/2-1, n-1, n-1, n+1))
	}
	if n > 1 {
		l.checkInFront(t, planes)
	}
}

// checkInFront wants several control planes to have one address that outlives
// each of them.
func (l *loader) checkInFront(t *clusterText, planes []*nodeText) {
	e := l.c.Endpoint
	if t.Endpoint == nil || t.Endpoint.Host == nil && t.Endpoint.VIP == nil {
		l.report(problem(CodeTopology, planes[1].At, "Nothing in front of the control planes",
			"With %d control planes, nodes and clients need one address that outlives each of them. Write endpoint { host = \"…\" } with a load balancer's name or address, or endpoint { vip = \"…\" } with a free address of the control planes' network, which they then hold themselves.", len(planes)))
		return
	}
	for _, n := range l.c.ControlPlanes() {
		if e.Host == n.Address.String() {
			l.report(problem(CodeTopology, l.where("endpoint.host", t.At), "Endpoint is one of the control planes",
				"%s is the address of %q, and when that machine is gone, so is the API for every node. Write a load balancer's address, or endpoint { vip = \"…\" }.", e.Host, n.Name))
		}
	}
}

func (l *loader) checkEndpoint(t *clusterText, addresses map[netip.Addr]string) {
	if at, said := l.at["endpoint.port"]; said {
		l.endpointPort(int(l.c.Endpoint.Port), at)
	}
	l.nodePortRange(t.At)
	if t.Endpoint == nil {
		return
	}
	if addr, err := netip.ParseAddr(l.c.Endpoint.Host); err == nil {
		l.outsideOfCluster(addr, l.where("endpoint.host", l.where("endpoint.vip", t.At)), addresses)
	}
	l.checkVIP(t.At, addresses)
}

// outsideOfCluster refuses an endpoint where no API server can answer.
func (l *loader) outsideOfCluster(addr netip.Addr, at hcl.Range, addresses map[netip.Addr]string) {
	if n, ok := l.c.Node(addresses[addr]); ok && n.Role == cluster.Worker {
		l.report(problem(CodeTopology, at, "Endpoint on a worker", "%s is the address of worker %q, where no API server runs. Write a control plane's address, or one that leads to it.", addr, n.Name))
	}
	inside := slices.Concat(l.c.Network.Pods, l.c.Network.Services)
	if p, ok := overlapsAny(netip.PrefixFrom(addr, addr.BitLen()), inside); ok {
		l.report(problem(CodeOverlap, at, "Endpoint inside the cluster's network", "%s lies in %s, which exists only inside the cluster. Write an address that clients reach.", addr, p))
	}
}

// checkVIP wants a free address, that nodes could answer for, under one name.
func (l *loader) checkVIP(near hcl.Range, addresses map[netip.Addr]string) {
	vip := l.c.Endpoint.VIP
	if !vip.IsValid() {
		return
	}
	at := l.where("endpoint.vip", near)
	if name, taken := addresses[vip]; taken {
		l.report(problem(CodeDuplicate, at, "Virtual address of a machine", "%s is the address of %q. Write one that no machine has.", vip, name))
	}
	if addr, err := netip.ParseAddr(l.c.Endpoint.Host); err == nil && addr != vip {
		l.report(problem(CodeContra, at, "Two endpoints", "The endpoint's host is %s, and its virtual address %s. Leave one of them out, or write a name as the host that leads to the virtual address.", addr, vip))
	}
	for _, n := range l.c.ControlPlanes() {
		if n.Address.IsValid() && n.Address.Is4() != vip.Is4() {
			l.report(problem(CodeAddress, at, "Virtual address of another family", "%s is not of the family of %q, %s.", vip, n.Name, n.Address))
			return
		}
	}
	if len(l.c.Endpoint.Balancers) > 0 {
		l.report(problem(CodeContra, l.where("endpoint.balancers", near), "Load balancer and virtual address", "The control planes hold %s themselves, so nothing balances in front of them. Leave balancers out, or vip.", vip))
	}
}
