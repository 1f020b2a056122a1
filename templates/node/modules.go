package node

import (
	"bytes"
	"fmt"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// ModulesPath is where [ModulesFile] goes; systemd-modules-load reads it at boot.
const ModulesPath = "/etc/modules-load.d/bulwark.conf"

// Modules are the kernel modules a node needs, nil when a deviation leaves
// them to the machine's host. Most would be loaded on first use; named here
// they are there also where later loading is locked (kernel.modules_disabled),
// and before connections are made that should be tracked.
func Modules(c *cluster.Cluster) []state.Module {
	for _, d := range c.Deviations {
		if d.SkipModules {
			return nil
		}
	}
	const (
		runtime   = "container file systems"
		bridged   = "network.cni"
		firewall  = "firewall"
		kubeProxy = "kube_proxy.config.mode"
	)
	return []state.Module{
		{Name: "br_netfilter", Why: bridged},
		{Name: "nf_conntrack", Why: firewall},
		{Name: "nf_tables", Why: firewall},
		{Name: "nft_chain_nat", Why: kubeProxy},
		{Name: "nft_ct", Why: firewall},
		{Name: "nft_fib_inet", Why: firewall},
		{Name: "nft_masq", Why: kubeProxy},
		{Name: "nft_nat", Why: kubeProxy},
		{Name: "nft_numgen", Why: kubeProxy},
		{Name: "nft_reject_inet", Why: kubeProxy},
		{Name: "overlay", Why: runtime},
	}
}

// ModulesFile is [Modules] for [ModulesPath]; nil when there are none.
func ModulesFile(c *cluster.Cluster) []byte {
	modules := Modules(c)
	if len(modules) == 0 {
		return nil
	}
	var out bytes.Buffer
	out.WriteString(header)
	for _, m := range modules {
		fmt.Fprintf(&out, "# %s\n%s\n", m.Why, m.Name)
	}
	return out.Bytes()
}
