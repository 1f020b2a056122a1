package observe

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// lookTimeout bounds one look, which takes a second or two. What its program
// starts is bounded too, where the machine has timeout(1); this is for the rest,
// such as a file system whose server is gone.
const lookTimeout = 2 * time.Minute

// Node looks at one machine, in one execution that changes nothing.
func Node(ctx context.Context, h host.Host, ask Ask) (*state.Node, error) {
	return nodeWithin(ctx, h, ask, lookTimeout)
}

func nodeWithin(ctx context.Context, h host.Host, ask Ask, limit time.Duration) (*state.Node, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf(
		"%s did not finish within %s; a program or a file system hangs there: log in, end the processes that ps shows in state D or below the look, and try again", ask.Node, limit))
	defer cancel()
	nonce := script.Nonce()
	question, err := ask.encode()
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", h, err)
	}
	last := ask.Again.recall(question)
	began := time.Now()
	res, err := h.Exec(ctx, host.Program{Name: "look", Text: script.Look()}, slices.Concat([]byte(nonce+"\n"+last.line()), question))
	ended := time.Now()
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", h, err)
	}
	if res.Exit != 0 {
		return nil, &host.CommandError{Host: h.String(), Program: "look", Exit: res.Exit, Stderr: host.Tail(res.Stderr)}
	}
	frames, err := script.Frames(res.Stdout, nonce)
	if err == nil {
		frames, err = last.whole(frames)
	}
	var n *state.Node
	if err == nil {
		n, err = node(ask, frames, began, ended)
	}
	if err != nil {
		ask.Again.forget()
		return nil, fmt.Errorf("look at %s: %w", h, err)
	}
	if len(n.Unread) > 0 {
		ask.Again.forget() // what was not read is asked for anew
	} else {
		ask.Again.keep(question, frames)
	}
	return n, nil
}
