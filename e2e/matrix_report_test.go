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
)

// faultReport is docs/faults.md in the making. It is written anew after every
// row, so that a matrix that is itself killed leaves what it found.
type faultReport struct {
	mu           sync.Mutex
	started      time.Time
	steps        int       // of the plan
	rows         []killRow // of the whole matrix
	results      map[killRow]killResult
	commit, path string
}

func newFaultReport(t *testing.T) *faultReport {
	t.Helper()
	f := &faultReport{started: time.Now(), results: map[killRow]killResult{}, commit: "unknown"}
	if out, err := exec.Command("git", "rev-parse", "HEAD").Output(); err == nil {
		f.commit = strings.TrimSpace(string(out))
	}
	// The report itself is what the last run changed.
	if out, err := exec.Command("git", "status", "--porcelain", "--", "..", ":(exclude,top)docs/faults.md").Output(); err != nil || len(out) > 0 {
		f.commit += ", with changes that are not committed"
	}
	f.path = filepath.Join("..", "docs", "faults.md")
	if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
		t.Fatal(err)
	}
	return f
}

// whole says what the matrix consists of.
func (f *faultReport) whole(steps int, rows []killRow) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.steps, f.rows = steps, rows
}

func (f *faultReport) add(t *testing.T, r killResult) {
	t.Helper()
	f.mu.Lock()
	f.results[r.row] = r
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
	var lines strings.Builder
	for _, row := range f.rows {
		r, ok := f.results[row]
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
		fmt.Fprintf(&lines, "| %s | `%s` | %s | %.1f | %.1f | %s |\n", r.row.moment, r.row.step, r.stage, r.killed.Seconds(), r.apply.Seconds(), outcome)
	}
	head := fmt.Sprintf(`# What happens when bulwark is killed

Written by the run itself. Each row: machines are put into a state before the step; bulwark
applies and ends its own process by SIGKILL before the step's effect, after it, or 0.3 s
after it began; then the real program applies. A row passes when that apply exits with 0, every
node is Ready, a second apply has nothing to do, the encryption file kept its digest since it
existed, and nothing that belonged to a moment only (staged files, joining tokens' files,
results of runs, timers, failed units) is left.

- command: %s
- commit: %s
- date: %s
- duration: %s
- cluster: %s, over SSH, in the lab
- steps in the plan: %d; rows of the matrix: %d; rows run: %d; rows passed: %d

| killed | step | from | until killed, s | apply, second apply and checks, s | outcome |
|---|---|---|---|---|---|
`, "`"+f.command()+"`", f.commit, f.started.UTC().Format("2006-01-02 15:04 MST"), time.Since(f.started).Round(time.Second),
		strings.Join(matrixNodes, " and "), f.steps, len(f.rows), len(f.results), passed)
	if err := os.WriteFile(f.path, []byte(head+lines.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
