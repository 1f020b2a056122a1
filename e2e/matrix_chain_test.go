//go:build matrix

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
)

// TestChain makes one cluster of fresh machines in as many runs as its plan has
// moments: each goes on from where the last was killed, and is killed a step
// further. Then the real program applies, and all must be well. A moment that
// has passed when the next run looks, such as a wait for what had come by then,
// is not killed at and is said.
func TestChain(t *testing.T) {
	lab.Require(t)
	r := newKillRig(t, t.Context())
	chain := slices.DeleteFunc(cuts(r.plan), func(c cut) bool { return c[0].moment == killDuring })
	report := newFaultReport(t)
	report.path = filepath.Join("..", "docs", "faults-chain.md")
	seen := map[killRow]bool{}
	var lines strings.Builder
	for _, c := range chain {
		began := time.Now()
		came, err := r.killedOf(t, c)
		if err != nil {
			r.explain(t)
			t.Fatalf("%v: %v", c, err)
		}
		for _, row := range came.rows(readPlan(t, r.planFile)) {
			seen[row] = true
		}
		if came != nil {
			fmt.Fprintf(&lines, "| %s | %.1f |\n", strings.ReplaceAll(came.String(), " and ", "<br>"), time.Since(began).Seconds())
		}
	}
	began := time.Now()
	key, err := r.key(t.Context())
	if err == nil {
		err = r.recover(t.Context(), key)
	}
	outcome := "pass"
	if err != nil {
		r.explain(t)
		t.Error(err)
		outcome = "**FAIL** " + lastLines(err.Error(), 1)
	}
	var missing strings.Builder
	for _, row := range wholeMatrix(r.plan) {
		if row.moment != killDuring && !seen[row] {
			fmt.Fprintf(&missing, "\n- not killed at, since it held already when the next run looked, by itself or by a run that held only the other node: %s `%s`", row.moment, row.step)
		}
	}
	text := fmt.Sprintf(`# One cluster, killed at every step

Written by the run itself. One cluster is made of fresh machines in as many runs as its plan has moments. Each run goes on
from where the last one was killed (SIGKILL), and is killed a step further; after one step and before the next of a node is one
moment, and both nodes are held where the table names two. Then the real program applies: it has to exit with 0, every
node has to be Ready, a second apply has to have nothing to do, and nothing may be left behind. The encryption file's digest
is compared around every kill, once it exists.

- command: %s
- commit: %s
- date: %s
- duration: %s
- cluster: %s, over SSH, in the lab
- steps in the plan: %d; kills: %d; moments they were: %d
- the apply after the last kill, a second apply and checks: %.1f s, outcome: %s%s

| killed | in that run, after s |
|---|---|
`, "`e2e/test.sh --chain`", report.commit, report.started.UTC().Format("2006-01-02 15:04 MST"), time.Since(report.started).Round(time.Second),
		strings.Join(matrixNodes, " and "), len(r.plan.Steps), strings.Count(lines.String(), "\n"), len(seen), time.Since(began).Seconds(), outcome, missing.String())
	if err := os.WriteFile(report.path, []byte(text+lines.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// killedOf kills a run at what of a cut is still to come.
func (r *killRig) killedOf(t *testing.T, c cut) (cut, error) {
	ctx, cancel := context.WithTimeoutCause(t.Context(), killTime, fmt.Errorf("it took more than %v", killTime))
	defer cancel()
	before, err := r.key(ctx)
	if err != nil {
		return nil, err
	}
	err = r.killed(ctx, c)
	if errors.Is(err, errNotReached) { // its plan says which steps there are
		left := readPlan(t, r.planFile)
		c = slices.DeleteFunc(slices.Clone(c), func(row killRow) bool { return !slices.Contains(queueOf(left, row.step), row.step) })
		if len(c) == 0 {
			return nil, nil
		}
		err = r.killed(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	after, err := r.key(ctx)
	if err == nil && before != "" && after != before {
		err = fmt.Errorf("the encryption file's digest is %q, it was %q", after, before)
	}
	return c, err
}
