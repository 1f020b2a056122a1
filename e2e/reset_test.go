package e2e_test

import (
	_ "embed"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// inventory is a machine in lines: what lies on it, and what its kernel and
// its systemd hold.
const inventory = `
export LC_ALL=C
{
  find / -xdev \( -type f -printf 'path %p %y %m %U:%G %s\n' -o -type d -printf 'path %p %y %m %U:%G\n' -o -printf 'path %p %y %m %U:%G %l\n' \)
  find /var -xdev \( -path /var/lib/containerd -prune -o -type d -printf 'path %p %y %m %U:%G\n' -o -printf 'path %p %y %m %U:%G %l\n' \)
  find /run /tmp -xdev \( -type d -printf 'path %p %y %m %U:%G\n' -o -printf 'path %p %y %m %U:%G %l\n' \)
  find /etc /root /home /var /opt /usr/local/sbin /usr/lib/systemd -xdev -path /var/lib/containerd -prune -o -type f -exec sha256sum {} + | sed 's/^/digest /'
  nft list ruleset | sed 's/^[[:space:]]*/nft /'
  ip -o link | sed 's/^[0-9]*: \([^:@]*\).*/link \1/'
  ip -4 route show table all | sed 's/^/route /'
  ip -6 route show table all | sed 's/^/route /'
  ip rule | sed 's/^/rule /'
  ip netns list | sed 's/^/netns /'
  sysctl -a 2>/dev/null | grep ^net | sed 's/^/sysctl /'
  systemctl list-unit-files --no-legend --plain | awk '{print "unit-file", $1, $2}'
  systemctl list-units --all --no-legend --plain | awk '{print "unit", $1, $2, $3}'
  findmnt -rno TARGET,FSTYPE | sed 's/^/mount /'
  find /sys/fs/cgroup -name 'kube*' | sed 's/^/cgroup /'
  crictl images -o json | jq -r '.images[].repoTags[]' | sed 's/^/image /'
  crictl ps -aq | sed 's/^/container /'
  crictl pods -q | sed 's/^/pod /'
  ss -Hltun | awk '{print "port", $1, $5}'
} | sort -u`

func inventories(t *testing.T, c *labCluster) map[string]string {
	t.Helper()
	var mu sync.Mutex
	all := map[string]string{}
	var wg sync.WaitGroup
	for _, n := range nodes(c) {
		wg.Go(func() {
			out, err := c.set.Machine(n).Shell(t.Context(), inventory)
			if err != nil {
				t.Errorf("%s: %v", n, err)
			}
			mu.Lock()
			all[n] = out
			mu.Unlock()
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return all
}

// leftovers is what may differ: a line is an expression over the lines of
// difference, two blanks, and the reason. A "~" before it says that it need
// not occur.
//
//go:embed testdata/reset-leftovers.txt
var leftovers string

type leftover struct {
	pattern *regexp.Regexp
	text    string
	maybe   bool
	used    bool
}

func readLeftovers(t *testing.T, text string) []*leftover {
	var all []*leftover
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		pattern, reason, ok := strings.Cut(line, "  ")
		if !ok || strings.TrimSpace(reason) == "" {
			t.Fatalf("no reason: %q", line)
		}
		l := &leftover{text: pattern}
		pattern, l.maybe = strings.TrimPrefix(pattern, "~"), strings.HasPrefix(pattern, "~")
		l.pattern = regexp.MustCompile(`^[+-] (?:` + pattern + `)$`)
		all = append(all, l)
	}
	return all
}

func testReset(t *testing.T, c *labCluster, guard *prober, fresh map[string]string) {
	for _, n := range nodes(c) {
		guard.opens(n, time.Now())
	}
	resetLeaves(t, c, fresh, leftovers)
}

// resetLeaves resets the cluster, and compares its machines with what they
// were when they were fresh: they may differ in these leftovers.
func resetLeaves(t *testing.T, c *labCluster, fresh map[string]string, leftovers string) {
	out := c.Bulwark(t, "reset", "--auto-approve").want(t, 0)
	out.says(t, nodes(c)...)

	allowed := readLeftovers(t, leftovers)
	for n, now := range inventories(t, c) {
		var bad []string
		for line := range strings.SplitSeq(difference(fresh[n], now), "\n") {
			ok := line == ""
			for _, l := range allowed {
				if !ok && l.pattern.MatchString(line) {
					ok, l.used = true, true
				}
			}
			if !ok {
				bad = append(bad, line)
			}
		}
		if len(bad) > 0 {
			t.Errorf("%s differs from a fresh machine:\n%s", n, strings.Join(bad, "\n"))
		}
	}
	for _, l := range allowed {
		if !l.used && !l.maybe {
			t.Errorf("leftovers: nothing is like %q any more", l.text)
		}
	}
	t.Logf("reset took %v", out.Took.Round(time.Millisecond))
}
