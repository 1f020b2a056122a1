package node

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

func TestSpans(t *testing.T) {
	for want, in := range map[string][]span{
		"6443":         {{6443, 6443}, {6443, 6443}},
		"{ 80, 443 }":  {{443, 443}, {80, 80}},
		"1-4":          {{3, 4}, {1, 2}},
		"{ 1-10, 12 }": {{1, 10}, {2, 3}, {12, 12}},
		"60000-65535":  {{65535, 65535}, {60000, 65535}},
	} {
		if got := spans(in); got != want {
			t.Errorf("spans(%v) = %q, want %q", in, got, want)
		}
	}
}

// TestNodePorts follows the cases of apimachinery's PortRange.
func TestNodePorts(t *testing.T) {
	for text, want := range map[string]string{
		"": "30000-32767", "100-200": "100-200", " 100-200 ": "100-200", "100+100": "100-200", "30000": "30000", "7-7": "7",
		"9-1": "", "0-0": "", "1-70000": "", "65535+1": "", "a": "", "1-2-3": "", "-1": "", "1+": "",
	} {
		got, err := nodePorts(&cluster.Cluster{APIServer: cluster.Component{Args: map[string]string{"service-node-port-range": text}}})
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestElements(t *testing.T) {
	v4, v6, err := elements(prefixes(t, "10.1.2.3/8", "::/0", "192.0.2.1/32", "10.0.0.0/8", "::ffff:198.51.100.0/120", "fd00::1/128"))
	if err != nil || v4 != "10.0.0.0/8, 192.0.2.1, 198.51.100.0/24" || v6 != "::/0, fd00::1" {
		t.Errorf("%q %q %v", v4, v6, err)
	}
}

func TestDeviationsSkip(t *testing.T) {
	c := flat(t)
	c.Deviations = []cluster.Deviation{{SkipSysctls: []string{"*"}}, {SkipSysctls: []string{"net.ipv4.ip_forward"}}}
	var keys []string
	for _, s := range Sysctls(c, c.Nodes[0]) {
		keys = append(keys, s.Key)
	}
	if want := []string{"net.bridge.bridge-nf-call-iptables"}; !slices.Equal(keys, want) {
		t.Errorf("%v, want %v", keys, want)
	}
	c.Deviations[0].SkipModules = true
	if Modules(c) != nil || ModulesFile(c) != nil {
		t.Error("modules in spite of the deviation")
	}
	c.Deviations[1].SkipSysctls = append(c.Deviations[1].SkipSysctls, "net.bridge.bridge-nf-call-iptables")
	if SysctlFile(c, c.Nodes[0]) != nil {
		t.Error("a sysctl file without sysctls")
	}
}

func TestNamespaced(t *testing.T) {
	for key, want := range map[string]bool{
		"net.ipv4.ip_forward": true, "net.ipv6.conf.all.forwarding": true, "net.bridge.bridge-nf-call-iptables": true,
		"vm.overcommit_memory": false, "kernel.panic": false, "kernel.keys.root_maxkeys": false,
		"net.netfilter.nf_conntrack_max": false, "net.core.bpf_jit_harden": false, "net.ipv4.conf": false, "": false,
	} {
		if Namespaced(key) != want {
			t.Errorf("%s: %v", key, !want)
		}
	}
}

// TestReferences: every run-time value is asked for by a name that resolves.
func TestReferences(t *testing.T) {
	c := six(t)
	conf, err := BridgeConflist(c, c.Nodes[1])
	if err != nil {
		t.Fatal(err)
	}
	if got := state.Refs(conf); !slices.Equal(got, []string{"pod-cidr-6/w-1", "pod-cidr/w-1"}) {
		t.Errorf("conflist refers to %v", got)
	}
	if got := state.Refs(routes(t, c).File(c.Nodes[1].Name)); !slices.Equal(got, []string{"pod-cidr-6/cp-1", "pod-cidr-6/w-2", "pod-cidr/cp-1", "pod-cidr/w-2"}) {
		t.Errorf("routes refer to %v", got)
	}
	c.Nodes[2].Address = netip.MustParseAddr("10.0.0.22")
	if _, err := NewRoutes(c); err == nil {
		t.Error("IPv6 pods behind an IPv4 address were routed")
	}
	if _, err := BridgeConflist(c, c.Nodes[1]); err == nil {
		t.Error("IPv6 pods behind an IPv4 address were accepted")
	}
}

func routes(t *testing.T, c *cluster.Cluster) *Routes {
	t.Helper()
	r, err := NewRoutes(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
