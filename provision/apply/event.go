package apply

import (
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// EventKind is what an [Event] reports.
type EventKind string

// The kinds of events. A step's Started precedes any effect of it, and its
// Done or Failed follows the last one.
const (
	Started EventKind = "started"
	Done    EventKind = "done"
	Failed  EventKind = "failed"
	Note    EventKind = "note"
)

// Event is one thing that happened while a plan ran. Texts that came from a
// machine are already sanitised, and no event holds a secret.
type Event struct {
	Kind EventKind `json:"event"`
	// Step is the step it is about; its zero value belongs to the run itself.
	Step plan.Step `json:"step"`
	Text string    `json:"text,omitempty"`
	Err  error     `json:"-"`
}

// Result is how a run of a plan ended: the ids of the steps by outcome, in the
// order of the plan. A step that was not reached is in none of Done and Failed.
type Result struct {
	Done       []string `json:"done"`
	Failed     []string `json:"failed,omitempty"`
	NotReached []string `json:"not_reached,omitempty"`
}

// Nodes are those that a result is about, sorted, "cluster" among them for steps
// that no node holds.
func (r Result) Nodes() []string {
	var out []string
	for _, id := range slices.Concat(r.Done, r.Failed, r.NotReached) {
		node, _, _ := strings.Cut(id, "/")
		out = append(out, node)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// On is the part of a result that is about one node, "cluster" for the steps
// that no node holds.
func (r Result) On(node string) Result {
	of := func(ids []string) (out []string) {
		for _, id := range ids {
			if where, _, _ := strings.Cut(id, "/"); where == node {
				out = append(out, id)
			}
		}
		return out
	}
	return Result{Done: of(r.Done), Failed: of(r.Failed), NotReached: of(r.NotReached)}
}

// Check is one thing verified after the plan ran, by asking the cluster and
// not by reading settings.
type Check struct {
	// ID is stable: "anonymous/version", "encryption/secret", ….
	ID   string `json:"id"`
	Node string `json:"node,omitempty"`
	// Title is the claim; Seen what was really observed.
	Title string `json:"title"`
	Seen  string `json:"seen"`
	// Verdict is "pass", "fail" or "unknown".
	Verdict string `json:"verdict"`
}
