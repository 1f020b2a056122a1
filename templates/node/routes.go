package node

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

const (
	// RoutesPath is where [Routes.File] goes.
	RoutesPath = ConfigDir + "/routes.batch"
	// RoutesUnitName sets the routes, at boot and when it is started again.
	RoutesUnitName = "bulwark-routes.service"
	// RoutesUnitPath is where [RoutesUnit] goes.
	RoutesUnitPath = UnitDir + "/" + RoutesUnitName
	// RouteProtocol marks our routes among all others (ip-route(8),
	// "protocol"), so that they can be listed and taken away without knowing
	// them. Nobody claims the number in iproute2's or the kernel's list.
	RouteProtocol = 98
)

// Routes are the ways to the pods of each node, by its name, in the order of
// the spec; a node's own [Routes.File] has those of all others.
type Routes struct {
	nodes []string
	lines [][]byte
}

// NewRoutes leads to the pods of every node by that node's address, as input for
// `ip -batch`: constant words, checked names and addresses, and references. Each
// line can be said twice.
func NewRoutes(c *cluster.Cluster) (*Routes, error) {
	if err := CheckBridge(c); err != nil {
		return nil, err
	}
	r := &Routes{}
	for _, n := range c.Nodes {
		if err := checkName("node", n.Name); err != nil {
			return nil, err
		}
		via := n.Address.Unmap().WithZone("")
		if !via.IsValid() {
			return nil, fmt.Errorf("node %q has no address", n.Name)
		}
		var lines bytes.Buffer
		for _, p := range c.Network.Pods {
			v6 := p.Addr().Unmap().Is6()
			family := ""
			if !v6 && via.Is6() {
				family = "inet6 "
			}
			fmt.Fprintf(&lines, "route replace %s via %s%s proto %d\n",
				state.Ref(PodCIDR(n.Name, v6)), family, via, RouteProtocol)
		}
		r.nodes, r.lines = append(r.nodes, n.Name), append(r.lines, lines.Bytes())
	}
	return r, nil
}

// File leads to the pods of every node but the one it lies on.
func (r *Routes) File(node string) []byte {
	out := []byte(header)
	for i, n := range r.nodes {
		if n != node {
			out = append(out, r.lines[i]...)
		}
	}
	return out
}

// RoutesUnit keeps the routes over reboots. Starting it again also takes away
// those that are no longer in the file. It tries until the network is there,
// since not every machine has a unit that knows when that is; and it follows
// systemd-networkd, which on its own restart removes routes it did not make
// (networkd.conf(5), ManageForeignRoutes). Trying again wants systemd 244.
func RoutesUnit() []byte {
	proto := strconv.Itoa(RouteProtocol)
	return []byte(header + `[Unit]
Description=bulwark: routes to the pods of other nodes
Wants=network-online.target
After=network-online.target systemd-networkd.service
PartOf=systemd-networkd.service
StartLimitIntervalSec=0

[Service]
Type=oneshot
RemainAfterExit=yes
# One route that cannot be set does not keep the others from being set.
ExecStart=ip -force -batch ` + RoutesPath + `
ExecReload=ip -force -batch ` + RoutesPath + `
# The dash: a machine without any route has no table to flush, says ip.
ExecStop=-ip -4 route flush proto ` + proto + `
ExecStop=-ip -6 route flush proto ` + proto + `
Restart=on-failure
RestartSec=2

[Install]
WantedBy=multi-user.target
`)
}
