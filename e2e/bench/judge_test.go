package bench

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/kubebench"
	"github.com/bulwark-k8s/bulwark/e2e/lab"
)

// BenchmarkJudge has the CIS benchmark asked of one control plane, by `bulwark audit` and
// by kube-bench, one after the other.
func BenchmarkJudge(b *testing.B) {
	lab.Require(b)
	program, err := kubebench.Build(b.Context(), "../kubebench/build.sh")
	must(b, err)
	a := newArena(b)
	ctx, cancel := context.WithTimeout(b.Context(), 3*patience)
	defer cancel()
	command(b, a.bulwark(ctx))
	a.settled(b, ctx)
	var ours, theirs []float64
	for range rounds(b) {
		awaitQuiet(b)
		began := time.Now()
		cmd := a.contestant(exec.CommandContext(ctx, a.program, "audit", a.spec, "--overlay", a.overlay, "--ssh-config", a.config, "--profile", "cis", "-o", "json"))
		out, err := cmd.CombinedOutput()
		// It ends with 6 where a control is not met, as some of this profile are not that
		// nothing in the spec asks for.
		if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != 6) {
			b.Fatalf("%v\n%s", err, last(string(out)))
		}
		ours = append(ours, time.Since(began).Seconds())

		awaitQuiet(b)
		began = time.Now()
		report, err := program.Run(ctx, a.set.Machines[0], kubebench.ControlPlane)
		must(b, err)
		theirs = append(theirs, time.Since(began).Seconds())
		if len(report.Checks) < 131 {
			b.Fatalf("kube-bench asked %d checks", len(report.Checks))
		}
	}
	us, them := middleOf(ours), middleOf(theirs)
	s := fmt.Sprintf("One control plane and two workers, containers on this machine. `bulwark audit --profile cis` looks at all three and at the API; kube-bench %s is brought to the control plane, run there with all its targets, and taken away. Medians of %d, one after the other.\n\n| bulwark, three nodes | kube-bench, one node | ratio |\n|---|---|---|\n| %.2f s | %.2f s | %.2f |\n",
		kubebench.Benchmark, len(ours), us, them, us/them)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(us, "s")
	write(b, section{bench: "Judge", title: "The CIS benchmark, asked of a living cluster", text: s})
}
