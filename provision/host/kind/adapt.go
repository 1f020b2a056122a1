package kind

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"maps"
	"net/netip"
	"strings"

	"sigs.k8s.io/kind/pkg/cluster/nodes"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
)

// SpecName is the label that keeps a node's name of the spec, where the
// container goes by kind's.
const SpecName = "bulwark/node"

// factsProgram reads what [Adapt] must know of a container, a line each.
var factsProgram = host.Program{Name: "facts of kind's node", Text: `
cat /kind/version
ip -4 route show default | sed -n 's/^default via \([0-9.]*\).*/\1/p' | head -n 1
stat -fc %T /sys/fs/cgroup
sed 1d /proc/swaps | wc -l
ip -4 -o address show dev eth0 | sed -n 's/.* inet \([0-9./]*\).*/\1/p' | head -n 1
if [ ! -e /opt/cni/bin/bridge ] && [ -e /opt/cni/bin/ptp ]; then echo ptp; else echo bridge; fi
`}

// facts are the answers of factsProgram.
type facts struct {
	version cluster.Version
	gateway netip.Addr
	// network is kind's, which Docker gives addresses of from below.
	network netip.Prefix
	// cgroup is 1 or 2, of the host that all containers share.
	cgroup int
	swap   bool
	// plugin is the CNI plugin that can connect pods.
	plugin string
}

// Adapt is the cluster as kind's nodes can be it: their names and addresses,
// an endpoint that is the first control plane, or a virtual address of theirs, the Kubernetes version of the
// image, the host among the admins, and what a container cannot do as
// [cluster.Deviation]s. Everything else stays the spec's.
func Adapt(ctx context.Context, c *cluster.Cluster) (*cluster.Cluster, error) {
	have, err := containers(c)
	if err != nil {
		return nil, err
	}
	f, err := factsOf(ctx, have[firstControlPlane(c)])
	if err != nil {
		return nil, err
	}
	if !f.version.SameMinor(c.Kubernetes) {
		return nil, fmt.Errorf("the node image has Kubernetes %s and the spec asks for %s: use an image of %d.%d, or change the spec (%s)",
			f.version, c.Kubernetes, c.Kubernetes.Major, c.Kubernetes.Minor, c.Origin("kubernetes"))
	}
	out := *c
	out.Kubernetes = f.version
	// There is no sshd, so no port to keep open and no key to know.
	out.SSH = cluster.SSH{}
	out.Firewall.Admins = append(append([]netip.Prefix(nil), c.Firewall.Admins...), netip.PrefixFrom(f.gateway, f.gateway.BitLen()))
	out.Origins = maps.Clone(c.Origins)
	out.Nodes = nil
	for i, n := range c.Nodes {
		v4, _, err := have[i].IP()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", have[i], err)
		}
		if n.Address, err = netip.ParseAddr(v4); err != nil {
			return nil, fmt.Errorf("%s: kind gave it no IPv4 address: %w", have[i], err)
		}
		labels := maps.Clone(n.Labels)
		if labels == nil {
			labels = map[string]string{}
		}
		labels[SpecName] = n.Name
		n.Labels, n.Name, n.HostKey, n.SSHHost = labels, have[i].String(), "", ""
		out.Nodes = append(out.Nodes, n)
	}
	out.Endpoint = cluster.Endpoint{Host: out.ControlPlanes()[0].Address.String(), Port: c.Endpoint.Port}
	if c.Endpoint.VIP.IsValid() {
		out.Endpoint.VIP = virtual(f.network, c.Name)
		out.Endpoint.Host = out.Endpoint.VIP.String()
	}
	out.Deviations = append(append([]cluster.Deviation(nil), c.Deviations...), deviations(f, &out)...)
	return &out, nil
}

// virtual is an address at the end of kind's network, where Docker gives none
// before all others are taken: the same one for a name every time.
func virtual(network netip.Prefix, name string) netip.Addr {
	hash := fnv.New32()
	_, _ = hash.Write([]byte(name))
	last := network.Masked().Addr().As4()
	binary.BigEndian.PutUint32(last[:], binary.BigEndian.Uint32(last[:])|^uint32(0)>>network.Bits())
	last[3] -= byte(2 + hash.Sum32()%100) // not the broadcast address
	return netip.AddrFrom4(last)
}

// factsOf asks one container; the others share its image and its host.
func factsOf(ctx context.Context, n nodes.Node) (facts, error) {
	h := &Host{n}
	res, err := h.Exec(ctx, factsProgram, nil)
	if err == nil && res.Exit != 0 {
		err = &host.CommandError{Host: h.String(), Program: factsProgram.Name, Exit: res.Exit, Stderr: string(res.Stderr)}
	}
	if err != nil {
		return facts{}, err
	}
	lines := strings.Split(strings.TrimRight(string(res.Stdout), "\n"), "\n")
	if len(lines) != 6 {
		return facts{}, fmt.Errorf("%s: this is no kind node image: %s", h, host.Tail(res.Stdout))
	}
	f := facts{cgroup: 1, swap: strings.TrimSpace(lines[3]) != "0", plugin: lines[5]}
	if lines[2] == "cgroup2fs" {
		f.cgroup = 2
	}
	if f.version, err = cluster.ParseVersion(lines[0]); err != nil {
		return f, fmt.Errorf("%s: /kind/version: %w", h, err)
	}
	if f.gateway, err = netip.ParseAddr(lines[1]); err != nil {
		return f, fmt.Errorf("%s: default gateway of its network: %w", h, err)
	}
	if f.network, err = netip.ParsePrefix(lines[4]); err != nil || !f.network.Addr().Is4() || f.network.Bits() > 24 {
		return f, fmt.Errorf("%s: %q is no IPv4 network of 256 addresses or more (%w)", h, lines[4], err)
	}
	return f, nil
}
