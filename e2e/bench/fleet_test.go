package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/bench/delay"
	"github.com/bulwark-k8s/bulwark/e2e/bench/job"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// BenchmarkFleet looks at a thousand machines that cost nearly nothing, beside a
// bare loop that asks and reads the same: P4 of the report.
func BenchmarkFleet(b *testing.B) {
	f := workplace(b)
	thousand, hundred := number(b, "BULWARK_BENCH_FLEET", 1000), number(b, "BULWARK_BENCH_FLEET", 1000)/10
	planted := f.fleet(b, thousand, job.Fleet{Drifted: thousand / 20})
	var wall, small, loop, ratio []float64
	var peak, loopPeak int64
	for round := range rounds(b) {
		looks := func() {
			r := f.look(b, thousand, planted)
			wall, peak = append(wall, r.Seconds), max(peak, r.PeakKiB)
			small = append(small, f.look(b, hundred, planted).Seconds)
		}
		loops := func() {
			j := f.job(job.Floor, inFlight)
			j.SSHConfig = ""
			r, _ := f.run(b, "floor", j)
			if len(r.Failed) > 0 || len(r.Done) != thousand {
				b.Fatalf("the bare loop reached %d, failed: %v", len(r.Done), r.Failed)
			}
			loop, loopPeak = append(loop, r.Seconds), max(loopPeak, r.PeakKiB)
		}
		awaitQuiet(b)
		if round%2 == 0 {
			looks()
			loops()
		} else {
			loops()
			looks()
		}
		ratio = append(ratio, wall[round]/loop[round])
	}
	slope := middleOf(wall) / middleOf(small)
	s := fmt.Sprintf("%d SSH servers in one process, which give the answer that was recorded of a real look at twenty files; one of them has a drift, which has to be found. Controller and fleet are processes of their own on the same processors. The bare loop sends and reads the same over x/crypto, %d machines at a time as bulwark, and holds its connections as bulwark does; it parses nothing. Medians of %d.\n\n"+
		"| | %d machines | %d machines | most memory of the process |\n|---|---|---|---|\n| bulwark | %.2f s | %.2f s | %d MiB |\n| a bare loop on x/crypto | %.2f s | | %d MiB |\n",
		thousand, inFlight, len(wall), thousand, hundred, middleOf(wall), middleOf(small), peak>>10, middleOf(loop), loopPeak>>10)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(middleOf(ratio), "to-bare-loop")
	write(b, section{bench: "Fleet", title: "A thousand machines", text: s, aims: []aim{
		{"P4", fmt.Sprintf("%d machines, to a bare loop", thousand), "≤ 1.25", fmt.Sprintf("%.2f", middleOf(ratio)), middleOf(ratio) <= 1.25},
		{"P4", fmt.Sprintf("time for %d to time for %d", thousand, hundred), "≤ 10.5", fmt.Sprintf("%.1f", slope), slope <= 10.5},
		{"P4", "controller's memory", "≤ 80 MiB", fmt.Sprintf("%d MiB", peak>>10), peak>>10 <= 80},
	}})
}

// BenchmarkStragglers has one machine that never answers and one that is twenty
// times as far as the others: P5 of the report.
func BenchmarkStragglers(b *testing.B) {
	const roundTrip = 20 * time.Millisecond
	f := workplace(b)
	count := number(b, "BULWARK_BENCH_STRAGGLERS", 200)
	silent, slow := count/3, count/2 // counted from zero
	f.fleet(b, count, job.Fleet{Silent: silent + 1})
	for i := range f.nodes {
		away := roundTrip
		if i == slow {
			away *= 20
		}
		p, err := delay.New(net.JoinHostPort(f.nodes[i].Host, strconv.Itoa(int(f.nodes[i].Port))), away)
		must(b, err)
		b.Cleanup(p.Close)
		_, port, _ := net.SplitHostPort(p.Address)
		n, err := strconv.ParseUint(port, 10, 16)
		must(b, err)
		f.nodes[i].Port = uint16(n)
	}
	others := slices.Clone(f.nodes)
	others = slices.Delete(others, slow, slow+1)
	others = slices.Delete(others, silent, silent+1)
	const timeout = 5 // seconds; bulwark's own is 30
	done := func(nodes []job.Node, program string, what job.What, parallel int, batch bool) float64 {
		j := f.job(what, parallel)
		j.Nodes, j.TimeoutSeconds, j.Batch = nodes, timeout, batch
		r, _ := f.run(b, program, j)
		last := 0.0
		for _, n := range others {
			if r.Done[n.Name] == 0 {
				b.Fatalf("%s was not looked at: %s", n.Name, r.Failed[n.Name])
			}
			last = max(last, r.Done[n.Name])
		}
		if len(nodes) > len(others) && len(r.Failed) != 1 {
			b.Fatalf("failed: %v", slices.Collect(maps.Keys(r.Failed)))
		}
		return last
	}
	var tax, batches []float64
	for range rounds(b) {
		awaitQuiet(b)
		tax = append(tax, done(f.nodes, "controller", job.Check, inFlight, false)/done(others, "controller", job.Check, inFlight, false))
		batches = append(batches, done(f.nodes, "floor", job.Floor, 30, true)/done(others, "floor", job.Floor, 30, true))
	}
	s := fmt.Sprintf("%d machines, all %v away; of them one takes connections and never says a word, and one is twenty times as far. The figure is when the last of the other %d had answered, to the same without the two; a login may take %d s. Beside it a loop on x/crypto that goes in batches of 30 and waits for all of each, as tools for clusters do. Medians of %d.\n\n| | with stragglers, to without |\n|---|---|\n| bulwark, %d at a time | %.2f |\n| batches of 30 | %.2f |\n",
		count, roundTrip, len(others), timeout, len(tax), inFlight, middleOf(tax), middleOf(batches))
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(middleOf(tax), "tax")
	write(b, section{bench: "Stragglers", title: "Stragglers: who waits for whom", text: s, aims: []aim{
		{"P5", "the others with two stragglers, to without", "≤ 1.05", fmt.Sprintf("%.2f", middleOf(tax)), middleOf(tax) <= 1.05},
	}})
}

func middleOf(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// look has bulwark look at the first machines of a fleet.
func (f *farm) look(b *testing.B, count int, planted []string) job.Report {
	b.Helper()
	j := f.job(job.Check, inFlight)
	j.Nodes = f.nodes[:count]
	r, _ := f.run(b, "controller", j)
	if !slices.Equal(r.Drift, planted) || len(r.Failed) > 0 {
		b.Fatalf("found %q where %q was planted; failed: %v", r.Drift, planted, r.Failed)
	}
	return r
}

// fleet starts a process that stands for so many machines, each with what a real
// look at twenty files answers, and says which drift is to be found.
func (f *farm) fleet(b *testing.B, count int, what job.Fleet) []string {
	b.Helper()
	if os.Getuid() != 0 {
		b.Skip("NOT RUN: the files that are looked at belong to root")
	}
	f.files = filesOfANode(20)
	what.Nodes, what.Root = count, filepath.Join(f.dir, "machine")
	must(b, os.MkdirAll(what.Root, 0o755))
	machine := job.Node{Name: "machine", Root: what.Root}
	f.restore(b, machine)
	public, err := os.ReadFile(f.key + ".pub")
	must(b, err)
	what.UserKey = string(public)
	what.Answer = recorded(b, f.job(job.Check, 1).AskOf(machine))
	first := f.files[0]
	what.Digest = state.SHA256(first.Content)

	line, err := json.Marshal(what)
	must(b, err)
	cmd := f.command(context.Background(), filepath.Join(f.programs, "fleet"))
	in, err := cmd.StdinPipe()
	must(b, err)
	out, err := cmd.StdoutPipe()
	must(b, err)
	cmd.Stderr = os.Stderr
	must(b, cmd.Start())
	b.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	_, err = in.Write(append(line, '\n'))
	must(b, err)
	answer, err := bufio.NewReader(out).ReadBytes('\n')
	must(b, err)
	must(b, json.Unmarshal(answer, &f.nodes))
	if what.Drifted == 0 {
		return nil
	}
	return []string{fmt.Sprintf("n%d %s", what.Drifted, first.Path)}
}

// recorded is what this machine answers to a look, with a stand-in for the nonce.
func recorded(b *testing.B, ask observe.Ask) []byte {
	b.Helper()
	h := &recorder{Host: hosttest.NewShell(b, "dash")}
	_, err := observe.Node(b.Context(), h, ask)
	must(b, err)
	if len(h.answer) == 0 {
		must(b, errors.New("nothing was recorded"))
	}
	return h.answer
}

// recorder keeps what a host answered.
type recorder struct {
	host.Host
	answer []byte
}

func (r *recorder) Exec(ctx context.Context, p host.Program, stdin []byte) (host.Result, error) {
	res, err := r.Host.Exec(ctx, p, stdin)
	nonce, _, _ := strings.Cut(string(stdin), "\n")
	r.answer = bytes.ReplaceAll(res.Stdout, []byte(nonce), []byte(job.Nonce))
	return res, err
}
