package profiles_test

import (
	"net/netip"
	"runtime"
	"strconv"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/desired"
	"github.com/bulwark-k8s/bulwark/provision/spec"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// rendered is an example with as many workers more as are wanted, as it is rendered.
func rendered(t testing.TB, example string, workers int) (*cluster.Cluster, *state.Cluster) {
	t.Helper()
	c, _, diags := spec.Load("../examples/"+example, spec.Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	worker := c.Workers()[0]
	for i := range workers {
		worker.Name = "more-" + strconv.Itoa(i)
		worker.Address = netip.AddrFrom4([4]byte{10, 21, byte(i >> 8), byte(i)})
		c.Nodes = append(c.Nodes, worker)
	}
	wants, err := desired.Wants(c, nil, c.ControlPlanes()[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	have, err := desired.Rendered(c, wants)
	if err != nil {
		t.Fatal(err)
	}
	return c, have
}

// audited are the findings of an audit.
func audited(t testing.TB, controls []profiles.Control, c check.Cluster, nodes []cluster.Node, have *state.Cluster) []profiles.Finding {
	t.Helper()
	out, err := profiles.Audit(t.Context(), controls, c, nodes, have)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// BenchmarkAudit asks the whole catalogue of 1,000 nodes. Its figures are of one
// question to one node, and of what all findings together take while they are held.
func BenchmarkAudit(b *testing.B) {
	controls, err := profiles.Catalogue()
	if err != nil {
		b.Fatal(err)
	}
	c, have := rendered(b, "three-control-planes", 1000-5)
	of := check.ClusterOf(c)
	var findings []profiles.Finding
	before := held()
	for b.Loop() {
		findings = audited(b, controls, of, c.Nodes, have)
	}
	after := held()
	if len(findings) < len(controls)*900 {
		b.Fatalf("only %d findings", len(findings))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(findings)), "ns/finding")
	b.ReportMetric(float64(after-before)/float64(len(findings)), "B/finding")
	b.ReportMetric(float64(len(controls)), "controls")
	runtime.KeepAlive(findings)
	runtime.KeepAlive(have)
}

// held is how much memory is in use.
func held() int64 {
	var m runtime.MemStats
	for range 2 { // what a pool holds goes with the second
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
