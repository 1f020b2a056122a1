package provision

import (
	"sync"

	"github.com/bulwark-k8s/bulwark/provision/observe"
)

// memories are what machines answered last, for who looks at the same ones again and
// again. Nil remembers nothing.
type memories struct {
	mu     sync.Mutex
	byName map[string]*memory
}

// memory is what one machine answered.
type memory struct {
	look, dryRun observe.Memory
}

func newMemories() *memories { return &memories{byName: map[string]*memory{}} }

// look is what a node answered to a look.
func (m *memories) look(node string) *observe.Memory {
	if m == nil {
		return nil
	}
	return &m.of(node).look
}

// dryRun is what a node answered to the dry run of its kubeadm.
func (m *memories) dryRun(node string) *observe.Memory {
	if m == nil {
		return nil
	}
	return &m.of(node).dryRun
}

func (m *memories) of(node string) *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byName[node] == nil {
		m.byName[node] = &memory{}
	}
	return m.byName[node]
}
