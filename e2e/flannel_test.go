package e2e_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestManifestCNI is a cluster whose pod network is a manifest, that of
// examples/flannel: what it carries, what the firewall lets through for it,
// and what a reset leaves of it.
func TestManifestCNI(t *testing.T) {
	t.Parallel() // it waits most of the time, as do kills and rogues
	c := newLabCluster(t)
	c.file(t, "flannel.yaml", exampleManifest(t))
	s := c.standard()
	s.CNI = `cni "manifest" { manifest = file("flannel.yaml") }`
	s.More = `  admission { exempt_namespaces = ["kube-flannel"] }`
	c.write(t, s)
	fresh := inventories(t, c)

	if !step(t, "bootstrap", func(t *testing.T) { allPassed(t, c.Bulwark(t, "apply", "--auto-approve", "-o", "json")) }) {
		t.Fatal("there is no cluster to go on with")
	}
	step(t, "nodes are ready and pods reach services", func(t *testing.T) { testPods(t, c) })
	step(t, "VXLAN is open to nodes and to nobody else", func(t *testing.T) { testVXLAN(t, c) })
	step(t, "a privileged pod is refused", func(t *testing.T) { testPrivileged(t, c) })
	step(t, "a second apply does nothing", func(t *testing.T) { testSecondApply(t, c) })
	step(t, "reset leaves nothing but what is listed", func(t *testing.T) {
		// What flannel has instead of its nftables tables where its configuration says so.
		shell(t, c, "w-1", "iptables -t nat -N FLANNEL-POSTRTG; iptables -t nat -A POSTROUTING -j FLANNEL-POSTRTG")
		// The stricter modes of its folders are those of the bridge.
		allowed := strings.Replace(leftovers, "\npath /etc/cni d ", "\n~path /etc/cni d ", 1)
		resetLeaves(t, c, fresh, allowed+"(path|digest) .*/opt/cni/bin/flannel( .*)?  software that the manifest brought\n")
	})
}

var exampleImage = regexp.MustCompile(`(?m)image: (flannel/[a-z-]+):.+$`)

// exampleManifest is the example's, with the images that the lab's machines
// have. They end as the published ones do: by that the firewall knows flannel.
func exampleManifest(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../examples/flannel/flannel.yaml")
	if err != nil {
		t.Fatal(err)
	}
	manifest := exampleImage.ReplaceAllString(string(text), "image: localhost/$1:lab")
	if n := strings.Count(manifest, ":lab\n"); n != 3 {
		t.Fatalf("the example names %d images of flannel, want 3", n)
	}
	return manifest
}

// testVXLAN sends datagrams to the port of VXLAN. They are none, so that it is
// the firewall's counter that says which of them were dropped.
func testVXLAN(t *testing.T, c *labCluster) {
	const many = 50
	send := fmt.Sprintf("for i in $(seq %d); do echo no >/dev/udp/%s/8472; done", many, c.Address("w-1"))
	drops := func(from string, exec func(context.Context, ...string) (string, error)) int {
		t.Helper()
		before := droppedOn(t, c, "w-1")
		if out, err := exec(t.Context(), "bash", "-euc", send); err != nil {
			t.Fatalf("%s: %v: %s", from, err, out)
		}
		return droppedOn(t, c, "w-1") - before
	}
	if n := drops("w-2", func(ctx context.Context, args ...string) (string, error) { return c.Exec(ctx, "w-2", nil, args...) }); n >= many {
		t.Errorf("%d of a node's %d datagrams were dropped", n, many)
	}
	if n := drops("a stranger", c.stranger.Exec); n < many {
		t.Errorf("only %d of a stranger's %d datagrams were dropped", n, many)
	}
	// That this is the port which carries the pods' packets.
	if got := shell(t, c, "w-1", "ip -d link show flannel.1"); !strings.Contains(got, "dstport 8472") {
		t.Errorf("flannel's device is %s", got)
	}
	if got := shell(t, c, "w-1", "cat /sys/class/net/flannel.1/statistics/rx_packets"); got == "0" {
		t.Error("nothing came over VXLAN")
	}
}

// droppedOn is the firewall's counter of dropped packets on a node.
func droppedOn(t *testing.T, c *labCluster, node string) int {
	t.Helper()
	m := dropped.FindStringSubmatch(shell(t, c, node, "nft list table inet bulwark"))
	if m == nil {
		t.Fatalf("%s: the table counts nothing", node)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
