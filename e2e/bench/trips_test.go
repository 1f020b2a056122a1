package bench

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/bench/delay"
	"github.com/bulwark-k8s/bulwark/e2e/bench/job"
)

// BenchmarkRoundTrips counts how often bulwark and others wait for one machine
// that is far away, by how much longer they take when it is farther: P3 of the
// report.
func BenchmarkRoundTrips(b *testing.B) {
	f := newFarm(b, 1, filesOfANode(20))
	f.stage(b)
	many := *f
	many.files, many.nodes = filesOfANode(500), slices.Clone(f.nodes)
	many.nodes[0].Root += "-many"
	one := *f
	one.files = f.files[:1]
	b.Cleanup(func() { many.restore(b, many.nodes[0]) })
	many.restore(b, many.nodes[0])

	travellers := []struct {
		name string
		run  func(b *testing.B, far job.Node, config string)
		aim  float64
	}{
		{"bulwark, check 20 files", f.far(job.Check), 9.5},
		{"bulwark, check 1 file", one.far(job.Check), 9.5},
		{"bulwark, check 500 files", many.far(job.Check), 9.5},
		{"bulwark, check and repair 20 files", f.far(job.Repair), 12.6},
		{"bulwark, check and repair 500 files", many.far(job.Repair), 12.6},
		{"a bare loop on x/crypto, its command in the request", f.far(job.Floor), 0},
		{"`ssh`, the same command", f.outside("ssh", func(config string, n job.Node) []string {
			return []string{"-F", config, n.Name, fmt.Sprintf(strings.ReplaceAll(summarise, "%%", "%"), n.Root)}
		}), 0},
		{"`rsync -nc`, 20 files", f.outside("rsync", func(config string, n job.Node) []string {
			return []string{"-n", "-rcpog", "-e", "ssh -F " + config, filepath.Join(f.dir, "want") + "/", n.Name + ":" + n.Root + "/"}
		}), 0},
		{"`tar` to `ssh tar`, 20 files", f.outside("sh", func(config string, n job.Node) []string {
			return []string{"-c", fmt.Sprintf("tar -C %s/want -c . | ssh -F %s %s tar -x -C %s", f.dir, config, n.Name, n.Root)}
		}), 0},
		{"`scp`, 20 files", f.outside("sh", func(config string, n job.Node) []string {
			return []string{"-c", fmt.Sprintf("scp -q -F %s %s/want/* %s:%s/", config, f.dir, n.Name, n.Root)}
		}), 0},
	}
	var out section
	out.bench, out.title = "RoundTrips", "Round trips: what distance costs"
	var s strings.Builder
	fmt.Fprintf(&s, "One real sshd behind a proxy that adds a round trip of %v and then of %v. What a command takes longer, divided by how much farther the machine is, is how often it waits; median of %d. One is added for the TCP connection, which the proxy makes at once. \"Repair\" is a check that finds all files wrong, and the plan's steps over the same connection.\n\n| | round trips |\n|---|---|\n", near, far, rounds(b))
	figures := map[string]float64{}
	for _, t := range travellers {
		var all []float64
		for range rounds(b) {
			// A process' own time varies; what is slower than that by chance is not distance.
			all = append(all, 1+(f.trip(b, t.run, far)-f.trip(b, t.run, near)).Seconds()/(far-near).Seconds())
		}
		slices.Sort(all)
		figures[t.name] = all[len(all)/2]
		fmt.Fprintf(&s, "| %s | %.1f |\n", t.name, figures[t.name])
		b.Logf("%s: %.2f", t.name, figures[t.name])
		if t.aim > 0 {
			out.aims = append(out.aims, aim{"P3", "round trips: " + t.name, fmt.Sprintf("≤ %.1f", t.aim), fmt.Sprintf("%.1f", figures[t.name]), figures[t.name] < t.aim+0.05})
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(figures[travellers[0].name], "check-trips")
	s.WriteString("\nOf bulwark's, x/crypto's login takes seven, two of them because it first asks which methods there are and whether a key would do. A session, its command and its input take one each: what a look asks for travels as input, never as part of a command, and sshd opens its window for input only once the command has begun.\n")
	out.text = s.String()
	write(b, out)
}

// Two distances that are both far beyond what a process takes by itself.
const near, far = 200 * time.Millisecond, 600 * time.Millisecond

// trip is how long one run takes when the node is so far away.
func (f *farm) trip(b *testing.B, run func(*testing.B, job.Node, string), roundTrip time.Duration) time.Duration {
	b.Helper()
	n := f.nodes[0]
	p, err := delay.New(net.JoinHostPort(n.Host, strconv.Itoa(int(n.Port))), roundTrip)
	must(b, err)
	defer p.Close()
	_, port, _ := net.SplitHostPort(p.Address)
	number, err := strconv.ParseUint(port, 10, 16)
	must(b, err)
	n.Port = uint16(number)
	config := f.farConfig(b, n)
	began := time.Now()
	run(b, n, config)
	return time.Since(began)
}

// farConfig tells ssh about a node at another port.
func (f *farm) farConfig(b *testing.B, n job.Node) string {
	b.Helper()
	known, config := filepath.Join(f.dir, "far_known_hosts"), filepath.Join(f.dir, "far_config")
	must(b, os.WriteFile(known, []byte(n.Name+" "+n.HostKey+"\n"), 0o600))
	must(b, os.WriteFile(config, fmt.Appendf(nil, "Host %s\n  HostName %s\n  Port %d\n  User root\n  HostKeyAlias %s\n  UserKnownHostsFile %s\n"+
		"  IdentityFile %s\n  IdentitiesOnly yes\n  IdentityAgent none\n  StrictHostKeyChecking yes\n  BatchMode yes\n", n.Name, n.Host, n.Port, n.Name, known, f.key), 0o600))
	return config
}

// far does a job with the node behind a proxy.
func (f *farm) far(what job.What) func(*testing.B, job.Node, string) {
	return func(b *testing.B, n job.Node, _ string) {
		b.Helper()
		n.Root = f.nodes[0].Root
		j := f.job(what, 1)
		j.Nodes = []job.Node{n}
		program := "controller"
		if what == job.Floor {
			program, j.Command, j.Expected = "floor", summarise, f.expected()
		}
		if what == job.Repair {
			spoiled := *f
			spoiled.files = slices.Clone(f.files)
			for i := range spoiled.files {
				spoiled.files[i].Content = append(slices.Clone(spoiled.files[i].Content), '!')
			}
			spoiled.restore(b, n)
		}
		r, _ := f.run(b, program, j)
		if len(r.Failed) > 0 || what != job.Repair && len(r.Drift) > 0 || what == job.Repair && len(r.Repaired) != len(f.files) {
			b.Fatalf("%s: failed %v, drift %v, repaired %d", what, r.Failed, r.Drift, len(r.Repaired))
		}
	}
}

// outside runs another program against the node behind a proxy.
func (f *farm) outside(name string, args func(config string, n job.Node) []string) func(*testing.B, job.Node, string) {
	return func(b *testing.B, n job.Node, config string) {
		b.Helper()
		command(b, exec.CommandContext(b.Context(), name, args(config, n)...))
	}
}
