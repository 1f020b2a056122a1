package view

import (
	"fmt"
	"sync"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// progress follows a run: which steps are under way, and how many are done.
type progress struct {
	mu      sync.Mutex
	total   int
	ended   int
	started map[string]time.Time // by step id
	rows    []row                // live view: one for each node, in order of appearance
	drawn   int                  // lines of the live block now on the screen
	stop    chan struct{}
	stopped chan struct{}
}

// row is the live line of one node.
type row struct {
	node, text  string
	since       time.Time
	done, total int
	busy        bool
}

// Begin starts to show a run. The plan may be nil where there is none.
func (h *Human) Begin(p *plan.Plan) {
	h.Finish()
	pr := &progress{started: map[string]time.Time{}}
	if p != nil {
		pr.total = len(p.Steps)
		for _, g := range byNode(p.Steps) {
			pr.rows = append(pr.rows, row{node: g.name, total: len(g.steps)})
		}
	}
	h.progress.Store(pr)
	h.err.gap()
	if h.err.Live {
		pr.stop, pr.stopped = make(chan struct{}), make(chan struct{})
		go h.tick(pr)
	}
}

// Event shows one thing that happened. It may be called from many goroutines.
func (h *Human) Event(e apply.Event) {
	pr := h.progress.Load()
	if pr == nil {
		return
	}
	pr.mu.Lock()
	defer pr.mu.Unlock()
	now := h.now()
	switch e.Kind {
	case apply.Started:
		pr.started[e.Step.ID] = now
		pr.busy(e.Step, now)
	case apply.Done, apply.Failed:
		pr.ended++
		pr.idle(e.Step)
	case apply.Note:
	}
	h.erase(pr)
	if line, ok := h.eventLine(pr, e, now); ok {
		h.err.linef("%s", line)
	}
	h.draw(pr, now)
}

// eventLine is the lasting line of an event, if it leaves one.
func (h *Human) eventLine(pr *progress, e apply.Event, now time.Time) (safe, bool) {
	where := e.Step.Node
	if where == "" && e.Step.ID != "" {
		where = "cluster"
	}
	title, text := e.Step.Title, e.Text
	if e.Err != nil { // the text of such an event says the same, in full
		text = firstLine(e.Err.Error())
	}
	if title == "" {
		title = text
	} else if text != "" {
		title += ": " + text
	}
	if where != "" {
		title = where + ": " + title
	}
	switch e.Kind {
	case apply.Started:
		return safe(sprintf("%s", h.err.paint(dim, "start "+title))), h.verbose
	case apply.Done:
		// On a live terminal the node's own line tells it, a scroll of all would bury the rest.
		return safe(sprintf("%s%s  %s", pr.counter(), title, h.err.paint(dim, pr.took(e.Step.ID, now)))), !h.err.Live || h.verbose || pr.find(e.Step) == nil
	case apply.Failed:
		return safe(sprintf("%s%s %s", pr.counter(), h.err.paint(red, "FAILED"), title)), true
	case apply.Note:
		return safe(sprintf("%s %s", h.err.paint(cyan, "Note:"), title)), true
	}
	return "", false
}

// counter is "[ 3/57] ", or nothing when the number of steps is not known.
func (pr *progress) counter() safe {
	if pr.total == 0 {
		return ""
	}
	w := len(fmt.Sprint(pr.total))
	return safe(fmt.Sprintf("[%*d/%d] ", w, pr.ended, pr.total))
}

func (pr *progress) took(id string, now time.Time) string {
	since, ok := pr.started[id]
	if !ok {
		return ""
	}
	return "(" + duration(now.Sub(since)) + ")"
}

// duration is short: "0.4s", "12s", "3m05s".
func duration(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	}
	return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
}

func firstLine(s string) string {
	if l := printableLines(s); len(l) > 0 {
		return l[0]
	}
	return ""
}
