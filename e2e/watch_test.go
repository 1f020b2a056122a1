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
	c.Bulwark(t, "watch", "--once").want(t, 0).says(t, "in sync")

	const hardened = "/etc/sysctl.d/90-bulwark.conf"
	shell(t, c, "w-1", "sysctl -qw vm.overcommit_memory=0")
	shell(t, c, "w-2", "chmod 0666 "+hardened)
	c.Bulwark(t, "watch", "--once").want(t, 2).says(t, "vm.overcommit_memory", hardened)
	c.Bulwark(t, "watch", "--once", "--repair", "--max-changes", "1").want(t, 2).says(t, "--max-changes")
	if got := planted(t, c, hardened); got != "0 666" {
		t.Fatalf("a watch that was not to repair, or not as much, left %q", got)
	}
	c.Bulwark(t, "watch", "--once", "--repair").want(t, 0)
	if got := planted(t, c, hardened); got != "1 600" {
		t.Errorf("after a repair it is %q", got)
	}

	// A kubelet that asks for another serving certificate gets it.
	const current = "/var/lib/kubelet/pki/kubelet-server-current.pem"
	shell(t, c, "w-1", "rm -f "+current+" && systemctl restart kubelet")
	eventually(t, 2*time.Minute, "the kubelet asks for a certificate", func() error {
		names := mustKubectl(t, c, "", "get", "csr", "-o", `jsonpath={range .items[?(@.spec.username=="system:node:w-1")]}{.spec.signerName} {.status.conditions[*].type}{"\n"}{end}`)
		if !strings.Contains(names, "kubernetes.io/kubelet-serving \n") {
			return fmt.Errorf("there is no request that waits: %q", names)
		}
		return nil
	})
	c.Bulwark(t, "watch", "--once").want(t, 2).says(t, "approval/serving")
	c.Bulwark(t, "watch", "--once", "--repair").want(t, 0)
	shell(t, c, "w-1", "test -s "+current)
	c.Bulwark(t, "watch", "--once").want(t, 0).says(t, "in sync")
}

// planted is what testWatch makes drift, as it is now.
func planted(t *testing.T, c *labCluster, file string) string {
	t.Helper()
	return strings.TrimSpace(shell(t, c, "w-1", "sysctl -n vm.overcommit_memory")) + " " + strings.TrimSpace(shell(t, c, "w-2", "stat -c %a "+file))
}
