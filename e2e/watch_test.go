package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// testWatch: a living cluster is in sync, what drifts is seen and only reported,
// and repaired where that was asked for, up to the cap.
func testWatch(t *testing.T, c *labCluster) {
	c.Bulwark(t, "watch", "--once").want(t, 0).says(t, "state in-sync")

	const table, settings = "/etc/bulwark/firewall.nft", "/etc/sysctl.d/90-bulwark.conf"
	modes := func() string {
		t.Helper()
		return strings.TrimSpace(shell(t, c, "w-1", "stat -c %a "+table)) + " " + strings.TrimSpace(shell(t, c, "w-2", "stat -c %a "+settings))
	}
	shell(t, c, "w-1", "chmod 0660 "+table)
	shell(t, c, "w-2", "chmod 0666 "+settings)
	c.Bulwark(t, "watch", "--once").want(t, 2).says(t, table, settings)
	c.Bulwark(t, "watch", "--once", "--repair", "--max-changes", "1").want(t, 2).says(t, "--max-changes")
	if got := modes(); got != "660 666" {
		t.Fatalf("a watch that was not to repair, or not as much, left %q", got)
	}
	c.Bulwark(t, "watch", "--once", "--repair").want(t, 0).says(t, "Repaired: 2 steps")
	if got := modes(); got != "600 600" {
		t.Errorf("after a repair they are %q", got)
	}

	// A kubelet that asks for another serving certificate gets it.
	const current = "/var/lib/kubelet/pki/kubelet-server-current.pem"
	shell(t, c, "w-1", "rm -f "+current+" && systemctl restart kubelet")
	eventually(t, 2*time.Minute, "the kubelet asks for a certificate", func() error {
		names := mustKubectl(t, c, "", "get", "csr", "-o", `jsonpath={range .items[?(@.spec.username=="system:node:w-1")]}{.spec.signerName}:{.status.conditions[*].type};{end}`)
		if !strings.Contains(names, "kubernetes.io/kubelet-serving:;") {
			return fmt.Errorf("there is no request that waits: %q", names)
		}
		return nil
	})
	c.Bulwark(t, "watch", "--once").want(t, 2).says(t, "a serving certificate of its own")
	c.Bulwark(t, "watch", "--once", "--repair").want(t, 0)
	shell(t, c, "w-1", "test -s "+current)
	c.Bulwark(t, "watch", "--once").want(t, 0).says(t, "state in-sync")
}
