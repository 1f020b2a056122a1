package node

import (
	"errors"
	"fmt"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// wanted are the openings of a role. Those of a control plane are not there
// on a worker. A zero c.SSH.Port means a machine that is not reached by SSH.
func wanted(c *cluster.Cluster, role cluster.Role) ([]rule, error) {
	out := always()
	if c.SSH.Port != 0 {
		out = append(out, from("admins", fmt.Sprintf("tcp dport %d", c.SSH.Port), "sshd, for admins")...)
	}
	if role == cluster.ControlPlane {
		// API servers listen on the endpoint's port, see templates/kubeadm.
		api := fmt.Sprintf("tcp dport %d", c.Endpoint.Port)
		out = append(out, from("nodes", api, "API server, for kubelets and kube-proxy")...)
		// A pod's connection to the service "kubernetes" is translated to this port.
		out = append(out, from("pods", api, "API server, for pods")...)
		out = append(out, from("admins", api, "API server, for admins")...)
		if len(c.Endpoint.Balancers) > 0 {
			out = append(out, from("balancers", api, "API server, for load balancers")...)
		}
		out = append(out, from("control_planes", "tcp dport 2379-2380", "etcd, for API servers and members")...)
	}
	// A machine's own way to its kubelet is loopback.
	out = append(out, from("control_planes", "tcp dport 10250", "kubelet, for API servers")...)

	var errs []error
	matches, err := portMatches(c.Network.CNIPorts)
	errs = append(errs, cluster.Fault("network.cni_ports", err))
	for _, m := range matches {
		out = append(out, from("nodes", m, "pod network, between nodes")...)
	}

	ports, err := nodePorts(c)
	errs = append(errs, err)
	for _, who := range []string{"nodes", "pods", "node_port_clients"} {
		out = append(out, from(who, "meta l4proto { tcp, udp, sctp } th dport "+ports, "NodePort services")...)
	}

	for _, a := range c.Firewall.Allow {
		if !opensOn(a, role) {
			continue
		}
		matches, err := portMatches(a.Ports)
		if err == nil && len(matches) == 0 {
			err = errors.New("it names no port")
		}
		if err != nil {
			errs = append(errs, cluster.Fault("firewall.allow."+a.Name, err))
			continue
		}
		for _, m := range matches {
			out = append(out, from(allowSet(a), m, "allow "+a.Name)...)
		}
	}
	return out, errors.Join(errs...)
}

// opensOn says whether an allow block is meant for nodes of this role.
func opensOn(a cluster.Allow, role cluster.Role) bool { return a.On == "" || a.On == role }

// from is a rule for each family: match, and a source in the set.
func from(set, match, doc string) []rule {
	return []rule{
		{"ip saddr @" + set + "4 " + match, doc},
		{"ip6 saddr @" + set + "6 " + match, doc},
	}
}

// always is what a host needs whoever asks. The ICMP types are those RFC 4890
// (4.4) and RFC 1812 want delivered; redirects are not among them.
func always() []rule {
	return []rule{
		{"icmp type { destination-unreachable, echo-request, time-exceeded, parameter-problem }", "ping, and path MTU discovery"},
		{"icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request }", "ping, and path MTU discovery"},
		// Neighbour discovery is not tracked, so it is never "established".
		{"icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert }", "neighbour discovery"},
		{"icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report }", "multicast listener discovery, without which switches lose neighbours"},
		{"udp sport 67 udp dport 68", "DHCP client"},
		{"ip6 saddr fe80::/10 udp sport 547 udp dport 546", "DHCPv6 client"},
	}
}

// guards are dropped before anything is translated.
//
// An address of a service means something on nodes only. A stranger on the
// same network can send to one by way of any node; kube-proxy would translate
// it, hide the stranger behind the node's address, and so carry him to an API
// server that opens its port to nodes. With the bridge the pod prefixes are
// routed the same way, and no policy engine is there to judge.
func guards(c *cluster.Cluster) []rule {
	const doc = "service addresses are for nodes and pods"
	out := []rule{
		{"ip daddr @services4 ip saddr != @nodes4 ip saddr != @pods4", doc},
		{"ip6 daddr @services6 ip6 saddr != @nodes6 ip6 saddr != @pods6", doc},
	}
	if c.Network.CNI.Kind == cluster.CNIBridge {
		const doc = "pod addresses are for nodes, pods and admins"
		out = append(out,
			rule{"ip daddr @pods4 ip saddr != @nodes4 ip saddr != @pods4 ip saddr != @admins4", doc},
			rule{"ip6 daddr @pods6 ip6 saddr != @nodes6 ip6 saddr != @pods6 ip6 saddr != @admins6", doc})
	}
	return out
}

// loopback is for kind, whose nodes have the same table: Docker's resolver lives on 127.0.0.11 and kind's node
// image translates the queries of pods to it. From outside, nobody reaches
// 127.0.0.0/8; the rule matches only what was translated on this machine.
func loopback() []rule {
	return []rule{{
		"ip saddr @pods4 ip daddr 127.0.0.0/8 ct status dnat",
		"a resolver on loopback that pods' queries are translated to (kind)",
	}}
}

// masquerade is for the bridge only; a manifest's CNI decides for itself.
func masquerade(c *cluster.Cluster) []rule {
	if c.Network.CNI.Kind != cluster.CNIBridge {
		return nil
	}
	const doc = "pods leaving the cluster"
	return []rule{
		{"ip saddr @pods4 ip daddr != @pods4 ip daddr != @nodes4", doc},
		{"ip6 saddr @pods6 ip6 daddr != @pods6 ip6 daddr != @nodes6", doc},
	}
}
