package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// faultReport is docs/faults.md in the making. It is written anew after every
// kill, so that a matrix that is itself killed leaves what it found.
type faultReport struct {
	mu           sync.Mutex
	started      time.Time
	steps        int       // of the plan
	rows         []killRow // of the whole matrix
	cuts         []cut     // that are the whole matrix
	results      map[string]killResult
	commit, path string
}

func newFaultReport(t *testing.T) *faultReport {
	t.Helper()
	f := &faultReport{started: time.Now(), results: map[string]killResult{}, commit: "unknown"}
	if out, err := exec.Command("git", "rev-parse", "HEAD").Output(); err == nil {
		f.commit = strings.TrimSpace(string(out))
	}
	// The reports themselves are what the last runs changed.
	if out, err := exec.Command("git", "status", "--porcelain", "--", "..", ":(exclude,top)docs/faults*.md").Output(); err != nil || len(out) > 0 {
		f.commit += ", with changes that are not committed"
	}
	f.path = filepath.Join("..", "docs", "faults.md")
	if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
		t.Fatal(err)
	}
	return f
}

// whole says what the matrix consists of.
func (f *faultReport) whole(p *plan.Plan, all []cut) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.steps, f.rows, f.cuts = len(p.Steps), wholeMatrix(p), all
}

func (f *faultReport) add(t *testing.T, r killResult) {
	t.Helper()
	f.mu.Lock()
	f.results[r.cut.String()] = r
	f.mu.Unlock()
	f.write(t)
}

// command is what runs this again.
func (f *faultReport) command() string {
	var words []string
	for _, name := range []string{"BULWARK_MATRIX_ROWS", "BULWARK_MATRIX_BUDGET", "BULWARK_MATRIX_SETS"} {
		if value := os.Getenv(name); value != "" {
			words = append(words, name+"='"+value+"'")
		}
	}
	return strings.Join(append(words, "make e2e"), " ")
}

func (f *faultReport) write(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	passed := 0
	seen := map[killRow]bool{}
	var lines strings.Builder
	for _, c := range f.cuts {
		r, ok := f.results[c.String()]
		if !ok {
			continue
		}
		outcome := "pass"
		if r.err == nil {
			passed++
		} else {
			first, _, _ := strings.Cut(r.err.Error(), "\n")
			outcome = "**FAIL** " + strings.ReplaceAll(first, "|", "/")
		}
		var killed []string
		for _, row := range c {
			killed = append(killed, fmt.Sprintf("%s `%s`", row.moment, row.step))
		}
		for _, row := range r.rows {
			seen[row] = true
		}
		fmt.Fprintf(&lines, "| %s | %s | %.1f | %.1f | %s |\n", strings.Join(killed, "<br>"), r.stage, r.killed.Seconds(), r.apply.Seconds(), outcome)
	}
	covered := 0
	var missing strings.Builder
	for _, row := range f.rows {
		if seen[row] {
			covered++
		} else if len(f.results) == len(f.cuts) {
			fmt.Fprintf(&missing, "\n- not come to: %s `%s`", row.moment, row.step)
		}
	}
	head := fmt.Sprintf(`# What happens when bulwark is killed

Written by the run itself. Machines are put into a state before the steps; bulwark applies and
ends its own process by SIGKILL; then the real program applies. A kill passes when that apply
exits with 0, every node is Ready, a second apply has nothing to do, the encryption file kept its
digest since it existed, and nothing that belonged to a moment only (staged files, joining
tokens' files, results of runs, timers, failed units) is left.

Every step of the plan is killed before its effect and after; phases of kubeadm and tables also
0.3 s after they began. After one step and before the next of the same node is one moment.
Nodes work side by side, so a kill finds each somewhere: where the table names two steps, both
nodes were held there until the other had come, and then the process ended.

- command: %s
- commit: %s
- date: %s
- duration: %s
- cluster: %s, over SSH, in the lab
- steps in the plan: %d; moments of the matrix: %d, in %d kills
- kills run: %d, passed: %d; moments they were: %d of %d%s

| killed | from | until killed, s | apply, second apply and checks, s | outcome |
|---|---|---|---|---|
`, "`"+f.command()+"`", f.commit, f.started.UTC().Format("2006-01-02 15:04 MST"), time.Since(f.started).Round(time.Second),
		strings.Join(matrixNodes, " and "), f.steps, len(f.rows), len(f.cuts), len(f.results), passed, covered, len(f.rows), missing.String())
	if err := os.WriteFile(f.path, []byte(head+lines.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
