package node

import (
	"net/netip"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

func prefixes(t testing.TB, texts ...string) []netip.Prefix {
	t.Helper()
	var out []netip.Prefix
	for _, s := range texts {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// dual is a cluster that uses everything this package knows: two families, a
// manifest's ports, openings for one role and for all.
func dual(t testing.TB) *cluster.Cluster {
	t.Helper()
	return &cluster.Cluster{
		Name:     "prod-east",
		Endpoint: cluster.Endpoint{Host: "api.example.com", Port: 8443},
		SSH:      cluster.SSH{Port: 2222},
		Network: cluster.Network{
			Pods:     prefixes(t, "10.244.0.0/16", "fd00:244::/56"),
			Services: prefixes(t, "10.96.0.0/12", "fd00:96::/108"),
			CNI:      cluster.CNI{Kind: cluster.CNIManifest},
			CNIPorts: []cluster.Port{{Proto: "udp", First: 8472, Last: 8472}, {Proto: "tcp", First: 4240, Last: 4240}, {Proto: "ipip"}},
		},
		Firewall: cluster.Firewall{
			Admins:    prefixes(t, "203.0.113.0/24", "2001:db8:a::/64"),
			NodePorts: prefixes(t, "192.0.2.0/25", "2001:db8:c::/64"),
			Allow: []cluster.Allow{
				{
					Name: "ingress", On: cluster.Worker,
					Ports: []cluster.Port{{Proto: "tcp", First: 80, Last: 80}, {Proto: "tcp", First: 443, Last: 443}},
					From:  prefixes(t, "0.0.0.0/0", "::/0"),
				},
				{
					Name:  "9100-metrics",
					Ports: []cluster.Port{{Proto: "tcp", First: 9100, Last: 9100}, {Proto: "udp", First: 9000, Last: 9010}, {Proto: "vrrp"}},
					From:  prefixes(t, "198.51.100.64/26", "2001:db8:e:e::/64"),
				},
			},
		},
		Nodes: []cluster.Node{
			{Name: "cp-1", Role: cluster.ControlPlane, Address: netip.MustParseAddr("10.0.0.11")},
			{Name: "cp-2", Role: cluster.ControlPlane, Address: netip.MustParseAddr("10.0.0.12")},
			{Name: "cp-3", Role: cluster.ControlPlane, Address: netip.MustParseAddr("fd00:1::13")},
			{Name: "w-1", Role: cluster.Worker, Address: netip.MustParseAddr("10.0.0.21")},
			{Name: "w-2", Role: cluster.Worker, Address: netip.MustParseAddr("fd00:1::22")},
		},
	}
}

// flat is the smallest useful cluster: one family, the bridge.
func flat(t testing.TB) *cluster.Cluster {
	t.Helper()
	return &cluster.Cluster{
		Name:     "lab",
		Endpoint: cluster.Endpoint{Host: "10.0.0.11", Port: 6443},
		SSH:      cluster.SSH{Port: 22},
		Network: cluster.Network{
			Pods:     prefixes(t, "10.244.0.0/16"),
			Services: prefixes(t, "10.96.0.0/12"),
			CNI:      cluster.CNI{Kind: cluster.CNIBridge},
		},
		Firewall: cluster.Firewall{Admins: prefixes(t, "203.0.113.0/24")},
		Nodes: []cluster.Node{
			{Name: "cp-1", Role: cluster.ControlPlane, Address: netip.MustParseAddr("10.0.0.11")},
			{Name: "w-1", Role: cluster.Worker, Address: netip.MustParseAddr("10.0.0.21")},
			{Name: "w-2", Role: cluster.Worker, Address: netip.MustParseAddr("10.0.0.22")},
		},
	}
}

// six is a cluster of IPv6 machines with pods of both families on the bridge.
func six(t testing.TB) *cluster.Cluster {
	t.Helper()
	c := flat(t)
	c.Name = "six"
	c.Endpoint.Host = "fd00:1::11"
	c.Network.Pods = prefixes(t, "fd00:244::/56", "10.244.0.0/16")
	c.Network.Services = prefixes(t, "fd00:96::/108", "10.96.0.0/12")
	for i, a := range []string{"fd00:1::11", "fd00:1::21", "fd00:1::22"} {
		c.Nodes[i].Address = netip.MustParseAddr(a)
	}
	return c
}

// firewall is the file of one node's table.
func firewall(c *cluster.Cluster, n cluster.Node) ([]byte, error) {
	f, err := NewFirewall(c, n.Role)
	if err != nil {
		return nil, err
	}
	return f.File(n.Name)
}
