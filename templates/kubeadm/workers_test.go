package kubeadm

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// What workers have in common is written once, and each has the file it would
// have by itself: also where YAML would take a name for a number or a word.
func TestWorkersHaveTheFilesOfJoin(t *testing.T) {
	c := full()
	for _, name := range []string{"w-2", "1e5", "true", "y", "no", "0x1f", "12", "1-2-3", "null", "0o7", "2001-01-01", "w-3"} {
		address := netip.AddrFrom4([4]byte{10, 0, 0, byte(len(c.Nodes))})
		if len(c.Nodes)%2 == 0 {
			address = netip.MustParseAddr("fd00::1:" + string(rune('0'+len(c.Nodes)%10)))
		}
		c.Nodes = append(c.Nodes, cluster.Node{Name: name, Role: cluster.Worker, Address: address})
	}
	w := NewWorkers(c)
	for _, n := range c.Workers() {
		want, err := Join(c, n, DiscoveryFile)
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.Join(n)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s, -Join +Workers:\n%s", n.Name, diff)
		}
	}
	if len(w.around) != 2 { // with taints and without
		t.Errorf("%d texts are shared, want 2", len(w.around))
	}
	if _, err := w.Join(cluster.Node{Name: "W_4", Role: cluster.Worker, Address: netip.MustParseAddr("10.0.0.99")}); err == nil {
		t.Error("a name that kubeadm refuses was taken")
	}
}
