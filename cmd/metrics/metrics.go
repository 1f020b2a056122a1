// Package metrics tells Prometheus what a watch found.
package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bulwark-k8s/bulwark/provision"
)

// Watch holds what the passes of one watch came to. All its metrics are of one
// moment: a scrape sees a pass whole or not at all.
type Watch struct {
	descriptions
	interval time.Duration
	now      func() time.Time

	mu    sync.Mutex
	last  provision.Pass // of those that have an answer
	alive time.Time      // when a pass ended, or the watch began
	// synced is of the last pass, the numbers of all.
	synced                bool
	passes, failed, steps int
	outcomes              map[provision.RepairOutcome]int
}

var _ prometheus.Collector = (*Watch)(nil)

// New begins to count. interval is that of the watch, now its clock.
func New(interval time.Duration, now func() time.Time) *Watch {
	return &Watch{descriptions: described(), interval: interval, now: now, alive: now(), outcomes: map[provision.RepairOutcome]int{}}
}

// Ended counts a pass.
func (w *Watch) Ended(p provision.Pass) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alive = w.now()
	w.passes++
	w.synced = p.State() == provision.InSync
	w.steps += len(p.Repair.Result.Done)
	if p.Repair.Outcome != "" {
		w.outcomes[p.Repair.Outcome]++
	}
	if p.Err != nil {
		w.failed++
		return
	}
	w.last = p
}

// patience is how long a pass may take beyond the interval before the watch
// counts as stuck: longer than a look and a repair are ever waited for.
const patience = time.Hour

// stuck says whether no pass ended for too long.
func (w *Watch) stuck() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now().Sub(w.alive) > w.interval+patience
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("bulwark_watch_"+name, help, labels, nil)
}

// descriptions are the metrics, see docs/watch.md.
type descriptions struct {
	inSync, drift, notReached, unread, problems, lastLook, lookSeconds, looks, failures, repairs, repaired, certificates *prometheus.Desc
}

func described() descriptions {
	return descriptions{
		inSync:      describe("in_sync", "1 when the last pass read everything and all was as the spec wants it, else 0."),
		drift:       describe("drifted_steps", "Steps for what drifted, as the last look with an answer left it.", "node", "kind"),
		notReached:  describe("nodes_not_reached", "Nodes that the last look with an answer did not reach."),
		unread:      describe("unread", "Things that look asked of nodes it reached and did not read."),
		problems:    describe("problems", "Problems of preflight that look found."),
		lastLook:    describe("last_look_timestamp_seconds", "When that look ended."),
		lookSeconds: describe("last_look_duration_seconds", "How long that look took."),
		looks:       describe("looks_total", "Passes that ended."),
		failures:    describe("look_failures_total", "Passes that had no answer."),
		repairs:     describe("repairs_total", "Repairs by outcome; refused ones changed nothing.", "outcome"),
		repaired:    describe("repaired_steps_total", "Steps that repairs did."),

		certificates: describe("certificate_end_timestamp_seconds", "When a certificate that the last look with an answer read ends.", "node", "path"),
	}
}

// Describe names the metrics.
func (w *Watch) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{w.inSync, w.drift, w.notReached, w.unread, w.problems, w.lastLook, w.lookSeconds, w.looks, w.failures, w.repairs, w.repaired, w.certificates} {
		out <- d
	}
}

// Collect gives their values.
func (w *Watch) Collect(out chan<- prometheus.Metric) {
	w.mu.Lock()
	defer w.mu.Unlock()
	gauge := func(desc *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, labels...)
	}
	counter := func(desc *prometheus.Desc, n int, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), labels...)
	}
	counter(w.looks, w.passes)
	counter(w.failures, w.failed)
	counter(w.repaired, w.steps)
	for _, o := range []provision.RepairOutcome{provision.RepairDone, provision.RepairRefused, provision.RepairFailed} {
		counter(w.repairs, w.outcomes[o], string(o))
	}
	if w.synced {
		gauge(w.inSync, 1)
	} else {
		gauge(w.inSync, 0)
	}
	if w.last.Number == 0 {
		return // nothing is known yet, which is not the same as zero
	}
	type key struct{ node, kind string }
	drift := map[key]int{}
	for _, s := range w.last.Left() {
		drift[key{s.Node, string(s.Kind)}]++
	}
	for k, n := range drift {
		gauge(w.drift, float64(n), k.node, k.kind)
	}
	for _, c := range w.last.Certificates {
		gauge(w.certificates, float64(c.Ends.Unix()), c.Node, c.Path)
	}
	gauge(w.notReached, float64(len(w.last.NotReached)))
	gauge(w.unread, float64(w.last.Unread))
	gauge(w.problems, float64(len(w.last.Problems)))
	gauge(w.lastLook, float64(w.last.Looked.UnixMilli())/1000)
	gauge(w.lookSeconds, w.last.Looked.Sub(w.last.Began).Seconds())
}
