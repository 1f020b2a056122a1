package observe

import (
	"context"
	"fmt"
	"sync"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// All looks at every machine that has an ask, at most parallel of them at a
// time, and connects to those that were not connected to yet, so that none waits
// for another that is slow to reach. Each name is in exactly one of the two answers: one machine's trouble
// is no other's.
func All(ctx context.Context, hosts map[string]host.Host, asks []Ask, parallel int) (map[string]*state.Node, map[string]error) {
	var (
		mu     sync.Mutex
		wg     sync.WaitGroup
		nodes  = map[string]*state.Node{}
		failed = map[string]error{}
		slots  = make(chan struct{}, max(1, parallel))
	)
	for _, ask := range asks {
		wg.Go(func() {
			node, err := lookInSlot(ctx, slots, hosts, ask)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed[ask.Node] = err
				return
			}
			nodes[ask.Node] = node
		})
	}
	wg.Wait()
	return nodes, failed
}

func lookInSlot(ctx context.Context, slots chan struct{}, hosts map[string]host.Host, ask Ask) (*state.Node, error) {
	h, ok := hosts[ask.Node]
	if !ok {
		return nil, fmt.Errorf("look at %s: there is no connection to it", ask.Node)
	}
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("look at %s: %w", ask.Node, context.Cause(ctx))
	}
	// Connecting is no part of what a machine takes to answer.
	if o, ok := h.(opener); ok {
		if err := o.Open(ctx); err != nil {
			return nil, err
		}
	}
	return Node(ctx, h, ask)
}

// opener is a host that is connected to when it is first needed.
type opener interface {
	Open(ctx context.Context) error
}
