//go:build planes

package e2e_test

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

// TestStockControlPlanes: a cluster of three control planes behind a load balancer, as
// kubeadm makes it, is imported and hardened in place, while a prober asks each API
// server and a workload is asked all the time.
func TestStockControlPlanes(t *testing.T) {
	planes := []string{"cp-1", "cp-2", "cp-3"}
	c := newLabCluster(t, "cp-1", "cp-2", "cp-3", "w-1", "w-2")
	newBalancer(t, netip.AddrPortFrom(c.set.Admin, 6443), c.Address("cp-1"), c.Address("cp-2"), c.Address("cp-3"))
	if !step(t, "kubeadm makes a cluster", func(t *testing.T) {
		stockCluster(t, c, fmt.Sprintf("controlPlaneEndpoint: %q", netip.AddrPortFrom(c.set.Admin, 6443)))
	}) {
		t.Fatal("there is no cluster to go on with")
	}
	workload(t, c)
	if !step(t, "it is imported", func(t *testing.T) {
		testImported(t, c)
		text, err := os.ReadFile(c.spec)
		if err != nil {
			t.Fatal(err)
		}
		// What an import cannot know: where the load balancer connects from.
		host := fmt.Sprintf("host = %q\n", c.set.Admin)
		balanced := strings.Replace(string(text), host, host+fmt.Sprintf("    balancers = [\"%s/32\"]\n", c.set.Admin), 1)
		if balanced == string(text) {
			t.Fatal("the endpoint is not in the spec")
		}
		if err := os.WriteFile(c.spec, []byte(balanced), 0o600); err != nil {
			t.Fatal(err)
		}
	}) {
		t.Fatal("there is no spec to go on with")
	}
	settled(t, c)
	began := time.Now()
	if !step(t, "it is hardened in place", func(t *testing.T) {
		var out outcome
		all := probed(t, c, planes, func() { out = c.Bulwark(t, "apply", "--auto-approve", "-o", "json") })
		allPassed(t, out)
		judge(t, all, planes)
	}) {
		t.Fatal("it is not what its spec says")
	}
	step(t, "its workload was answered all the time", func(t *testing.T) { answered(t, c, began) })
	step(t, "a second apply does nothing", func(t *testing.T) { c.Bulwark(t, "apply", "--auto-approve").want(t, 0).says(t, "Nothing to do") })
	step(t, "no object of those that are encrypted is in the clear", func(t *testing.T) {
		if n, clear := stored(t, c, "secrets"); clear != 0 || n < 1 {
			t.Errorf("etcd holds %d secrets, %d in the clear", n, clear)
		}
	})
	step(t, "etcd has three voters", func(t *testing.T) { testVoters(t, c, planes...) })
	step(t, "without credentials nothing but health", func(t *testing.T) { testAnonymous(t, c) })
}
