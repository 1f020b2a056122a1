package bench

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/bulwark-k8s/bulwark/e2e/bench/job"
)

// BenchmarkRepair finds and repairs one drifted file among two hundred machines,
// and nothing is written on the others: P10 of the report.
func BenchmarkRepair(b *testing.B) {
	count := number(b, "BULWARK_BENCH_REPAIR", 200)
	f := newFarm(b, count, filesOfANode(20))
	f.stage(b)
	var ratios, checks, repairs []float64
	for round := range rounds(b) {
		n, file := f.nodes[(round*31+7)%count], f.files[(round*3+1)%20]
		planted := []string{n.Name + " " + file.Path}
		spoil := func() {
			one := *f
			one.files = []job.File{file}
			one.files[0].Content = append(slices.Clone(file.Content[:len(file.Content)-1]), '!')
			one.restore(b, n)
		}
		spoil()
		awaitQuiet(b)
		took := map[job.What]float64{}
		order := []job.What{job.Check, job.Repair}
		if round%2 == 1 { // after a repair there is again something to find
			slices.Reverse(order)
		}
		for _, what := range order {
			spoil()
			before := f.times(b)
			r, _ := f.run(b, "controller", f.job(what, inFlight))
			if !slices.Equal(r.Drift, planted) || len(r.Failed) > 0 {
				b.Fatalf("%s found %q where %q was planted; failed: %v", what, r.Drift, planted, r.Failed)
			}
			took[what] = r.Seconds
			written := f.written(b, before)
			if what == job.Check && len(written) > 0 {
				b.Fatalf("a check wrote %q", written)
			}
			if what == job.Repair && (len(written) == 0 || slices.ContainsFunc(written, func(p string) bool { return !strings.HasPrefix(p, n.Root) })) {
				b.Fatalf("the repair of %s wrote %q", n.Root, written)
			}
		}
		f.restore(b, n)
		checks, repairs = append(checks, took[job.Check]), append(repairs, took[job.Repair])
		ratios = append(ratios, took[job.Repair]/took[job.Check])
	}
	s := fmt.Sprintf("%d real sshd, as above, twenty files each; one byte of one file differs on one of them. \"Repair\" is the check, the plan it comes to, and its one step. On all nodes the change times of all files and folders are compared before and after: a check changes none, a repair only the file and its folder. Medians of %d. Ansible is not timed here: at what it takes for fifty machines, above, these would take it most of an hour.\n\n| check | check and repair | ratio |\n|---|---|---|\n| %.2f s | %.2f s | %.2f |\n",
		count, len(ratios), middleOf(checks), middleOf(repairs), middleOf(ratios))
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(middleOf(ratios), "to-check")
	write(b, section{bench: "Repair", title: "Repair: one file among two hundred machines", text: s, aims: []aim{
		{"P10", fmt.Sprintf("check and repair among %d, to the check", count), "≤ 1.15", fmt.Sprintf("%.2f", middleOf(ratios)), middleOf(ratios) <= 1.15},
		{"P10", "writes on other nodes", "0", "0", true},
	}})
}

// times are the change times of all that the nodes have.
func (f *farm) times(b *testing.B) map[string]syscall.Timespec {
	b.Helper()
	out := map[string]syscall.Timespec{}
	for _, n := range f.nodes {
		must(b, filepath.WalkDir(n.Root, func(path string, _ fs.DirEntry, err error) error {
			var st syscall.Stat_t
			if err == nil {
				err = syscall.Lstat(path, &st)
			}
			out[path] = st.Ctim
			return err
		}))
	}
	return out
}

// written are paths that came, went or changed since.
func (f *farm) written(b *testing.B, before map[string]syscall.Timespec) []string {
	b.Helper()
	var out []string
	now := f.times(b)
	for path, at := range now {
		if before[path] != at {
			out = append(out, path)
		}
	}
	for path := range before {
		if _, ok := now[path]; !ok {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}
