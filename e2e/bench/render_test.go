package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/e2e/bench/job"
)

// BenchmarkRender computes all that a spec of a thousand nodes comes to, a
// hundred times, beside ansible-inventory, which only lists as many hosts: P8 of
// the report.
func BenchmarkRender(b *testing.B) {
	f := workplace(b)
	times, count := number(b, "BULWARK_BENCH_RENDERS", 100), 1000
	spec := filepath.Join(f.dir, "thousand.hcl")
	// So many nodes have a pod network that is a manifest: with `cni "bridge"` each
	// would have routes to all others, and a million of them are another benchmark.
	must(b, os.WriteFile(filepath.Join(f.dir, "cni.yaml"), []byte("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: pods-network\n"), 0o600))
	must(b, os.WriteFile(spec, []byte(specOf(3, count-3, "\"manifest\" { manifest = file(\"cni.yaml\") }\n    cni_ports = [\"udp/8472\"]")), 0o600))
	var took []float64
	var peak int64
	digests := map[string]int{}
	for i := range times {
		if i%20 == 0 {
			awaitQuiet(b)
		}
		r, _ := f.run(b, "controller", job.Job{What: job.Render, Spec: spec})
		took, peak = append(took, r.Seconds), max(peak, r.PeakKiB)
		digests[r.Digest]++
	}
	list := f.inventory(b, count)
	s := fmt.Sprintf("A spec of %d nodes, three of them control planes, rendered by a new process each time: every file, argument and step, as `bulwark render` writes them, but into a digest and not to a disk. `ansible-inventory --list` reads %d hosts with as many variables, and renders nothing. Medians of %d and of %d.\n\n| bulwark | most memory | different digests | `ansible-inventory` |\n|---|---|---|---|\n| %.2f s | %d MiB | %d of %d | %s |\n",
		count, count, times, rounds(b), middleOf(took), peak>>10, len(digests), times, list)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(middleOf(took), "s")
	write(b, section{bench: "Render", title: "Rendering a thousand nodes", text: s, aims: []aim{
		{"P8", fmt.Sprintf("render %d nodes", count), "≤ 0.5 s", fmt.Sprintf("%.2f s", middleOf(took)), middleOf(took) <= 0.5},
		{"P8", "memory of it", "≤ 150 MiB", fmt.Sprintf("%d MiB", peak>>10), peak>>10 <= 150},
		{"P8", "same bytes", fmt.Sprintf("%d of %d", times, times), fmt.Sprintf("%d of %d", most(digests), times), len(digests) == 1},
	}})
}

func most(counts map[string]int) (n int) {
	for _, c := range counts {
		n = max(n, c)
	}
	return n
}

// inventory is how long ansible-inventory takes for the same hosts.
func (f *farm) inventory(b *testing.B, count int) string {
	if why := lacks("ansible-inventory"); why != "" {
		return "NOT RUN: " + why
	}
	var text strings.Builder
	for i := range count {
		fmt.Fprintf(&text, "node-%d ansible_host=10.1.%d.%d role=worker\n", i+1, i/250, i%250+1)
	}
	path := filepath.Join(f.dir, "thousand.ini")
	must(b, os.WriteFile(path, []byte(text.String()), 0o600))
	var took []float64
	for range rounds(b) {
		out, s := f.time(b, f.command(b.Context(), "ansible-inventory", "-i", path, "--list"))
		if !bytes.Contains(out, []byte(fmt.Sprintf("node-%d", count))) {
			b.Fatal("ansible-inventory lists no last host")
		}
		took = append(took, s.wall.Seconds())
	}
	return fmt.Sprintf("%.2f s", middleOf(took))
}
