package bench

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// report is what the runs come to.
type report struct {
	bulwark, byHand []run
}

func readyTimes(runs []run) []time.Duration {
	return times(runs, func(r run) time.Duration { return r.ready })
}
func afterTimes(runs []run) []time.Duration {
	return times(runs, func(r run) time.Duration { return max(0, r.end-r.ready) })
}
func endTimes(runs []run) []time.Duration {
	return times(runs, func(r run) time.Duration { return r.end })
}

func times(runs []run, of func(run) time.Duration) []time.Duration {
	var out []time.Duration
	for _, r := range runs {
		out = append(out, of(r))
	}
	slices.Sort(out)
	return out
}

func median(sorted []time.Duration) time.Duration {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// ratio is bulwark's time to the script's.
func (r report) ratio() float64 {
	return median(readyTimes(r.bulwark)).Seconds() / median(readyTimes(r.byHand)).Seconds()
}

func (r report) section() section {
	a := aim{id: "P7", what: "bootstrap until all are Ready, to a script by hand", aim: "≤ 1.05", figure: fmt.Sprintf("%.2f", r.ratio()), met: r.ratio() <= 1.05}
	return section{bench: "Bootstrap", title: "Bootstrap: from prepared machines to nodes that are Ready", text: r.text(), aims: []aim{a}}
}

func (r report) text() string {
	var s strings.Builder
	s.WriteString("One control plane and two workers, containers on this machine, over SSH as a user with sudo, hardened, pods connected by `cni \"bridge\"`. Beside bulwark runs [a shell script](../e2e/bench/byhand.sh) that does by hand what somebody who knows kubeadm would do with the same files (those of `bulwark render`): firewall first, one `kubeadm init`, both joins at the same time, CNI and routes, serving certificates approved. Each run begins with machines made anew, once this machine has little else to do; the two take turns. \"Ready\" is when a watch of the nodes in the control plane's machine has seen all three Ready, the same for both; the clock starts with the command.\n")
	fmt.Fprintf(&s, "\n| seconds, median (least to most) of %d runs | bulwark | by hand | ratio |\n|---|---|---|---|\n", len(r.bulwark))
	row := func(what string, of func([]run) []time.Duration) {
		a, b := of(r.bulwark), of(r.byHand)
		fmt.Fprintf(&s, "| %s | %s | %s | %.2f |\n", what, spread(a), spread(b), median(a).Seconds()/median(b).Seconds())
	}
	row("until every node is Ready", readyTimes)
	row("from there to the end of the command", afterTimes)
	row("whole command", endTimes)
	s.WriteString("\nThe aim is a ratio of 1.05 in the first row. After it bulwark approves serving certificates, waits for CoreDNS and verifies by asking the cluster; the script approves and tidies up, and verifies nothing. The script joins as soon as `kubeadm init` has ended. bulwark joins once the controller manager signs certificates: a kubelet that asks earlier asks more and more seldom, and can come seconds late.\n\n| round | bulwark | by hand | ratio | load before each | processor seconds of each whole run: machines + contestant + everybody else |\n|---|---|---|---|---|---|\n")
	for i := range r.bulwark {
		a, b := r.bulwark[i].ready.Seconds(), r.byHand[i].ready.Seconds()
		fmt.Fprintf(&s, "| %d | %.1f | %.1f | %.2f | %s, %s | %v, %v |\n", i+1, a, b, a/b, r.bulwark[i].load, r.byHand[i].load, r.bulwark[i].used, r.byHand[i].used)
	}
	timeline(&s, "bulwark", r.bulwark)
	timeline(&s, "the script", r.byHand)
	return s.String()
}

func spread(sorted []time.Duration) string {
	return fmt.Sprintf("%.1f (%.1f to %.1f)", median(sorted).Seconds(), sorted[0].Seconds(), sorted[len(sorted)-1].Seconds())
}

// timeline says what a contestant did when, in the run whose time was the median.
func timeline(s *strings.Builder, who string, all []run) {
	runs := slices.SortedFunc(slices.Values(all), func(a, b run) int { return int(a.ready - b.ready) })
	run := runs[(len(runs)-1)/2]
	fmt.Fprintf(s, "\n### Where the time went, in the median run of %s\n\nWhat took a tenth of a second or more, in seconds. Ready: ", who)
	for i, node := range slices.Sorted(maps.Keys(run.nodes)) {
		if i > 0 {
			s.WriteString(", ")
		}
		fmt.Fprintf(s, "%s after %.1f s", node, run.nodes[node].Seconds())
	}
	s.WriteString(".\n\n| node | step | from | to | took |\n|---|---|---|---|---|\n")
	slices.SortStableFunc(run.spans, func(a, b span) int { return int(a.from - b.from) })
	for _, p := range run.spans {
		if p.to-p.from < 100*time.Millisecond {
			continue
		}
		what := p.what
		if p.steps > 1 {
			what = fmt.Sprintf("%s and %d more", what, p.steps-1)
		}
		fmt.Fprintf(s, "| %s | %s | %.2f | %.2f | %.2f |\n", p.node, what, p.from.Seconds(), p.to.Seconds(), (p.to - p.from).Seconds())
	}
}

func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	one, _, _ := strings.Cut(string(text), " ")
	return one
}
