//go:build planes

package e2e_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// rolling is a change that reaches one control plane after the other.
type rolling struct {
	what string
	// block is what the spec has more of from here on; plant is done to each control plane.
	block string
	plant func(t *testing.T, c *labCluster, node string)
	// downs is how often each API server is away, digests how many sets of arguments
	// it and its etcd run with from the beginning to the end.
	downs, digests int
}

func rollings() []rolling {
	return []rolling{
		{what: "an argument of the API server", block: "audit {\n    max_age = 400\n  }", downs: 1, digests: 2},
		{what: "an argument of etcd", block: `etcd { args = { "snapshot-count" = "20000" } }`, downs: 1, digests: 2},
		{what: "arguments of every component", block: `apiserver { args = { "request-timeout" = "90s" } }
  controller_manager { args = { "concurrent-gc-syncs" = "10" } }
  scheduler { args = { "kube-api-qps" = "40" } }`, downs: 1, digests: 2},
		{what: "the kubelet's configuration", block: `kubelet { config = { maxPods = 60 } }`, downs: 0, digests: 1},
		{what: "a resource that is encrypted too", block: "encryption {\n    resources = [\"configmaps\"]\n  }", downs: 0, digests: 1},
		{what: "certificates near their end", plant: func(t *testing.T, c *labCluster, node string) {
			endSoon(t, c, node, "apiserver-kubelet-client", "ca")
		}, downs: 1, digests: 1},
	}
}

// TestRolling makes every kind of change that reaches one control plane after the
// other, under a prober: never fewer than two API servers are ready, each is away
// once at most, and none ever runs with anything but the old or the new.
func TestRolling(t *testing.T) {
	planes := []string{"cp-1", "cp-2", "cp-3"}
	c := newLabCluster(t, planes...)
	s := c.standard()
	newBalancer(t, netip.AddrPortFrom(c.set.Admin, 6443), c.Address("cp-1"), c.Address("cp-2"), c.Address("cp-3"))
	s.More = fmt.Sprintf("  endpoint {\n    host      = %q\n    balancers = [\"%s/32\"]\n  }\n", c.set.Admin, c.set.Admin)
	for i := range s.Nodes {
		s.Nodes[i].More += "\n    taints = []" // there is no worker for CoreDNS
	}
	c.write(t, s)
	if !step(t, "bootstrap", func(t *testing.T) { allPassed(t, c.Bulwark(t, "apply", "--auto-approve", "-o", "json")) }) {
		t.Fatal("there is no cluster to go on with")
	}
	for _, r := range rollings() {
		step(t, r.what, func(t *testing.T) {
			if r.block != "" {
				s.More += "\n  " + r.block + "\n"
				c.write(t, s)
			}
			testRolling(t, c, r, planes)
		})
	}
}

// watchScript prints, five times a second until there is a file, which it takes away
// at its end, the time, whether the API server is ready, and a digest of what it and
// etcd run with; none where one of the two does not run.
const watchScript = `while [ ! -e "$1" ]; do
  r=$(curl -sk --max-time 2 -o /dev/null -w '%{http_code}' https://127.0.0.1:6443/readyz)
  a=$(pgrep -xo kube-apiserver) e=$(pgrep -xo etcd) && d=$(cat "/proc/$a/cmdline" "/proc/$e/cmdline" 2>/dev/null | sha256sum | cut -c1-12) || d=-
  [ -n "$a" ] && [ -d "/proc/$a" ] && [ -d "/proc/$e" ] || d=-
  echo "$(date +%s%N) $r $d"
  sleep 0.2
done
rm "$1"`

// testRolling makes one change under a prober on every control plane.
func testRolling(t *testing.T, c *labCluster, r rolling, planes []string) {
	settled(t, c)
	if r.plant != nil {
		for _, n := range planes {
			r.plant(t, c, n)
		}
	}
	var out outcome
	all := probed(t, c, planes, func() { out = c.Bulwark(t, "apply", "--auto-approve") })
	out.want(t, 0)
	downs, digests := judge(t, all, planes)
	for _, n := range planes {
		if downs[n] != r.downs || len(digests[n]) != r.digests {
			t.Errorf("%s was down %d times, with %d configurations", n, downs[n], len(digests[n]))
		}
	}
	c.Bulwark(t, "plan", "--detailed-exitcode").want(t, 0)
}

// probed is what is seen on every control plane while something is done.
func probed(t *testing.T, c *labCluster, planes []string, do func()) []sample {
	t.Helper()
	const stop, file = "/run/e2e-stop", "/run/e2e-seen"
	for _, n := range planes {
		on(t, c, n, `setsid sh -c "$1" watch `+stop+` >`+file+` 2>/dev/null </dev/null &`, watchScript)
	}
	time.Sleep(5 * time.Second)
	do()
	var all []sample
	for _, n := range planes {
		all = append(all, samples(t, n, shell(t, c, n, "touch "+stop+"; while [ -e "+stop+" ]; do sleep 0.2; done; cat "+file)+"\n")...)
	}
	return all
}

// sample is what a prober saw at a moment.
type sample struct {
	at           int64
	node, digest string
	ready        bool
}

func samples(t testing.TB, node, text string) []sample {
	t.Helper()
	var out []sample
	for line := range strings.Lines(text) {
		var s sample
		var code string
		if _, err := fmt.Sscan(line, &s.at, &code, &s.digest); err != nil {
			t.Fatalf("%s: %q: %v", node, line, err)
		}
		s.node, s.ready = node, code == "200"
		out = append(out, s)
	}
	return out
}

// blind is how long a prober may say nothing: one of its requests takes two seconds
// at most, on a machine that has other work to do.
const blind = 10 * time.Second

// judge goes through all samples in the order of time: all API servers but one are
// ready at any moment. It says how often each was down, and what it ran with. Who is not
// seen for a while is not taken for ready.
func judge(t *testing.T, all []sample, planes []string) (downs map[string]int, digests map[string]map[string]bool) {
	t.Helper()
	slices.SortFunc(all, func(a, b sample) int { return int(a.at - b.at) })
	ready := map[string]bool{}
	downs, digests = map[string]int{}, map[string]map[string]bool{}
	for _, n := range planes {
		digests[n] = map[string]bool{}
	}
	least, last := len(planes), map[string]int64{}
	for _, s := range all {
		for _, n := range planes {
			if at, seen := last[n]; seen && s.at-at > blind.Nanoseconds() {
				t.Errorf("%s was not seen for %v", n, time.Duration(s.at-at))
				last[n] = s.at
			}
		}
		last[s.node] = s.at
		if was, seen := ready[s.node]; seen && was && !s.ready {
			downs[s.node]++
		}
		ready[s.node] = s.ready
		if s.digest != "-" && s.ready {
			digests[s.node][s.digest] = true
		}
		if len(ready) == len(planes) {
			count := 0
			for _, is := range ready {
				if is {
					count++
				}
			}
			least = min(least, count)
		}
	}
	t.Logf("%d samples; at least %d ready; down %v; digests %v", len(all), least, downs, digests)
	if least < len(planes)-1 {
		t.Errorf("only %d API servers were ready at some moment", least)
	}
	if len(ready) != len(planes) {
		t.Errorf("only %v were seen", ready)
	}
	return downs, digests
}
