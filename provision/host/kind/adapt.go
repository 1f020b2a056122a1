package kind

import (
	"context"
	"fmt"
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
if [ ! -e /opt/cni/bin/bridge ] && [ -e /opt/cni/bin/ptp ]; then echo ptp; else echo bridge; fi
`}

// facts are the answers of factsProgram.
type facts struct {
	version cluster.Version
	gateway netip.Addr
	// cgroup is 1 or 2, of the host that all containers share.
	cgroup int
	swap   bool
	// plugin is the CNI plugin that can connect pods.
	plugin string
}

// Adapt is the cluster as kind's nodes can be it: their names and addresses,
// an endpoint that is the control plane itself, the Kubernetes version of the
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
	out.Endpoint.Host = out.ControlPlanes()[0].Address.String()
	out.Deviations = append(append([]cluster.Deviation(nil), c.Deviations...), deviations(f, c.Network.CNI.Kind)...)
	return &out, nil
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
	if len(lines) != 5 {
		return facts{}, fmt.Errorf("%s: this is no kind node image: %s", h, host.Tail(res.Stdout))
	}
	f := facts{cgroup: 1, swap: strings.TrimSpace(lines[3]) != "0", plugin: lines[4]}
	if lines[2] == "cgroup2fs" {
		f.cgroup = 2
	}
	if f.version, err = cluster.ParseVersion(lines[0]); err != nil {
		return f, fmt.Errorf("%s: /kind/version: %w", h, err)
	}
	if f.gateway, err = netip.ParseAddr(lines[1]); err != nil {
		return f, fmt.Errorf("%s: default gateway of its network: %w", h, err)
	}
	return f, nil
}
