package e2e_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
)

// testForeignAdmins: a firewall that would shut us out is not even loaded.
func testForeignAdmins(t *testing.T, c *labCluster) {
	const look = `nft list ruleset; find /etc /var/lib/bulwark /opt -printf '%p %y %m %U:%G %C@\n' 2>/dev/null | sort`
	before := map[string]string{}
	for _, n := range nodes(c) {
		before[n] = shell(t, c, n, look)
	}
	s := c.standard()
	s.Admins = []string{"203.0.113.0/24"}
	out := c.with(t, newOperator(t), s, "-o", "json").want(t, 1)
	rows := map[string]bool{}
	for _, p := range out.JSON(t).Problems {
		if p.Check == "admin-address" && strings.Contains(p.Seen, c.set.Admin.String()) && strings.Contains(p.Remedy, "firewall.admins") {
			rows[p.Node] = true
		}
	}
	for _, n := range nodes(c) {
		if !rows[n] {
			t.Errorf("no word of it for %s: %v", n, out)
		}
		if diff := difference(before[n], shell(t, c, n, look)); diff != "" {
			t.Errorf("%s was changed:\n%s", n, diff)
		}
	}
}

// cutting is a cluster of one machine whose list of admins has the address
// that its sshd sees us under, as preflight wants it, and not the one our
// packets come from: the machine rewrites it behind its firewall, as a
// load balancer on the way might. New connections are cut once it is loaded.
func cutting(t *testing.T, c *labCluster, name string) clusterSpec {
	t.Helper()
	seen := c.set.Subnet.Addr().As4()
	seen[3] = 250
	if _, err := c.set.Machine(name).Exec(t.Context(), strings.NewReader(fmt.Sprintf(`
table ip e2e {
	chain in {
		type nat hook input priority 100; policy accept;
		ip saddr %v tcp dport 22 snat to %v
	}
}`, c.set.Admin, netip.AddrFrom4(seen))), "nft", "-f", "-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.set.Machine(name).Shell(context.Background(), "nft delete table ip e2e") })
	s := c.standard().only(name)
	s.Admins = []string{netip.AddrFrom4(seen).String() + "/32"}
	return s
}

var dropped = regexp.MustCompile(`counter dropped \{\s+packets (\d+) `)

// table watches the table of a machine: when it came and went, and the most
// that its counter of dropped packets showed.
type table struct {
	mu         sync.Mutex
	came, went time.Time
	dropped    int
}

// watch looks every 200 ms, by the back door.
func (w *table) watch(ctx context.Context, m *lab.Machine) {
	for ctx.Err() == nil {
		out, err := m.Shell(ctx, "nft list tables; nft list table inet bulwark 2>/dev/null || true")
		now := time.Now()
		if err == nil {
			w.mu.Lock()
			there := strings.Contains(out, "table inet bulwark")
			if there && w.came.IsZero() {
				w.came = now
			}
			if !there && !w.came.IsZero() && w.went.IsZero() {
				w.went = now
			}
			if m := dropped.FindStringSubmatch(out); m != nil {
				n, _ := strconv.Atoi(m[1])
				w.dropped = max(w.dropped, n)
			}
			w.mu.Unlock()
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func (w *table) state() (came, went time.Time, dropped int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.came, w.went, w.dropped
}

// reverted waits for the end of the machine's timer, and judges what was seen.
func (w *table) reverted(t *testing.T, c *labCluster, name string) {
	t.Helper()
	eventually(t, 90*time.Second, "the machine takes the table away", func() error {
		if _, went, _ := w.state(); went.IsZero() {
			return fmt.Errorf("it is still there")
		}
		return nil
	})
	came, went, dropped := w.state()
	if took := went.Sub(came); took > 65*time.Second {
		t.Errorf("it took %v, and the timer is of 60 s", took)
	}
	if dropped == 0 {
		t.Error("the counter of dropped packets did not move")
	}
	t.Logf("the table stood for %v and dropped %d packets", went.Sub(came).Round(time.Second), dropped)
	if left := shell(t, c, name, `find /etc/bulwark /etc/systemd/system -name '*firewall*'; systemctl is-enabled bulwark-firewall 2>/dev/null || true`); left != "" {
		t.Errorf("it would come back after a reboot: %s", left)
	}
	if !greets(c.Address(name)) {
		t.Error("sshd cannot be reached")
	}
}

// greets tells whether sshd answers us within three seconds.
func greets(addr netip.Addr) bool {
	conn, err := net.DialTimeout("tcp", netip.AddrPortFrom(addr, 22).String(), 3*time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(3 * time.Second))
	buf := make([]byte, 4)
	n, _ := conn.Read(buf)
	return string(buf[:n]) == "SSH-"
}

func testCutAlive(t *testing.T, c *labCluster) {
	const name = "cp-1"
	s := cutting(t, c, name)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var w table
	go w.watch(ctx, c.set.Machine(name))
	out := c.with(t, newOperator(t), s, "-o", "json")
	if out.Code == 0 {
		t.Fatalf("it went through: %v", out)
	}
	out.says(t, name+"/table/bulwark", "no new connection came through", "takes it away again")
	for _, e := range out.events() {
		if e.Event == "started" && strings.Contains(e.Step, "/phase/") {
			t.Errorf("it went on with %s", e.Step)
		}
	}
	w.reverted(t, c, name)
}

func testCutKilled(t *testing.T, c *labCluster) {
	const name = "w-1"
	s := cutting(t, c, name)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var w table
	go w.watch(ctx, c.set.Machine(name))
	o := newOperator(t)
	o.started = func(p *os.Process) {
		go func() {
			for ctx.Err() == nil {
				// Once it is loaded and our new connection is being dropped.
				if _, _, dropped := w.state(); dropped > 0 {
					p.Kill()
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		}()
	}
	if out := c.with(t, o, s, "-o", "json"); out.Code != -1 {
		t.Fatalf("it was not killed: %v", out)
	}
	if _, went, _ := w.state(); !went.IsZero() {
		t.Fatal("the table was gone before bulwark was")
	}
	w.reverted(t, c, name)
}

// prober knocks from a stranger's address, ten times a second.
type prober struct {
	c       *labCluster
	targets []netip.AddrPort
	// open are the times in which a target may be open, by address.
	open map[netip.AddrPort][]window
}

type window struct{ from, to time.Time }

const probe = `
host=$1 port=$2
mkdir -p /probe
while :; do
  at=$EPOCHREALTIME
  if timeout 0.3 bash -c "exec 3<>/dev/tcp/$host/$port" 2>/dev/null; then echo "$at open"; else echo "$at closed"; fi
  sleep 0.1
done >"/probe/$host:$port"
`

// newProber begins to knock at the API server and at every sshd. The latter
// are open until there is a firewall.
func newProber(t *testing.T, c *labCluster) *prober {
	t.Helper()
	p := &prober{c: c, open: map[netip.AddrPort][]window{}}
	p.targets = []netip.AddrPort{netip.AddrPortFrom(c.Address("cp-1"), 6443)}
	for _, n := range nodes(c) {
		ssh := netip.AddrPortFrom(c.Address(n), 22)
		p.targets = append(p.targets, ssh)
		p.open[ssh] = []window{{from: time.Now()}}
	}
	for _, to := range p.targets {
		if _, err := c.stranger.Exec(t.Context(), "bash", "-c", `setsid bash -c "$0" probe "$1" "$2" </dev/null >/dev/null 2>&1 &`,
			probe, to.Addr().String(), fmt.Sprint(to.Port())); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// closes says that from now on the sshd of a node is closed to strangers.
func (p *prober) closes(node string, at time.Time) {
	windows := p.open[netip.AddrPortFrom(p.c.Address(node), 22)]
	if w := &windows[len(windows)-1]; w.to.IsZero() {
		w.to = at
	}
}

// opens says that from now on it may be open.
func (p *prober) opens(node string, at time.Time) {
	ssh := netip.AddrPortFrom(p.c.Address(node), 22)
	p.open[ssh] = append(p.open[ssh], window{from: at})
}

// check judges everything that was tried so far.
func (p *prober) check(t *testing.T) {
	for _, to := range p.targets {
		out, err := p.c.stranger.Exec(t.Context(), "cat", "/probe/"+to.String())
		if err != nil {
			t.Fatal(err)
		}
		var before time.Time
		tries, got, bad := 0, 0, 0
		var gap time.Duration
		for line := range strings.Lines(out) {
			stamp, verdict, _ := strings.Cut(strings.TrimSpace(line), " ")
			seconds, err := strconv.ParseFloat(strings.Replace(stamp, ",", ".", 1), 64)
			if err != nil || verdict == "" {
				continue // the line being written
			}
			at := time.UnixMicro(int64(seconds * 1e6))
			tries++
			if !before.IsZero() {
				gap = max(gap, at.Sub(before))
			}
			before = at
			if verdict != "open" {
				continue
			}
			got++
			if !p.mayBeOpen(to, at) {
				if bad++; bad <= 5 {
					t.Errorf("a stranger got to %v at %s", to, at.Format("15:04:05.000"))
				}
			}
		}
		t.Logf("%v: %d tries, %d got in while that was allowed, %d while it was not, never more than %v between two",
			to, tries, got-bad, bad, gap.Round(time.Millisecond))
		if tries < 100 || gap > 3*time.Second || time.Since(before) > 3*time.Second {
			t.Errorf("%v was not tried at every moment", to)
		}
		// A prober that can never get in proves nothing.
		if to.Port() == 22 && got == 0 {
			t.Errorf("%v was not even reached before there was a firewall", to)
		}
	}
}

func (p *prober) mayBeOpen(to netip.AddrPort, at time.Time) bool {
	for _, w := range p.open[to] {
		if at.After(w.from) && (w.to.IsZero() || at.Before(w.to)) {
			return true
		}
	}
	return false
}

// testReach: who is an admin gets in, to sshd and the API server only.
func testReach(t *testing.T, c *labCluster, guard *prober) {
	var wg sync.WaitGroup
	try := func(at netip.AddrPort, want bool) {
		wg.Go(func() {
			conn, err := net.DialTimeout("tcp", at.String(), 3*time.Second)
			if err == nil {
				conn.Close()
			}
			if (err == nil) != want {
				t.Errorf("to an admin %v: %v, want open to be %v", at, err, want)
			}
		})
	}
	for _, n := range nodes(c) {
		try(netip.AddrPortFrom(c.Address(n), 22), true)
		for _, port := range []uint16{2379, 2380, 10250, 10257, 10259} {
			try(netip.AddrPortFrom(c.Address(n), port), false)
		}
		wg.Go(func() {
			if c.stranger.Reaches(t.Context(), netip.AddrPortFrom(c.Address(n), 10250)) {
				t.Errorf("the kubelet of %s is open to a stranger", n)
			}
		})
	}
	try(netip.AddrPortFrom(c.Address("cp-1"), 6443), true)
	wg.Wait()
	guard.check(t)
}
