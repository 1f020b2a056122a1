package cluster

import (
	"fmt"
	"net/netip"
)

// Network is the cluster's address plan.
type Network struct {
	// Pods and Services hold one prefix of each family, the first one primary.
	Pods, Services []netip.Prefix
	// DNSDomain is "cluster.local" unless the spec says otherwise.
	DNSDomain string
	CNI       CNI
	// CNIPorts are open between nodes for the CNI's own traffic.
	CNIPorts []Port
}

// CNIKind says who makes pod networking.
type CNIKind string

const (
	// CNIBridge is the reference bridge plugin with routes between nodes on one
	// flat L2 network. It enforces no NetworkPolicy.
	CNIBridge CNIKind = "bridge"
	// CNIManifest is a manifest of the user's, applied as it is.
	CNIManifest CNIKind = "manifest"
	// CNIExternal is somebody else's: bulwark writes nothing of it and applies
	// nothing, and only waits for nodes to be Ready by it.
	CNIExternal CNIKind = "external"
)

// CNI is the choice of pod networking.
type CNI struct {
	Kind CNIKind
	// Manifest is the YAML text when Kind is [CNIManifest].
	Manifest []byte
}

// PodPlugin is the CNI plugin that connects the pods of a node where the kind
// is [CNIBridge]: "bridge", or "ptp" where a deviation says so.
func (c *Cluster) PodPlugin() string {
	for _, d := range c.Deviations {
		if d.PointToPoint {
			return "ptp"
		}
	}
	return "bridge"
}

// Port is a protocol with one port or a range, or an IP protocol without any.
// It is written "tcp/443", "udp/8472", "tcp/30000-32767" or "ipip".
type Port struct {
	// Proto is "tcp", "udp", "sctp", or an IP protocol's name as nft knows it.
	Proto string
	// First and Last are equal for one port, and 0 for a protocol without ports.
	First, Last uint16
}

// String writes the port as the spec does.
func (p Port) String() string {
	switch {
	case p.First == 0:
		return p.Proto
	case p.First == p.Last:
		return fmt.Sprintf("%s/%d", p.Proto, p.First)
	}
	return fmt.Sprintf("%s/%d-%d", p.Proto, p.First, p.Last)
}
