package view

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

func TestFrameFitsTheTerminal(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	rows := []row{
		{node: "cp-1", text: "kubeadm init phase control-plane all, with patches", since: now.Add(-75 * time.Second), done: 3, total: 40, busy: true},
		{node: "w-1", total: 12},
		{node: "worker-2", done: 12, total: 12},
	}
	want := []string{
		"cp-1        3/40  kubeadm init phase ...",
		"w-1         0/12  waiting",
		"worker-2   12/12  done",
	}
	if d := cmp.Diff(want, frame(rows, now, 41, 24)); d != "" {
		t.Error(d)
	}
	if got := frame(rows, now, 0, 4); len(got) != 2 || !strings.HasSuffix(got[0], "1m15s") {
		t.Errorf("four lines of terminal hold %q", got)
	}
}

// TestLiveBlockStaysBelowWhatLasts runs a plan on a terminal and looks at the
// screen during the run and after it.
func TestLiveBlockStaysBelowWhatLasts(t *testing.T) {
	defer goleak.VerifyNone(t)
	var scr screen
	term := Terminal{TTY: true, Live: true, Width: 60, Height: 20}
	h := NewHuman(NewStream(&bytes.Buffer{}, term), NewStream(&scr, term), HumanOptions{Now: func() time.Time { return time.Unix(0, 0) }})
	p := &plan.Plan{Cluster: "prod"}
	for _, node := range []string{"cp-1", "w-1"} {
		for i := range 2 {
			p.Steps = append(p.Steps, plan.Step{ID: fmt.Sprintf("%s/%d", node, i), Node: node, Title: fmt.Sprintf("step %d", i)})
		}
	}
	h.Begin(p)
	h.Event(apply.Event{Kind: apply.Started, Step: p.Steps[0]})
	h.Event(apply.Event{Kind: apply.Started, Step: p.Steps[2]})
	h.Event(apply.Event{Kind: apply.Done, Step: p.Steps[0]})
	h.Warn("something")
	h.Event(apply.Event{Kind: apply.Failed, Step: p.Steps[2], Err: errors.New("no space left"), Text: "no space left"})
	want := "Warning: something\n[2/4] FAILED w-1: step 0: no space left\ncp-1    1/2  waiting\nw-1     1/2  waiting"
	if got := scr.text(); got != want {
		t.Errorf("during the run:\n%s\nwant:\n%s", got, want)
	}
	h.Finish()
	h.Finish()
	want = "Warning: something\n[2/4] FAILED w-1: step 0: no space left"
	if got := scr.text(); got != want {
		t.Errorf("after the run:\n%s\nwant:\n%s", got, want)
	}
}

// TestEventsFromManyGoroutines is for the race detector.
func TestEventsFromManyGoroutines(t *testing.T) {
	var scr screen
	term := Terminal{TTY: true, Live: true, Width: 60}
	h := NewHuman(NewStream(&scr, term), NewStream(&scr, term), HumanOptions{Now: time.Now})
	p := samplePlan()
	h.Begin(p)
	var wg sync.WaitGroup
	for _, s := range p.Steps {
		wg.Go(func() {
			h.Event(apply.Event{Kind: apply.Started, Step: s})
			h.Debug("line")
			h.Say("line")
			h.Event(apply.Event{Kind: apply.Done, Step: s})
		})
	}
	wg.Wait()
	h.Finish()
}

// screen is a terminal that knows as much as the live view needs.
type screen struct {
	mu    sync.Mutex
	lines []string
	row   int
}

var token = regexp.MustCompile(`\x1b\[(\d*)([A-Za-z])|\n|[^\x1b\n]+`)

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range token.FindAllStringSubmatch(string(b), -1) {
		switch {
		case m[0] == "\n":
			s.row++
		case m[2] == "A":
			n, _ := strconv.Atoi(m[1])
			s.row -= n
		case m[2] == "J":
			s.lines = s.lines[:s.row]
		case m[2] == "":
			for len(s.lines) <= s.row {
				s.lines = append(s.lines, "")
			}
			s.lines[s.row] += m[0]
		}
	}
	return len(b), nil
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}
