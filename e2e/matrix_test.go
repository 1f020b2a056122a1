package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// TestKillRows runs four kills of the matrix, each at another kind of step.
// BULWARK_SEED picks the same ones again.
func TestKillRows(t *testing.T) {
	t.Parallel()
	lab.Require(t)
	seed := uint64(time.Now().UnixNano() % 1_000_000)
	if s := os.Getenv("BULWARK_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("BULWARK_SEED=%d picks these kills again", seed)
	r := newKillRig(t, t.Context())
	for _, c := range pick(r.plan, seed, 4) {
		t.Run(c.String(), func(t *testing.T) {
			if result := r.try(t, c); result.err != nil {
				t.Errorf("%v\nBULWARK_SEED=%d picks this kill again", result.err, seed)
			}
		})
	}
}

// pick takes n cuts: those of rows whose steps are of n kinds.
func pick(p *plan.Plan, seed uint64, n int) []cut {
	kinds := map[string]plan.Kind{}
	for _, s := range p.Steps {
		kinds[s.ID] = s.Kind
	}
	rows := wholeMatrix(p)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	all := cuts(p)
	seen := map[plan.Kind]bool{}
	var out []cut
	for _, row := range rows {
		if seen[kinds[row.step]] || len(out) == n {
			continue
		}
		i := slices.IndexFunc(all, func(c cut) bool { return slices.Contains(c.rows(p), row) })
		if i < 0 {
			continue // taken for another kind
		}
		seen[kinds[row.step]] = true
		out = append(out, all[i])
		all = slices.Delete(all, i, i+1)
	}
	return out
}

// killResult is how a kill went.
type killResult struct {
	cut           cut
	rows          []killRow // it was an instance of
	stage         string
	killed, apply time.Duration
	err           error
}

// killTime is how long a kill and what follows may take.
const killTime = 10 * time.Minute

// try kills a run at a cut, from the nearest stage before its steps, and applies.
func (r *killRig) try(t *testing.T, c cut) killResult {
	ctx, cancel := context.WithTimeoutCause(t.Context(), killTime, fmt.Errorf("it took more than %v", killTime))
	defer cancel()
	result := killResult{cut: c}
	for i := len(r.stages) - 1; i >= 0; i-- {
		if slices.ContainsFunc(c, func(row killRow) bool { return !r.stages[i].left[row.step] }) {
			continue
		}
		result.stage = r.stages[i].name
		started := time.Now()
		if result.err = r.restore(ctx, i); result.err != nil {
			return result
		}
		result.err = r.killed(ctx, c)
		result.killed = time.Since(started)
		if errors.Is(result.err, errNotReached) && i > 0 {
			// What a step brings about may have come by itself since the snapshot.
			t.Logf("from stage %q: %v", r.stages[i].name, result.err)
			continue
		}
		if result.err != nil {
			return result
		}
		result.rows = c.rows(readPlan(t, r.planFile)) // of that very run
		started = time.Now()
		result.err = r.recover(ctx, r.stages[i].key)
		result.apply = time.Since(started)
		if result.err != nil {
			r.explain(t)
		}
		t.Logf("from %q: killed after %.1fs, whole again %.1fs later", result.stage, result.killed.Seconds(), result.apply.Seconds())
		return result
	}
	result.err = errNotReached
	return result
}

// recover applies to machines that a killed run left, and says what is wrong
// then. key is the digest the encryption file had before that run.
func (r *killRig) recover(ctx context.Context, key string) error {
	same := func(when string) error {
		now, err := r.key(ctx)
		if err == nil && key != "" && now != key {
			err = fmt.Errorf("%s the encryption file's digest is %q, it was %q", when, now, key)
		}
		key = now
		return err
	}
	if err := same("after the kill"); err != nil {
		return err
	}
	if out, err := r.command(ctx, r.bulwark); err != nil {
		return fmt.Errorf("apply after the kill: %w\n%s", err, lastLines(out, 40))
	}
	if err := same("after the apply"); err != nil {
		return err
	}
	missing, err := r.notReady(ctx)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("not Ready after the apply: %v", missing)
	}
	if err != nil {
		return err
	}
	out, err := r.command(ctx, r.bulwark)
	if err == nil && !strings.Contains(out, "Nothing to do") {
		err = errors.New("it found something to do")
	}
	if err != nil {
		return fmt.Errorf("second apply after the kill: %w\n%s", err, lastLines(out, 40))
	}
	if err := same("after the second apply"); err != nil {
		return err
	}
	left, err := r.leftovers(ctx)
	if err == nil && left != "" {
		err = errors.New("left behind:\n" + left)
	}
	return err
}

// explain logs what the cluster looks like after a row that failed.
func (r *killRig) explain(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, m := range r.set.Machines {
		out, _ := m.Shell(ctx, `systemctl list-units --all --plain --no-legend 'bulwark*' kubelet.service
			crictl ps -a 2>/dev/null | head -20
			[ ! -e /etc/kubernetes/admin.conf ] || timeout 10 kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes,csr,pods -A 2>&1
			journalctl -u kubelet -n 8 --no-pager -o cat 2>/dev/null | cut -c1-300`)
		t.Logf("%s:\n%s", m.Name, out)
	}
}
