package node

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", path, diff)
	}
}

// TestGolden holds every byte of this package.
func TestGolden(t *testing.T) {
	must := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	node := func(c *cluster.Cluster, name string) cluster.Node {
		t.Helper()
		n, ok := c.Node(name)
		if !ok {
			t.Fatalf("no node %s", name)
		}
		return n
	}
	d, f, s := dual(t), flat(t), six(t)
	kind := flat(t)
	kind.Deviations = []cluster.Deviation{{ID: "shared-kernel", SkipSysctls: []string{"*"}, SkipModules: true}}

	ptp := six(t)
	ptp.Deviations = []cluster.Deviation{{ID: "no-bridge", PointToPoint: true}}

	for name, render := range map[string]func() []byte{
		"dual-cp-1.nft":           func() []byte { return must(firewall(d, node(d, "cp-1"))) },
		"dual-w-1.nft":            func() []byte { return must(firewall(d, node(d, "w-1"))) },
		"flat-cp-1.nft":           func() []byte { return must(firewall(f, node(f, "cp-1"))) },
		"flat-w-1.nft":            func() []byte { return must(firewall(f, node(f, "w-1"))) },
		"flat-w-1.conflist":       func() []byte { return must(BridgeConflist(f, node(f, "w-1"))) },
		"ptp-w-1.conflist":        func() []byte { return must(BridgeConflist(ptp, node(ptp, "w-1"))) },
		"six-w-1.conflist":        func() []byte { return must(BridgeConflist(s, node(s, "w-1"))) },
		"flat-w-1.batch":          func() []byte { return routes(t, f).File("w-1") },
		"six-w-1.batch":           func() []byte { return routes(t, s).File("w-1") },
		"flat.sysctl.conf":        func() []byte { return SysctlFile(f, node(f, "w-1")) },
		"dual.sysctl.conf":        func() []byte { return SysctlFile(d, node(d, "w-1")) },
		"kind.sysctl.conf":        func() []byte { return SysctlFile(kind, node(kind, "w-1")) },
		"modules.conf":            func() []byte { return ModulesFile(f) },
		"etcd.sysusers.conf":      EtcdAccount,
		FirewallUnitName:          FirewallUnit,
		AccountUnitName:           AccountUnit,
		RoutesUnitName:            RoutesUnit,
		RestoreUnitName:           RestoreUnit,
		KubeletUnitName:           KubeletUnit,
		"kubelet.10-kubeadm.conf": KubeletDropIn,
	} {
		t.Run(name, func(t *testing.T) {
			got := render()
			golden(t, name, got)
			for range 5 {
				if !bytes.Equal(got, render()) {
					t.Fatal("not the same bytes again")
				}
			}
		})
	}
}
