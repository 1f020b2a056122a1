package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// Entry is a line of a machine's journal: a run began there, or ended. The
// machine adds the time, by its own clock.
type Entry struct {
	// Time is in seconds since 1970; it is the machine's to write.
	Time int64 `json:"time,omitempty"`
	// Entry is "begin" or "end".
	Entry string `json:"entry"`
	// Run is the same in both, and on all machines of one run.
	Run   string `json:"run"`
	Owner string `json:"owner,omitempty"`
	// Verb is the command.
	Verb string `json:"verb,omitempty"`
	// Steps is how many the whole plan has.
	Steps int `json:"steps,omitempty"`
	// Outcome says in a word how it ended: "done", "partial", "interrupted", ….
	Outcome string `json:"outcome,omitempty"`
	// Done and NotReached count steps of this machine, Failed names them.
	Done       int      `json:"done,omitempty"`
	Failed     []string `json:"failed,omitempty"`
	NotReached int      `json:"not_reached,omitempty"`
}

// mostFailed is how many steps an entry names.
const mostFailed = 20

// Begin is the entry of a run that begins.
func (o Owner) Begin(run, verb string, p *plan.Plan) *Entry {
	e := &Entry{Entry: "begin", Run: run, Owner: o.Text, Verb: verb}
	if p != nil {
		e.Steps = len(p.Steps)
	}
	return e
}

// End is the entry of a run that ended like this, for one node.
func (e *Entry) End(node string, r Result, err error) *Entry {
	_, lost := errors.AsType[*machine.LostError](err)
	word := "done"
	switch {
	case lost:
		word = "lock lost"
	case errors.Is(err, context.Canceled), err != nil && len(r.Failed) == 0:
		word = "interrupted"
	case err != nil:
		word = "partial"
	}
	return e.end(word, r.On(node))
}

func (e *Entry) end(word string, r Result) *Entry {
	if e == nil {
		return nil
	}
	return &Entry{Entry: "end", Run: e.Run, Outcome: word, Done: len(r.Done), Failed: r.Failed[:min(len(r.Failed), mostFailed)], NotReached: len(r.NotReached)}
}

// text is an entry as [machine.Claim.Entry] wants it, "" for none.
func (e *Entry) text() string {
	if e == nil {
		return ""
	}
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // plain values
	}
	return strings.TrimPrefix(string(text), "{")
}

// unended says of the last line of a journal what run it tells of that did not
// end, and "" when it ended or cannot be read.
func unended(line []byte) string {
	var e Entry
	if json.Unmarshal(line, &e) != nil || e.Entry != "begin" {
		return ""
	}
	return fmt.Sprintf("an earlier %s by %s began at %s and did not end; this one goes on",
		observe.Printable(e.Verb), observe.Printable(e.Owner), time.Unix(e.Time, 0).UTC().Format(time.RFC3339))
}
