package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// The moments of a kill.
const (
	killBefore = "before" // the step's effect
	killAfter  = "after"
	killDuring = "during" // a moment after it began; kubeadm goes on without us then
)

// killRow is one line of the matrix: a step and a moment.
type killRow struct {
	moment, step string
}

func (r killRow) String() string { return r.moment + " " + r.step }

// cut is one kill of a run: where each node that is stopped for it has come to.
// Nodes work side by side and independently, so that one kill finds each of
// them somewhere; a cut says where. What it leaves out goes on until the kill.
type cut []killRow

func (c cut) String() string {
	var words []string
	for _, r := range c {
		words = append(words, r.String())
	}
	return strings.Join(words, " and ")
}

// rows are what a cut of the run of a plan is an instance of. After the effect
// of a step and before that of the next one of its node is one moment: nothing
// is done in between.
func (c cut) rows(p *plan.Plan) []killRow {
	var out []killRow
	for _, r := range c {
		out = append(out, r)
		if r.moment != killAfter {
			continue
		}
		queue := queueOf(p, r.step)
		if i := slices.Index(queue, r.step); i >= 0 && i+1 < len(queue) {
			out = append(out, killRow{killBefore, queue[i+1]})
		}
	}
	return out
}

// queueOf is the ids of the steps of the node of a step, in their order.
func queueOf(p *plan.Plan, id string) []string {
	var node string
	for _, s := range p.Steps {
		if s.ID == id {
			node = s.Node
		}
	}
	var ids []string
	for _, s := range p.Steps {
		if s.Node == node {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// wholeMatrix is every step of a plan, killed before and after its effect;
// phases of kubeadm and tables also in the middle of it.
func wholeMatrix(p *plan.Plan) []killRow {
	var rows []killRow
	for _, s := range p.Steps {
		rows = append(rows, killRow{killBefore, s.ID})
		if s.Kind == plan.KindPhase || s.Kind == plan.KindTable {
			rows = append(rows, killRow{killDuring, s.ID})
		}
		rows = append(rows, killRow{killAfter, s.ID})
	}
	return rows
}

// cuts are kills that together are the whole matrix. The nodes advance in
// lockstep, a step each time, as far as what they wait for is done.
func cuts(p *plan.Plan) []cut {
	queues := map[string][]plan.Step{}
	var order []string
	for _, s := range p.Steps {
		if queues[s.Node] == nil {
			order = append(order, s.Node)
		}
		queues[s.Node] = append(queues[s.Node], s)
	}
	var all []cut
	done := map[string]bool{}
	begun := map[string]bool{} // nodes stopped before their first step
	came := map[string]int{}   // how many steps of a node are done
	may := func(s plan.Step) bool {
		if s.Node == "" && s.Kind == plan.KindWait && slices.ContainsFunc(order, func(node string) bool { return node != "" && came[node] < len(queues[node]) }) {
			return false // what the cluster comes to by itself, no node may be held back from
		}
		return !slices.ContainsFunc(s.After, func(id string) bool { return !done[id] })
	}
	for {
		var c cut
		for _, node := range order {
			queue, n := queues[node], came[node]
			switch {
			case n == len(queue) || !may(queue[n]):
			case !begun[node]:
				begun[node] = true
				c = append(c, killRow{killBefore, queue[0].ID})
			default:
				came[node]++
				c = append(c, killRow{killAfter, queue[n].ID})
			}
		}
		if c == nil {
			break
		}
		for _, r := range c { // only now: in the run of this cut they are not all done
			done[r.step] = done[r.step] || r.moment == killAfter
		}
		all = append(all, c)
	}
	for _, r := range wholeMatrix(p) {
		if r.moment == killDuring {
			all = append(all, cut{r})
		}
	}
	return all
}

// TestCutsAreTheWholeMatrix: whatever a plan's steps wait for, no row is left
// out and none comes twice.
func TestCutsAreTheWholeMatrix(t *testing.T) {
	step := func(node, name string, kind plan.Kind, after ...string) plan.Step {
		return plan.Step{ID: node + "/" + name, Node: node, Kind: kind, After: after}
	}
	p := &plan.Plan{Steps: []plan.Step{
		step("a", "1", plan.KindFile), step("a", "2", plan.KindPhase), step("a", "3", plan.KindFile, "b/2"),
		step("b", "1", plan.KindTable), step("b", "2", plan.KindFile, "a/2"),
		step("", "1", plan.KindWait, "a/3", "b/2"),
	}}
	times := map[killRow]int{}
	for _, c := range cuts(p) {
		nodes := map[string]bool{}
		for _, r := range c {
			node, _, _ := strings.Cut(r.step, "/")
			if nodes[node] {
				t.Errorf("%v stops a node twice", c)
			}
			nodes[node] = true
		}
		for _, r := range c.rows(p) {
			times[r]++
		}
	}
	var wrong []string
	for _, r := range wholeMatrix(p) {
		if times[r] != 1 {
			wrong = append(wrong, fmt.Sprintf("%v: %d times", r, times[r]))
		}
		delete(times, r)
	}
	if len(wrong) > 0 || len(times) > 0 {
		t.Errorf("wrong: %v; of no step: %v", wrong, times)
	}
	// Both nodes begin at the same time, and no step is stopped after before
	// what it waits for was in an earlier cut.
	if first := cuts(p)[0].String(); first != "before a/1 and before b/1" {
		t.Errorf("the first cut is %s", first)
	}
	done := map[string]bool{}
	for _, c := range cuts(p) {
		for _, r := range c {
			for _, s := range p.Steps {
				if s.ID == r.step && r.moment == killAfter && slices.ContainsFunc(s.After, func(id string) bool { return !done[id] }) {
					t.Errorf("%v before %v", r, s.After)
				}
			}
		}
		for _, r := range c {
			done[r.step] = done[r.step] || r.moment == killAfter
		}
	}
}
