package observe

import (
	"context"
	"fmt"
	"sync"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// All looks at every machine that has an ask, at most parallel of them at a
// time. Each name is in exactly one of the two answers: one machine's trouble
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
	return Node(ctx, h, ask)
}
