package node

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// set is one named set of addresses of one family.
type set struct{ Name, Type, Doc, Elements string }

// setsOf are the sets the rules refer to, each as NAME4 and NAME6. An empty
// one stays, so that the rules do not depend on what the lists hold.
func setsOf(c *cluster.Cluster, role cluster.Role) ([]set, error) {
	var nodes, planes []netip.Prefix
	var errs []error
	for _, m := range c.Nodes {
		a := m.Address.Unmap().WithZone("")
		if !a.IsValid() {
			errs = append(errs, fmt.Errorf("node %q has no address", m.Name))
			continue
		}
		p := netip.PrefixFrom(a, a.BitLen())
		nodes = append(nodes, p)
		if m.Role == cluster.ControlPlane {
			planes = append(planes, p)
		}
	}
	groups := []struct {
		name, doc string
		of        []netip.Prefix
	}{
		{"nodes", "The machines of this cluster.", nodes},
		{"control_planes", "Those that run the API server and etcd.", planes},
		{"pods", "network.pods", c.Network.Pods},
		{"services", "network.services", c.Network.Services},
		{"admins", "firewall.admins", c.Firewall.Admins},
		{"node_port_clients", "firewall.nodeports", c.Firewall.NodePorts},
	}
	if len(c.Endpoint.Balancers) > 0 {
		groups = append(groups, struct {
			name, doc string
			of        []netip.Prefix
		}{"balancers", "endpoint.balancers", c.Endpoint.Balancers})
	}
	seen := map[string]bool{}
	for _, a := range c.Firewall.Allow {
		if err := checkLabel("firewall.allow", a.Name); err != nil {
			errs = append(errs, err)
			continue
		}
		if seen[a.Name] {
			errs = append(errs, fmt.Errorf("firewall.allow %q is there twice", a.Name))
			continue
		}
		seen[a.Name] = true
		if !opensOn(a, role) {
			continue
		}
		groups = append(groups, struct {
			name, doc string
			of        []netip.Prefix
		}{allowSet(a), "firewall.allow." + a.Name, a.From})
	}
	var out []set
	for _, g := range groups {
		v4, v6, err := elements(g.of)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", g.doc, err))
		}
		out = append(out,
			set{g.name + "4", "ipv4_addr", g.doc, v4},
			set{g.name + "6", "ipv6_addr", g.doc, v6})
	}
	return out, errors.Join(errs...)
}

// allowSet names the set of an allow block's sources. Names of allow blocks
// may begin with a digit, names of sets may not.
func allowSet(a cluster.Allow) string { return "allow-" + a.Name + "-" }

// checkLabel refuses what is not an RFC 1123 label.
func checkLabel(what, name string) error {
	if len(name) > 63 || strings.Contains(name, ".") {
		return fmt.Errorf("%s %q is not a DNS label", what, name)
	}
	return checkName(what, name)
}

// elements writes prefixes as set elements by family: masked, sorted, each once.
func elements(prefixes []netip.Prefix) (v4, v6 string, err error) {
	var four, six []netip.Prefix
	for _, p := range prefixes {
		q, err := plain(p)
		if err != nil {
			return "", "", err
		}
		if q.Addr().Is4() {
			four = append(four, q)
		} else {
			six = append(six, q)
		}
	}
	return join(four), join(six), nil
}

// plain is a prefix without host bits and not written as IPv4 in IPv6, which
// would be an opening for packets that do not exist.
func plain(p netip.Prefix) (netip.Prefix, error) {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	if !p.IsValid() || p.Addr().Is4In6() || p.Addr().Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%q is not a network prefix", p)
	}
	return p.Masked(), nil
}

func join(prefixes []netip.Prefix) string {
	slices.SortFunc(prefixes, netip.Prefix.Compare)
	var words []string
	for _, p := range slices.Compact(prefixes) {
		if p.IsSingleIP() {
			words = append(words, p.Addr().String())
			continue
		}
		words = append(words, p.String())
	}
	return strings.Join(words, ", ")
}
