package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/bulwark-k8s/bulwark/e2e/bench/job"
)

// hardened is the recorded snapshot that others are made of.
const hardened = "../../profiles/testdata/snapshots/hardened.json"

// BenchmarkAudit asks four profiles of a thousand recorded nodes: in a cluster of three
// control planes, and where every node is one, so that every control is one of it.
func BenchmarkAudit(b *testing.B) {
	f := workplace(b)
	const count = 1000
	text := fmt.Sprintf("One snapshot of %d nodes, made of [a recorded one](../profiles/testdata/snapshots/hardened.json) with other names and addresses, is asked all controls of `cis`, `stig`, `nsa-cisa` and `pci` by a new process each time: it reads the catalogue and the file, decodes it, and keeps every finding with what it rests on. Medians of %d.\n\n| | seconds | most memory | megabytes of JSON | findings | passed |\n|---|---|---|---|---|---|\n", count, rounds(b))
	var aims []aim
	for _, planes := range []int{3, count} {
		what := fmt.Sprintf("%d nodes, %d control planes", count, planes)
		path := filepath.Join(f.dir, fmt.Sprintf("planes-%d.json", planes))
		snapshot := snapshotOf(b, planes, count-planes)
		must(b, os.WriteFile(path, snapshot, 0o600))
		var took []float64
		var peak int64
		var r job.Report
		for range rounds(b) {
			awaitQuiet(b)
			r, _ = f.run(b, "controller", job.Job{What: job.Audit, Spec: "../../examples/quickstart", Snapshot: path, Profiles: []string{"cis", "stig", "nsa-cisa", "pci"}})
			took, peak = append(took, r.Seconds), max(peak, r.PeakKiB)
		}
		findings := 0
		for _, n := range r.Verdicts {
			findings += n
		}
		if r.Verdicts["pass"] < 50*count || r.Verdicts["unknown"] > 0 {
			b.Fatalf("%s: %v", what, r.Verdicts)
		}
		text += fmt.Sprintf("| %s | %.2f | %d MiB | %.0f | %d | %d |\n", what, middleOf(took), peak>>10, float64(len(snapshot))/1e6, findings, r.Verdicts["pass"])
		if planes == 3 {
			b.ReportMetric(middleOf(took), "s")
			b.ReportMetric(float64(peak>>10), "MiB")
		}
		aims = append(aims,
			aim{"P11", "four profiles of " + what, "≤ 2 s", fmt.Sprintf("%.2f s", middleOf(took)), middleOf(took) <= 2},
			aim{"P11", "memory of it", "≤ 200 MB", fmt.Sprintf("%.0f MB", float64(peak)*1024/1e6), float64(peak)*1024/1e6 <= 200})
	}
	b.ReportMetric(0, "ns/op")
	write(b, section{bench: "Audit", title: "An audit of a thousand recorded nodes", text: text, aims: aims})
}

// snapshotOf is the recorded cluster with so many nodes of each role.
func snapshotOf(b *testing.B, planes, workers int) []byte {
	b.Helper()
	text, err := os.ReadFile(hardened)
	must(b, err)
	var all struct {
		FormatVersion int                          `json:"format_version"`
		Cluster       map[string]json.RawMessage   `json:"cluster"`
		Nodes         []map[string]json.RawMessage `json:"nodes"`
		API           json.RawMessage              `json:"api"`
	}
	must(b, json.Unmarshal(text, &all))
	plane, worker := all.Nodes[0], all.Nodes[1]
	all.Nodes = nil
	var addresses, control []string
	for i := range planes + workers {
		of, name := worker, fmt.Sprintf("w-%d", i+1)
		address := fmt.Sprintf("10.1.%d.%d/32", i/250, i%250+1)
		if i < planes {
			of, name = plane, fmt.Sprintf("cp-%d", i+1)
			control = append(control, address)
		}
		addresses = append(addresses, address)
		all.Nodes = append(all.Nodes, map[string]json.RawMessage{"name": encoded(b, name), "role": of["role"], "has": of["has"]})
	}
	// The firewalls are those that were recorded, and open to the nodes of that time.
	all.Cluster["nodes"] = encoded(b, append(addresses, "10.0.0.11/32", "10.0.0.21/32"))
	all.Cluster["control_planes"] = encoded(b, append(control, "10.0.0.11/32"))
	out, err := json.MarshalIndent(all, "", " ")
	must(b, err)
	return append(out, '\n')
}

func encoded(b *testing.B, v any) json.RawMessage {
	b.Helper()
	text, err := json.Marshal(v)
	must(b, err)
	return text
}
