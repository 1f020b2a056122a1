// Package apply runs a plan, and nothing but a plan: it decides neither what
// is wanted nor in which order. Every effect on a machine or on the API is a
// step of the plan, announced by an event before and after.
package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Runner runs plans against one set of machines.
type Runner struct {
	// Access holds the intent the plan was made from, and the hosts: every node a
	// step acts on must be among them.
	Access
	// Have is what the plan was made from: it answers for pod prefixes that
	// were known then.
	Have *state.Cluster
	// EncryptionReads is the text of the key file with which an API server can read
	// what is encrypted, and encrypts the given resources only; its key is a
	// reference. Only who makes such files can tell, so it is handed in.
	EncryptionReads func(encrypted []string) ([]byte, error)
	// Verb is the command that runs the plan, and goes on with it when it is run
	// again; "apply" when empty.
	Verb string
	// Events is told what happens; it must be safe for concurrent use.
	Events func(Event)
}

// PartialError is a run in which some steps failed: what was done stays done,
// and the next run goes on from there.
type PartialError struct {
	Result Result
	Errs   []error
	// Verb is that of the [Runner].
	Verb string
}

// Error counts, and says the first cause.
func (e *PartialError) Error() string {
	return fmt.Sprintf("%d of %d steps were not done; run %s again once this is mended: %v",
		len(e.Result.Failed)+len(e.Result.NotReached),
		len(e.Result.Done)+len(e.Result.Failed)+len(e.Result.NotReached), cmp.Or(e.Verb, "apply"), errors.Join(e.Errs...))
}

// Unwrap gives the causes.
func (e *PartialError) Unwrap() []error { return e.Errs }

// outcome is how far a step came.
type outcome struct {
	ended chan struct{} // closed when ok is decided
	ok    bool
}

// run is one plan on its way.
type run struct {
	*Runner
	values   *values
	api      *api
	outcomes map[string]*outcome
	mu       sync.Mutex
	errs     []error
	failed   map[string]bool
	reloaded map[string]bool // nodes whose systemd has read all units we wrote
	changing map[string]bool // workers under a guarded change
	ended    <-chan struct{} // closed when no step is begun any more
	tidying  tasks           // what the run ends with, and no step waits for
}

// Run executes the steps: those of one node one by one in their order, nodes
// side by side, each step once those in After are done. A step that fails ends
// its node and whatever waits for it; the rest goes on. When ctx is cancelled
// no step is begun, waits end at once, and the other steps that run are finished.
func (r *Runner) Run(ctx context.Context, p *plan.Plan) (Result, error) {
	ru := &run{Runner: r, outcomes: map[string]*outcome{}, failed: map[string]bool{}, reloaded: map[string]bool{}, changing: map[string]bool{}, ended: ctx.Done()}
	ru.api = &api{Access: r.Access}
	ru.values = newValues(r.Have, ru.api)
	queues := map[string][]plan.Step{}
	var order []string
	for _, s := range p.Steps {
		ru.outcomes[s.ID] = &outcome{ended: make(chan struct{})}
		if queues[s.Node] == nil {
			order = append(order, s.Node)
		}
		queues[s.Node] = append(queues[s.Node], s)
	}
	var wg sync.WaitGroup
	for _, node := range order {
		wg.Go(func() { ru.queue(ctx, queues[node]) })
	}
	wg.Wait()
	_ = ru.tidying.wait() // they report by notes
	ru.api.close()

	var res Result
	for _, s := range p.Steps {
		switch o := ru.outcomes[s.ID]; {
		case o.ok:
			res.Done = append(res.Done, s.ID)
		case ru.failed[s.ID]:
			res.Failed = append(res.Failed, s.ID)
		default:
			res.NotReached = append(res.NotReached, s.ID)
		}
	}
	if len(ru.errs) > 0 {
		return res, &PartialError{Result: res, Errs: ru.errs, Verb: r.Verb}
	}
	if len(res.NotReached) > 0 {
		return res, &PartialError{Result: res, Errs: []error{context.Cause(ctx)}, Verb: r.Verb}
	}
	return res, nil
}

// queue runs the steps of one node in order.
func (ru *run) queue(ctx context.Context, steps []plan.Step) {
	for len(steps) > 0 {
		if !ru.ready(ctx, steps[0]) {
			break
		}
		n := 1
		for n < len(steps) && goTogether(steps[n-1], steps[n]) && ru.nothingOpen(steps[n]) {
			n++
		}
		finish := context.WithoutCancel(ctx)
		if mayBeCut(steps[0]) {
			finish = ctx
		}
		if !ru.execute(finish, steps[:n]) {
			steps = steps[n:]
			break
		}
		steps = steps[n:]
	}
	for _, s := range steps { // whoever waits for these must not wait for ever
		close(ru.outcomes[s.ID].ended)
	}
}

// goTogether says whether one execution does both of two steps of a node: a guarded
// change is one, and so are operations that follow each other.
func goTogether(a, b plan.Step) bool {
	return a.Guarded == b.Guarded && (a.Guarded || batched(a) && batched(b))
}

// mayBeCut says whether a step can end at any moment: it only waits for what comes
// about by itself, or takes long and goes on where it was.
func mayBeCut(s plan.Step) bool {
	return s.Kind == plan.KindWait || s.Kind == plan.KindApproval || s.Kind == plan.KindEncryption
}

// ready waits for what a step comes after, and says whether it may begin.
func (ru *run) ready(ctx context.Context, s plan.Step) bool {
	for _, id := range s.After {
		select {
		case <-ru.outcomes[id].ended:
			if !ru.outcomes[id].ok {
				return false
			}
		case <-ctx.Done():
			return false
		}
	}
	return ctx.Err() == nil
}

// nothingOpen says whether a step could begin at once.
func (ru *run) nothingOpen(s plan.Step) bool {
	for _, id := range s.After {
		select {
		case <-ru.outcomes[id].ended:
			if !ru.outcomes[id].ok {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// execute runs one step, or several that one program does together, and
// records how each ended. It says whether all were done.
func (ru *run) execute(ctx context.Context, steps []plan.Step) bool {
	for _, s := range steps {
		ru.emit(Event{Kind: Started, Step: s})
	}
	done, err := ru.effect(ctx, steps)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("the wait was ended: %w", context.Cause(ctx))
	}
	for i, s := range steps {
		o := ru.outcomes[s.ID]
		if i < done {
			ru.emit(Event{Kind: Done, Step: s})
			o.ok = true
		} else if i == done && err != nil {
			ru.emit(Event{Kind: Failed, Step: s, Err: err, Text: err.Error()})
			err = fmt.Errorf("%s: %w", s.ID, err)
			ru.mu.Lock()
			ru.errs = append(ru.errs, err)
			ru.failed[s.ID] = true
			ru.mu.Unlock()
		}
		close(o.ended)
	}
	return err == nil
}

func (ru *run) emit(e Event) {
	if ru.Events != nil {
		ru.Events(e)
	}
}

// note tells people something about a step that is under way.
func (ru *run) note(s plan.Step, format string, args ...any) {
	ru.emit(Event{Kind: Note, Step: s, Text: fmt.Sprintf(format, args...)})
}
