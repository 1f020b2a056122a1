package bench

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
)

// BenchmarkNoop applies a spec to a cluster that is as it should be: nothing is
// written and nothing restarts. P6 of the report.
func BenchmarkNoop(b *testing.B) {
	lab.Require(b)
	a := newArena(b)
	ctx, cancel := context.WithTimeout(b.Context(), 2*patience)
	defer cancel()
	command(b, a.bulwark(ctx))
	before := a.settled(b, ctx)
	var took, user []float64
	for range rounds(b) {
		awaitQuiet(b)
		cmd := a.bulwark(ctx)
		began := time.Now()
		out, err := cmd.CombinedOutput()
		took = append(took, time.Since(began).Seconds())
		if err != nil {
			b.Fatalf("%v\n%s", err, last(string(out)))
		}
		user = append(user, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
		if strings.Contains(string(out), `"started"`) {
			b.Fatalf("there was something to do:\n%s", last(string(out)))
		}
	}
	moved := difference(before, a.snapshot(b, ctx))
	s := fmt.Sprintf("One control plane and two workers, containers on this machine, made by `bulwark apply`; the figure is a whole `bulwark apply` after that, from its start to its end. On all three the change times below `/etc`, `/usr`, `/opt`, `/root`, `/var/lib/bulwark` and of the kubelet's configuration and keys are compared before the first and after the last of %d, and so are when units and containers were started.\n\n| no-op apply, median | of it bulwark's processor time | changed or restarted |\n|---|---|---|\n| %.2f s | %.2f s | %s |\n",
		len(took), middleOf(took), middleOf(user), strings.Join(append([]string{fmt.Sprint(len(moved))}, moved...), "<br>"))
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(middleOf(took), "s")
	write(b, section{bench: "Noop", title: "Nothing to do: apply once more", text: s, aims: []aim{
		{"P6", "no-op apply of three nodes", "≤ 1 s", fmt.Sprintf("%.2f s", middleOf(took)), middleOf(took) <= 1},
		{"P6", "writes and restarts by it", "0", fmt.Sprint(len(moved)), len(moved) == 0},
	}})
}

// witness says on a machine when what bulwark may write was changed, and what was
// started when.
const witness = `
find /etc /usr /opt /root /var/lib/bulwark /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env /var/lib/kubelet/pki \
  -xdev -printf '%C@ %p\n' 2>/dev/null | sort -k 2
systemctl show -p Id -p ExecMainStartTimestampMonotonic kubelet containerd | paste - -
ctr --namespace k8s.io tasks list --quiet | sort`

// snapshot is what all machines say, a line for each thing.
func (a *arena) snapshot(b *testing.B, ctx context.Context) []string {
	b.Helper()
	var out []string
	for _, m := range a.set.Machines {
		text, err := m.Shell(ctx, witness)
		must(b, err)
		for line := range strings.Lines(text) {
			out = append(out, m.Name+" "+strings.TrimSpace(line))
		}
	}
	return out
}

// settled waits until a new cluster does not change by itself any more.
func (a *arena) settled(b *testing.B, ctx context.Context) []string {
	b.Helper()
	before := a.snapshot(b, ctx)
	for range 30 {
		time.Sleep(5 * time.Second)
		now := a.snapshot(b, ctx)
		if len(difference(before, now)) == 0 {
			return now
		}
		before = now
	}
	b.Fatal("the cluster does not come to rest")
	return nil
}

// difference are lines that are in one only.
func difference(before, after []string) []string {
	count := map[string]int{}
	for _, l := range before {
		count[l]++
	}
	for _, l := range after {
		count[l]--
	}
	var out []string
	for _, l := range append(append([]string{}, before...), after...) {
		if count[l] != 0 {
			out = append(out, l)
			count[l] = 0
		}
	}
	return out
}

func TestDifferenceSeesBothWays(t *testing.T) {
	if got := difference([]string{"a", "b"}, []string{"b", "c"}); fmt.Sprint(got) != "[a c]" {
		t.Errorf("%q", got)
	}
	if got := difference([]string{"a"}, []string{"a"}); len(got) != 0 {
		t.Errorf("%q", got)
	}
}
