package bench

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkDrift has bulwark and others find three planted differences, one byte,
// one mode and one owner, among twenty files on each of fifty machines: P1 and P2
// of the report.
func BenchmarkDrift(b *testing.B) {
	nodes := number(b, "BULWARK_BENCH_NODES", 50)
	f := newFarm(b, nodes, filesOfANode(20))
	all := f.contestants(b)
	whole := f.whole(b)
	samples := map[string][]sample{}
	for round := range rounds(b) {
		planted := f.plant(b, round)
		for i := range all { // each begins once
			c := all[(i+round)%len(all)]
			if c.missing != "" || slow(samples[c.name]) {
				continue
			}
			awaitQuiet(b)
			found, s := c.run(b)
			if !slices.Equal(found, planted) {
				b.Fatalf("%s found %q where %q was planted", c.name, found, planted)
			}
			samples[c.name] = append(samples[c.name], s)
			b.Logf("round %d: %s: %.2f s, %.1f + %.1f ms of processor per node", round+1, c.name, s.wall.Seconds(), per(s.controller, nodes), per(s.nodes, nodes))
		}
		for _, n := range f.nodes {
			f.restore(b, n)
		}
		awaitQuiet(b)
		samples[wholeName] = append(samples[wholeName], whole.look(b, round))
	}
	r := drift{nodes: nodes, contestants: append(all, contestant{name: wholeName, note: whole.note()}), samples: samples}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(r.middle(bulwarkName, sample.total)/float64(nodes)*1000, "bulwark-ms/node")
	write(b, r.section())
}

// slow says of who takes minutes that one run is enough: no chance would make it quick.
func slow(runs []sample) bool { return len(runs) > 0 && runs[0].wall > 2*time.Minute }

// plant makes one byte, one mode and one owner differ, on three nodes where
// there are so many, and says where: "node path", sorted.
func (f *farm) plant(b *testing.B, round int) []string {
	var out []string
	for i, spoil := range []func(path string) error{
		func(path string) error {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			text[len(text)/2] ^= 1
			if err := os.WriteFile(path, text, info.Mode()); err != nil {
				return err
			}
			return os.Chtimes(path, info.ModTime(), info.ModTime()) // nor does its time tell
		},
		func(path string) error { return os.Chmod(path, 0o640) },
		func(path string) error { return os.Chown(path, 1, 0) },
	} {
		n := f.nodes[(round*7+i*11)%len(f.nodes)]
		file := f.files[(round*3+i*5)%len(f.files)]
		must(b, spoil(n.Root+file.Path))
		out = append(out, n.Name+" "+file.Path)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// drift is what the runs of BenchmarkDrift come to.
type drift struct {
	nodes       int
	contestants []contestant
	samples     map[string][]sample
}

func per(d time.Duration, nodes int) float64 { return d.Seconds() * 1000 / float64(nodes) }

// middle is the median of one measure of a contestant, in seconds; 0 when it did not run.
func (r drift) middle(name string, of func(sample) time.Duration) float64 {
	var all []time.Duration
	for _, s := range r.samples[name] {
		all = append(all, of(s))
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return median(all).Seconds()
}

func wall(s sample) time.Duration       { return s.wall }
func controller(s sample) time.Duration { return s.controller }
func onNodes(s sample) time.Duration    { return s.nodes }
func started(s sample) time.Duration    { return s.start }

func (r drift) section() section {
	var s strings.Builder
	fmt.Fprintf(&s, `%d real sshd on this machine, each with a port, a key and twenty files of 5 KB of its own. They share its file system, so each node's files are below a folder of its own, and all contestants are told which; root logs in, into an empty HOME. Before each round one byte of a file is changed (not its size, not its times), a mode of another and the owner of a third: a contestant that does not say exactly these three fails the benchmark. The contestants take turns in who begins, and begin without a connection. "Controller" is the processor time of the process that was started and of all it waited for (OpenSSH's masters, which Ansible leaves behind, are not in it), "nodes" that of all sshd and what they started.

`, r.nodes)
	s.WriteString("Medians; who takes more than two minutes runs once.\n\n| | runs | wall | controller, per node | nodes, per node | both | both, to bulwark's |\n|---|---|---|---|---|---|---|\n")
	ours := r.middle(bulwarkName, sample.total)
	for _, c := range r.contestants {
		if c.missing != "" {
			fmt.Fprintf(&s, "| %s | NOT RUN: %s | | | | | |\n", c.name, c.missing)
			continue
		}
		ms := func(of func(sample) time.Duration) float64 { return r.middle(c.name, of) * 1000 / float64(r.nodes) }
		fmt.Fprintf(&s, "| %s | %d | %.2f s | %.2f ms | %.1f ms | %.1f ms | %.2f |\n", c.name, len(r.samples[c.name]), r.middle(c.name, wall), ms(controller), ms(onNodes), ms(sample.total), r.middle(c.name, sample.total)/ours)
	}
	fmt.Fprintf(&s, "\nOf bulwark's controller time %.2f ms per node went before its `main` began: the program has Kubernetes' types in it, which initialise themselves. ", r.middle(bulwarkName, started)*1000/float64(r.nodes))
	for _, c := range r.contestants {
		if c.note != "" {
			fmt.Fprintf(&s, "%s: %s. ", c.name, c.note)
		}
	}
	s.WriteString("\n")
	out := section{title: "Drift: who finds what changed, and at what cost", text: s.String(), bench: "Drift"}
	ratio := func(id, than string, of func(sample) time.Duration, kind string, least float64) {
		a := aim{id: id, what: kind + ", " + than + " to bulwark", aim: fmt.Sprintf("≥ %g", least)}
		if theirs := r.middle(than, of); theirs > 0 {
			a.figure, a.met = fmt.Sprintf("%.1f", theirs/r.middle(bulwarkName, of)), theirs/r.middle(bulwarkName, of) >= least
		}
		out.aims = append(out.aims, a)
	}
	ratio("P1", ansibleCopy, sample.total, "processor time in all", 250)
	ratio("P1", mitogenCopy, sample.total, "processor time in all", 40)
	ratio("P1", sshXargs, sample.total, "processor time in all", 3)
	mine := r.middle(bulwarkName, controller) * 1000 / float64(r.nodes)
	out.aims = append(out.aims, aim{id: "P2", what: "controller's processor time per node", aim: "≤ 3 ms", figure: fmt.Sprintf("%.2f ms", mine), met: mine <= 3})
	ratio("P2", ansibleCopy, controller, "controller's processor time", 500)
	ratio("P2", sshXargs, controller, "controller's processor time", 25)
	return out
}
