package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

const (
	// ConflistPath is where [BridgeConflist] goes. It sorts before what other
	// pod networks write, and the runtime takes the first.
	ConflistPath = "/etc/cni/net.d/10-bulwark.conflist"
	// BridgeName is the interface the bridge plugin makes.
	BridgeName = "bulwark0"
	// ConflistName names the network, and the directory of its addresses.
	ConflistName = "bulwark"
	// AddressesDir is where host-local notes which addresses are taken. It and
	// the empty AddressesLock are made beforehand, as [DirMode] and
	// [FileMode]: host-local would make the lock 0750, and CIS 1.1.9 wants
	// every file there to be 0600. All others it makes so itself.
	AddressesDir = "/var/lib/cni/networks/" + ConflistName
	// AddressesLock is what host-local locks.
	AddressesLock = AddressesDir + "/lock"
	// PortmapTable is the table the portmap plugin makes for host ports, in
	// the families ip and ip6; a reset takes it away.
	PortmapTable = "cni_hostport"
)

// PodCIDR names the run-time value of a node's pod prefix of one family, for
// [state.Ref]: "pod-cidr/NODE" is always the IPv4 prefix and "pod-cidr-6/NODE"
// always the IPv6 one, whichever comes first in the cluster.
func PodCIDR(node string, v6 bool) string {
	if v6 {
		return "pod-cidr-6/" + node
	}
	return "pod-cidr/" + node
}

// BridgeConflist is the pod network of `cni "bridge"` on one node, for
// [ConflistPath]: a bridge with the node's pod prefix, and host ports. Where
// [cluster.Cluster.PodPlugin] is ptp, a link and a host route for each pod stand
// in for the bridge; addresses, and the way to other nodes, are the same.
//
// Neither plugin masquerades: that would hide pods from pods of other nodes.
// What leaves the cluster is masqueraded by [Firewall]. Older portmap plugins
// do not know "backend" and take iptables.
// Sources: https://www.cni.dev/plugins/current/main/bridge/, …/main/ptp/, …/ipam/host-local/, …/meta/portmap/.
func BridgeConflist(c *cluster.Cluster, n cluster.Node) ([]byte, error) {
	if err := CheckBridge(c); err != nil {
		return nil, err
	}
	if err := checkName("node", n.Name); err != nil {
		return nil, err
	}
	type subnet struct {
		Subnet string `json:"subnet"`
	}
	type route struct {
		Dst string `json:"dst"`
	}
	type ipam struct {
		Type   string     `json:"type"`
		Ranges [][]subnet `json:"ranges"`
		Routes []route    `json:"routes,omitempty"`
	}
	type plugin struct {
		Type             string          `json:"type"`
		Bridge           string          `json:"bridge,omitempty"`
		IsDefaultGateway bool            `json:"isDefaultGateway,omitempty"`
		HairpinMode      bool            `json:"hairpinMode,omitempty"`
		IPMasq           *bool           `json:"ipMasq,omitempty"`
		IPAM             *ipam           `json:"ipam,omitempty"`
		Capabilities     map[string]bool `json:"capabilities,omitempty"`
		SNAT             bool            `json:"snat,omitempty"`
		Backend          string          `json:"backend,omitempty"`
	}
	no := false
	addresses := ipam{Type: "host-local"}
	// A pod reaches itself through its own service only by hairpin.
	link := plugin{Type: "bridge", Bridge: BridgeName, IsDefaultGateway: true, HairpinMode: true, IPMasq: &no, IPAM: &addresses}
	if c.PodPlugin() == "ptp" {
		link = plugin{Type: "ptp", IPMasq: &no, IPAM: &addresses}
	}
	for _, p := range c.Network.Pods {
		v6 := p.Addr().Unmap().Is6()
		addresses.Ranges = append(addresses.Ranges, []subnet{{Subnet: state.Ref(PodCIDR(n.Name, v6))}})
		if link.Type == "ptp" { // it makes no default route by itself
			all := "0.0.0.0/0"
			if v6 {
				all = "::/0"
			}
			addresses.Routes = append(addresses.Routes, route{all})
		}
	}
	list := struct {
		CNIVersion string   `json:"cniVersion"`
		Name       string   `json:"name"`
		Plugins    []plugin `json:"plugins"`
	}{
		CNIVersion: "1.0.0",
		Name:       ConflistName,
		Plugins: []plugin{
			link,
			{Type: "portmap", Capabilities: map[string]bool{"portMappings": true}, SNAT: true, Backend: "nftables"},
		},
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // references are written with < and >
	enc.SetIndent("", "  ")
	if err := enc.Encode(list); err != nil {
		return nil, fmt.Errorf("pod network of %s: %w", n.Name, err)
	}
	return out.Bytes(), nil
}

// CheckBridge says why `cni "bridge"` cannot connect this cluster. A route
// needs an address of the other node to lead to; an IPv4 prefix can be routed
// to an IPv6 address (RFC 5549), but not the other way round.
func CheckBridge(c *cluster.Cluster) error {
	var without []string
	for _, n := range c.Nodes {
		if !n.Address.Unmap().Is6() {
			without = append(without, n.Name)
		}
	}
	if len(without) == 0 {
		return nil
	}
	who := strings.Join(without[:min(len(without), 3)], ", ")
	if more := len(without) - 3; more > 0 {
		who += fmt.Sprintf(" and %d more", more)
	}
	var errs []error
	for _, p := range c.Network.Pods {
		if p.Addr().Unmap().Is6() {
			errs = append(errs, cluster.Fault("network.pods", fmt.Errorf("cni \"bridge\" leads to pods of %s by their nodes' IPv6 addresses, and there is none on %s; leave the prefix out, give nodes IPv6 addresses, or use cni \"manifest\"", p, who)))
		}
	}
	return errors.Join(errs...)
}
