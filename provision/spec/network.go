package spec

import (
	"net/netip"

	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// network resolves the network block.
func (l *loader) network(t *networkText) {
	n := &l.c.Network
	n.Pods, n.Services, n.DNSDomain = defaultPods(), defaultServices(), defaultDNSDomain
	n.CNI = cluster.CNI{Kind: cluster.CNIBridge}
	if t == nil {
		return
	}
	for _, s := range []struct {
		attr *hcl.Attribute
		into *[]netip.Prefix
	}{{t.Pods, &n.Pods}, {t.Services, &n.Services}} {
		if s.attr == nil {
			continue
		}
		l.from("network."+s.attr.Name, s.attr.Range)
		before := len(l.diags)
		ps := l.prefixes(s.attr)
		if len(ps) == 0 && len(l.diags) == before {
			l.report(problem(CodeMissing, s.attr.Expr.Range(), "Empty list", "%q needs one prefix of each family; leave the line out to have %s.", s.attr.Name, (*s.into)[0]))
		}
		if l.onePerFamily(s.attr, ps) {
			*s.into = ps
		}
	}
	if s, ok := l.str(t.DNSDomain); ok {
		l.from("network.dns_domain", t.DNSDomain.Range)
		if l.dnsName(s, "cluster's DNS domain") {
			n.DNSDomain = s.value
		}
	}
	if items, _ := l.list(t.CNIPorts); t.CNIPorts != nil {
		l.from("network.cni_ports", t.CNIPorts.Range)
		n.CNIPorts = l.ports(items)
		for _, s := range items {
			if p, ok := parsePort(s.value); ok {
				l.protected(p, s)
			}
		}
	}
	l.cni(t)
}

// cni resolves who makes pod networking, and which ports that takes.
func (l *loader) cni(t *networkText) {
	if t.CNI == nil {
		return
	}
	n := &l.c.Network
	l.from("network.cni", t.CNI.At)
	switch cluster.CNIKind(t.CNI.Kind) {
	case cluster.CNIBridge:
		if t.CNI.Manifest != nil {
			l.report(problem(CodeContra, t.CNI.Manifest.Range, "Bridge with a manifest", "cni \"bridge\" comes from the machine and takes no manifest. Write cni \"manifest\" { … }, or remove this line."))
		}
	case cluster.CNIManifest:
		n.CNI.Kind = cluster.CNIManifest
		if t.CNI.Manifest == nil {
			l.report(problem(CodeMissing, t.CNI.At, "No manifest", "cni \"manifest\" needs its text: manifest = file(\"cni.yaml\")."))
			return
		}
		s, ok := l.str(t.CNI.Manifest)
		if !ok {
			return
		}
		if len(s.value) == 0 {
			l.report(problem(CodeMissing, s.at, "Empty manifest", "The manifest holds no text. Name the YAML file that installs the CNI: manifest = file(\"cni.yaml\")."))
			return
		}
		n.CNI.Manifest = []byte(s.value)
		if t.CNIPorts == nil {
			l.knownPorts(s)
		}
	case cluster.CNIExternal:
		n.CNI.Kind = cluster.CNIExternal
		if t.CNI.Manifest != nil {
			l.report(problem(CodeContra, t.CNI.Manifest.Range, "Manifest of somebody else's CNI", "cni \"external\" is left alone, so there is nothing to apply. Write cni \"manifest\" { … }, or remove this line."))
		}
		if t.CNIPorts == nil {
			l.report(problem(CodeCNI, t.CNI.At, "Unknown CNI",
				"Who makes the pod network is not bulwark's, so the firewall cannot know its ports. Say which ports nodes need between them, as in cni_ports = [\"udp/8472\"], or cni_ports = [] for none."))
		}
	default:
		l.report(problem(CodeChoice, t.CNI.KindRange, "Unknown kind of CNI", "%s is no kind of CNI.%s Write cni \"bridge\" {}, cni \"manifest\" { manifest = file(\"…\") } or cni \"external\" {}.",
			short(t.CNI.Kind), didYouMean(t.CNI.Kind, []string{"bridge", "manifest", "external"})))
	}
}
