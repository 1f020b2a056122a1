//go:build planes

package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestFiveControlPlanes is the largest number that anybody needs: how they come about,
// and how a change reaches one after the other.
func TestFiveControlPlanes(t *testing.T) {
	planes := []string{"cp-1", "cp-2", "cp-3", "cp-4", "cp-5"}
	c := newLabCluster(t, planes...)
	s := c.standard()
	newBalancer(t, netip.AddrPortFrom(c.set.Admin, 6443), c.Address("cp-1"), c.Address("cp-2"), c.Address("cp-3"), c.Address("cp-4"), c.Address("cp-5"))
	s.More = fmt.Sprintf("  endpoint {\n    host      = %q\n    balancers = [\"%s/32\"]\n  }\n", c.set.Admin, c.set.Admin)
	for i := range s.Nodes {
		s.Nodes[i].More += "\n    taints = []" // there is no worker for CoreDNS
	}
	c.write(t, s)
	if !step(t, "bootstrap", func(t *testing.T) { allPassed(t, c.Bulwark(t, "apply", "--auto-approve", "-o", "json")) }) {
		t.Fatal("there is no cluster to go on with")
	}
	step(t, "etcd has five voters", func(t *testing.T) { testVoters(t, c, planes...) })
	step(t, "a changed spec reaches one control plane after the other", func(t *testing.T) { testOneByOne(t, c, s, planes) })
	step(t, "etcd has five voters still", func(t *testing.T) { testVoters(t, c, planes...) })
}

// testOneByOne changes a setting of every API server: what starts again on one
// control plane has ended before anything begins on the next. Nobody probes here:
// five API servers on two cores do not answer in time by themselves.
func testOneByOne(t *testing.T, c *labCluster, s clusterSpec, planes []string) {
	s.More += "\n  audit {\n    max_age = 400\n  }\n"
	out := c.with(t, newOperator(t), s, "-o", "json").want(t, 0)
	var order []string
	for line := range strings.Lines(out.Stderr) {
		var e struct{ Event, Step, Node string }
		if json.Unmarshal([]byte(line), &e) == nil && e.Event == "started" && strings.HasSuffix(e.Step, "/kube-apiserver.yaml") {
			order = append(order, e.Node)
		}
	}
	if slices.Sort(order); !slices.Equal(order, planes) {
		t.Errorf("the manifests of %v were written", order)
	}
	began := map[string]int64{}
	for _, n := range planes {
		text := shell(t, c, n, `stat -c %Y /proc/$(pgrep -xo kube-apiserver)`)
		at, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil {
			t.Fatalf("%s: %q: %v", n, text, err)
		}
		began[n] = at
	}
	slices.SortFunc(planes, func(a, b string) int { return int(began[a] - began[b]) })
	for i, n := range planes[1:] {
		// Ten seconds are the soak of the one before.
		if after := began[n] - began[planes[i]]; after < 10 {
			t.Errorf("%s began %d s after %s", n, after, planes[i])
		}
	}
}
