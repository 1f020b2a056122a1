// Command kill is bulwark, except that it ends its own process by SIGKILL at
// steps of the plan that the environment names:
//
//	BULWARK_KILL_AT    a line for each node: "before", "after", "during" or "told-N", and the id of a step.
//	                   "during" is a moment after it began, "told-2" when it says the second thing of how far
//	                   it is. Steps of one guarded change begin and end together.
//	BULWARK_KILL_PLAN  file that receives the plan before anything is done, as JSON
//
// A node that has come to its line is held there until the others have come to
// theirs; then the process ends. It fails before it changes anything when its
// plan has no such step; without any it is killed before the first. A process
// that ends in another way did not come to those steps.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/bulwark-k8s/bulwark/cmd/cli"
	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

func main() {
	k := killer{Provision: cli.Real(), at: map[string]string{}}
	for line := range strings.Lines(os.Getenv("BULWARK_KILL_AT")) {
		moment, step, _ := strings.Cut(strings.TrimSpace(line), " ")
		k.at[step] = moment
	}
	os.Exit(cli.MainWith(k))
}

// killer is package provision, whose sessions end the process.
type killer struct {
	cli.Provision
	at map[string]string // step id to moment
}

// Open opens a session and writes its plan.
func (k killer) Open(ctx context.Context, in provision.Input) (cli.Session, error) {
	s, err := k.Provision.Open(ctx, in)
	if err != nil {
		return s, err
	}
	p := s.Look().Plan
	if path := os.Getenv("BULWARK_KILL_PLAN"); path != "" {
		text, err := json.Marshal(p)
		if err != nil {
			return s, err
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return s, err
		}
	}
	for id := range k.at {
		if !slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.ID == id }) {
			return s, errors.Join(errNoStep, s.Close())
		}
		alone(p, id)
	}
	return session{Session: s, killer: k}, nil
}

var errNoStep = errors.New("kill: this plan has no such step")

// alone makes a step wait for the one before it on its node, which it comes
// after anyway, and the next one wait for it. That is why the runner cannot do
// it in one program with others, whose effects would all come before the
// first of their events. A guarded change is left whole.
func alone(p *plan.Plan, id string) {
	last := map[string]*plan.Step{} // by node, the latest step there
	for i := range p.Steps {
		s := &p.Steps[i]
		before := last[s.Node]
		if before != nil && !(s.Guarded && before.Guarded) && (s.ID == id || before.ID == id) {
			s.After = append(s.After[:len(s.After):len(s.After)], before.ID)
		}
		last[s.Node] = s
	}
}

type session struct {
	cli.Session
	killer killer
}

// during is how long after its beginning a step is cut.
const during = 300 * time.Millisecond

// Apply runs the plan and ends the process where it was asked to.
func (s session) Apply(ctx context.Context, o provision.ApplyOptions) (cli.Result, error) {
	if len(s.killer.at) == 0 {
		die()
	}
	var come, told atomic.Int32
	next := o.Events
	o.Events = func(e apply.Event) {
		switch moment := s.killer.at[e.Step.ID]; {
		case e.Kind == apply.Started && moment == "before", e.Kind == apply.Done && moment == "after":
			if int(come.Add(1)) == len(s.killer.at) {
				die()
			}
			select {} // the node is held: what tells of a step stands between it and the next
		case e.Kind == apply.Note && strings.HasPrefix(moment, "told-"):
			if moment == fmt.Sprintf("told-%d", told.Add(1)) {
				die()
			}
		case e.Kind == apply.Started && moment == "during":
			time.AfterFunc(during, die)
		}
		next(e)
	}
	return s.Session.Apply(ctx, o)
}

// die ends the process at once: nothing is closed, flushed or told.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
