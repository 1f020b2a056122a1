package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// tick redraws the live block so that its clocks move. It ends with the run.
func (h *Human) tick(pr *progress) {
	defer close(pr.stopped)
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-pr.stop:
			return
		case <-t.C:
			pr.mu.Lock()
			h.erase(pr)
			h.draw(pr, h.now())
			pr.mu.Unlock()
		}
	}
}

// Finish takes the live block away. It may be called more than once.
func (h *Human) Finish() {
	pr := h.progress.Swap(nil)
	if pr == nil {
		return
	}
	if pr.stop != nil {
		close(pr.stop)
		<-pr.stopped
	}
	pr.mu.Lock()
	defer pr.mu.Unlock()
	h.erase(pr)
}

// above writes lasting lines without disturbing the live block.
func (h *Human) above(write func()) {
	pr := h.progress.Load()
	if pr == nil {
		write()
		return
	}
	pr.mu.Lock()
	defer pr.mu.Unlock()
	h.erase(pr)
	write()
	h.draw(pr, h.now())
}

func (h *Human) erase(pr *progress) {
	if pr.drawn > 0 {
		h.err.write(fmt.Appendf(nil, "\x1b[%dA\x1b[J", pr.drawn))
		pr.drawn = 0
	}
}

func (h *Human) draw(pr *progress, now time.Time) {
	if !h.err.Live {
		return
	}
	lines := frame(pr.rows, now, h.err.Width, h.err.Height)
	if len(lines) == 0 {
		return
	}
	h.err.write([]byte(strings.Join(lines, "\n") + "\n"))
	pr.drawn = len(lines)
}

// frame is the live block: a line for each node, none longer than the terminal
// and not more than fit on it, since what has scrolled away or wrapped could
// not be taken away again.
func frame(rows []row, now time.Time, width, height int) []string {
	names := 0
	for _, r := range rows {
		names = max(names, len([]rune(Printable(r.node))))
	}
	if height > 2 && len(rows) > height-2 {
		rows = rows[:height-2]
	}
	var lines []string
	for _, r := range rows {
		line := fmt.Sprintf("%s  %3d/%d  ", pad(r.node, names), r.done, r.total)
		switch {
		case r.busy:
			line += fmt.Sprintf("%s  %s", Printable(r.text), duration(now.Sub(r.since)))
		case r.done >= r.total:
			line += "done"
		default:
			line += "waiting"
		}
		if width > 0 {
			line = cut(line, width-1)
		}
		lines = append(lines, line)
	}
	return lines
}

// find is the row of a step's node, or nil when the plan does not name it.
func (pr *progress) find(s plan.Step) *row {
	name := s.Node
	if name == "" {
		name = clusterGroup
	}
	for i := range pr.rows {
		if pr.rows[i].node == name {
			return &pr.rows[i]
		}
	}
	return nil
}

func (pr *progress) busy(s plan.Step, now time.Time) {
	if r := pr.find(s); r != nil {
		r.busy, r.text, r.since = true, s.Title, now
	}
}

func (pr *progress) idle(s plan.Step) {
	if r := pr.find(s); r != nil {
		r.busy = false
		r.done++
	}
}
