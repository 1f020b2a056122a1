package metrics

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// clock is a clock that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// served is a watch whose metrics are served on the loopback, and how to get a page.
func served(t *testing.T) (*Watch, *clock, func(path string) (int, string)) {
	t.Helper()
	c := &clock{now: time.Unix(1800000000, 0)}
	w := New(5*time.Minute, c.Now)
	s, err := Serve("127.0.0.1:0", w, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return w, c, func(path string) (int, string) {
		t.Helper()
		r, err := http.Get("http://" + s.Addr() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Body.Close() }()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(body)
	}
}

func pass(number int) provision.Pass {
	began := time.Unix(1800000000, 0)
	return provision.Pass{Number: number, Began: began, Looked: began.Add(1500 * time.Millisecond),
		Seen: provision.Seen{API: true, Plan: &plan.Plan{}, Drift: []plan.Step{
			{ID: "w-1/file/a", Node: "w-1", Kind: plan.KindFile}, {ID: "w-1/file/b", Node: "w-1", Kind: plan.KindFile}, {ID: "cluster/object/c", Kind: plan.KindObject},
		}, Problems: []provision.Problem{{Node: "w-1", Check: "clock", Warning: true}}}}
}

func holds(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains("\n"+text, "\n"+l+"\n") {
			t.Errorf("no line %q in\n%s", l, text)
		}
	}
}

func TestAScrape(t *testing.T) {
	w, _, get := served(t)
	code, text := get("/metrics")
	if code != http.StatusOK || strings.Contains(text, "nodes_not_reached") {
		t.Errorf("%d: before the first look nothing is known:\n%s", code, text)
	}
	holds(t, text, "bulwark_watch_in_sync 0", "bulwark_watch_looks_total 0")

	one := pass(1)
	one.Certificates = []provision.CertificateEnd{{Node: "cp-1", Path: "/etc/a.crt", Ends: time.Unix(1900000000, 0)}}
	w.Ended(one)
	_, text = get("/metrics")
	holds(t, text, `bulwark_watch_certificate_end_timestamp_seconds{node="cp-1",path="/etc/a.crt"} 1.9e+09`)
	holds(t, text, `bulwark_watch_drifted_steps{kind="file",node="w-1"} 2`, `bulwark_watch_drifted_steps{kind="object",node=""} 1`,
		"bulwark_watch_in_sync 0", "bulwark_watch_nodes_not_reached 0", "bulwark_watch_unread 0", "bulwark_watch_problems 1",
		"bulwark_watch_last_look_timestamp_seconds 1.8000000015e+09", "bulwark_watch_last_look_duration_seconds 1.5",
		"bulwark_watch_looks_total 1", "bulwark_watch_look_failures_total 0", `bulwark_watch_repairs_total{outcome="done"} 0`)

	// What a repair did is no drift any more, and the rest is.
	p := pass(2)
	p.Repair = provision.Repair{Outcome: provision.RepairFailed, Err: errors.New("x"), Result: apply.Result{Done: []string{"w-1/file/a", "w-1/file/b"}}}
	w.Ended(p)
	_, text = get("/metrics")
	holds(t, text, `bulwark_watch_drifted_steps{kind="object",node=""} 1`, `bulwark_watch_repairs_total{outcome="failed"} 1`, "bulwark_watch_repaired_steps_total 2")
	if strings.Contains(text, `kind="file"`) {
		t.Errorf("repaired steps are still counted:\n%s", text)
	}

	p = pass(3)
	p.Drift, p.NotReached = nil, []string{"w-2"}
	w.Ended(p)
	_, text = get("/metrics")
	holds(t, text, "bulwark_watch_in_sync 0", "bulwark_watch_nodes_not_reached 1")

	p.NotReached = nil
	w.Ended(p)
	_, text = get("/metrics")
	holds(t, text, "bulwark_watch_in_sync 1")

	// A pass without an answer leaves what was known, and is not in sync.
	w.Ended(provision.Pass{Number: 5, Err: errors.New("the API does not answer")})
	_, text = get("/metrics")
	holds(t, text, "bulwark_watch_in_sync 0", "bulwark_watch_look_failures_total 1", "bulwark_watch_last_look_duration_seconds 1.5")
}

func TestHealth(t *testing.T) {
	w, c, get := served(t)
	for _, step := range []struct {
		forward time.Duration
		ended   bool
		want    int
	}{
		{0, false, http.StatusOK},
		{5*time.Minute + patience + time.Second, false, http.StatusServiceUnavailable},
		{0, true, http.StatusOK},
		{time.Hour, false, http.StatusOK},
	} {
		c.forward(step.forward)
		if step.ended {
			w.Ended(pass(1))
		}
		if code, body := get("/healthz"); code != step.want {
			t.Errorf("%+v: %d %s", step, code, body)
		}
	}
	if code, _ := get("/debug/pprof"); code != http.StatusNotFound {
		t.Errorf("another page: %d", code)
	}
}

func TestAnAddressThatIsTaken(t *testing.T) {
	w := New(time.Minute, time.Now)
	s, err := Serve("127.0.0.1:0", w, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := Serve(s.Addr(), w, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("two on one address: %v", err)
	}
}
