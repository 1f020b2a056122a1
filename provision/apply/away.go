package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// errEnded is a run that was ended while a step waited for its turn.
var errEnded = errors.New("the run was ended before its turn came")

// inTurn does a change of a worker once no more of them would be away with it than the
// spec lets be, whatever took the others away. Who is away itself may always be mended.
func (ru *run) inTurn(ctx context.Context, s plan.Step, f func() error) error {
	n, _ := ru.Cluster.Node(s.Node)
	if n.Role != cluster.Worker {
		return f()
	}
	defer ru.leaves(s.Node)
	if err := ru.turn(ctx, s, ru.takesTurn); err != nil {
		return fmt.Errorf("nothing was changed on %s: %w", s.Node, err)
	}
	return f()
}

// turn waits until a worker may change: as long as others do, and for what settles by
// itself as long as any change.
func (ru *run) turn(ctx context.Context, s plan.Step, takes func(ctx context.Context, node string) (bool, error)) error {
	said := ""
	for deadline := time.Now().Add(settleTime); ; {
		wait, err := takes(ctx, s.Node)
		switch {
		case err == nil:
			return nil
		case wait:
			deadline = time.Now().Add(settleTime)
		case time.Now().After(deadline):
			return err
		}
		if text := err.Error(); text != said {
			said = text
			ru.note(s, "it waits: %s", text)
		}
		select {
		case <-ru.ended:
			return errors.Join(errEnded, err)
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(gatePause):
		}
	}
}

// takesTurn counts a worker as one that changes, or says why it may not yet; wait says
// that a change of this run is among the reasons.
func (ru *run) takesTurn(ctx context.Context, node string) (wait bool, err error) {
	workers := ru.Cluster.Workers()
	most := ru.Cluster.MaxUnavailable.Of(len(workers))
	if len(workers) <= most {
		return false, nil
	}
	nodes, err := ru.nodes(ctx)
	if err != nil {
		return false, fmt.Errorf("which workers are away is not known: %w", err)
	}
	ru.mu.Lock()
	defer ru.mu.Unlock()
	var away []string
	for _, w := range workers {
		switch {
		case w.Name == node:
		case ru.changing[w.Name]:
			away, wait = append(away, w.Name+" is changed"), true
		case ru.joins(w.Name):
		default:
			if why := awayFor(nodes, w.Name); why != "" {
				away = append(away, w.Name+" "+why)
			}
		}
	}
	if len(away)+1 > most && awayFor(nodes, node) == "" {
		return wait, fmt.Errorf("%s; with max_unavailable = %s no more than %d of %d workers may be away at a time: "+
			"bring them back (see kubectl describe node) or take them out of the spec, and apply again", strings.Join(away, ", "), ru.Cluster.MaxUnavailable, most, len(workers))
	}
	ru.changing[node] = true
	return false, nil
}

// leaves says that a worker's change has ended.
func (ru *run) leaves(node string) {
	ru.mu.Lock()
	defer ru.mu.Unlock()
	delete(ru.changing, node)
}

// joins says whether a worker was no node when the plan was made: nobody's pods miss it.
func (ru *run) joins(node string) bool {
	if ru.Have == nil || ru.Have.API.Status != state.Answering {
		return false
	}
	_, known := ru.Have.API.Nodes[node]
	return !known
}

// awayFor says why a node takes no pods, as far as that is for us to count: it is not
// Ready, or a run of ours has drained it. One that somebody else cordoned runs what it has.
func awayFor(nodes map[string]state.NodeObject, name string) string {
	switch n, known := nodes[name]; {
	case !known:
		return "has no Node"
	case !n.Ready:
		return "is not Ready"
	case n.Cordoned:
		return "is drained"
	}
	return ""
}

// nodes are the Nodes that the API has now.
func (ru *run) nodes(ctx context.Context) (map[string]state.NodeObject, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	client, err := ru.api.open(ctx)
	if err != nil {
		return nil, err
	}
	return client.Nodes(ctx)
}
