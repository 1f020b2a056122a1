package node

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// SysctlPath is where [SysctlFile] goes; systemd-sysctl reads it at boot.
const SysctlPath = "/etc/sysctl.d/90-bulwark.conf"

// Sysctls are the kernel settings of a node, without those a deviation skips.
func Sysctls(c *cluster.Cluster, n cluster.Node) []state.Sysctl {
	const (
		defaults = "kubelet.config.protectKernelDefaults"
		pods     = "network.pods"
		cni      = "network.cni"
	)
	// With protectKernelDefaults the kubelet does not set these six, it refuses
	// to start without them (pkg/kubelet/cm/container_manager_linux.go,
	// setupKernelTunables, v1.37.2).
	all := []state.Sysctl{
		{Key: "kernel.keys.root_maxbytes", Value: "25000000", Why: defaults},
		{Key: "kernel.keys.root_maxkeys", Value: "1000000", Why: defaults},
		{Key: "kernel.panic", Value: "10", Why: defaults},
		{Key: "kernel.panic_on_oops", Value: "1", Why: defaults},
		{Key: "vm.overcommit_memory", Value: "1", Why: defaults},
		{Key: "vm.panic_on_oom", Value: "0", Why: defaults},
	}
	v4, v6 := families(c, n)
	// A pod's answer to another pod on the same bridge never meets the IP
	// stack otherwise, so a service address would not be translated back:
	// true of every CNI that bridges, whatever the mode of kube-proxy.
	if v4 {
		all = append(all,
			state.Sysctl{Key: "net.bridge.bridge-nf-call-iptables", Value: "1", Why: cni},
			state.Sysctl{Key: "net.ipv4.ip_forward", Value: "1", Why: pods})
	}
	if v6 {
		all = append(all,
			state.Sysctl{Key: "net.bridge.bridge-nf-call-ip6tables", Value: "1", Why: cni},
			state.Sysctl{Key: "net.ipv6.conf.all.forwarding", Value: "1", Why: pods})
	}
	out := slices.DeleteFunc(all, func(s state.Sysctl) bool { return skipped(c, s.Key) })
	slices.SortFunc(out, func(a, b state.Sysctl) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// families says which address families pods and the node speak.
func families(c *cluster.Cluster, n cluster.Node) (v4, v6 bool) {
	addresses := []netip.Addr{n.Address}
	for _, p := range c.Network.Pods {
		addresses = append(addresses, p.Addr())
	}
	for _, a := range addresses {
		v4 = v4 || a.Unmap().Is4()
		v6 = v6 || a.Unmap().Is6()
	}
	return v4, v6
}

// skipped says whether a deviation leaves a key to who owns the kernel.
func skipped(c *cluster.Cluster, key string) bool {
	for _, d := range c.Deviations {
		if slices.Contains(d.SkipSysctls, key) || slices.Contains(d.SkipSysctls, "*") && !Namespaced(key) {
			return true
		}
	}
	return false
}

// Namespaced says whether writing a key changes the writer's own namespaces
// only. For everything else there is one value on a machine: a container that
// writes it changes its host. It answers true for keys it knows, and false
// for all others, so that an unknown one is left alone.
//
// net.bridge.* has a value for each network namespace since Linux 5.3; a
// container on an older kernel does not have the keys at all.
func Namespaced(key string) bool {
	for _, known := range []string{
		"net.ipv4.ip_forward", "net.ipv4.conf.", "net.ipv6.conf.",
		"net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables",
	} {
		if key == known || strings.HasSuffix(known, ".") && strings.HasPrefix(key, known) {
			return true
		}
	}
	return false
}

// SysctlFile is [Sysctls] for [SysctlPath]; nil when a deviation skips them all.
func SysctlFile(c *cluster.Cluster, n cluster.Node) []byte {
	sysctls := Sysctls(c, n)
	if len(sysctls) == 0 {
		return nil
	}
	var out bytes.Buffer
	out.WriteString(header)
	for _, s := range sysctls {
		fmt.Fprintf(&out, "\n# %s\n%s = %s\n", s.Why, s.Key, s.Value)
	}
	return out.Bytes()
}
