package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// saved keeps what the node's etcd holds before that etcd starts again with another
// configuration. One that does not answer now has nothing to save that others have
// not, and is what the change may be there to mend.
func (c *change) saved(ctx context.Context, s plan.Step) error {
	if !slices.Contains(c.restarts, "etcd") {
		return nil
	}
	snapshot, err := machine.SaveSnapshot(ctx, c.Hosts[c.node.Name], c.node.Name+"/change/snapshot")
	full, _ := errors.AsType[*machine.DiskFullError](err)
	switch {
	case err == nil:
		c.note(s, "what etcd holds now is saved on %s as %s (%d bytes)", c.node.Name, snapshot.Path, snapshot.Bytes)
	case full != nil || slices.Contains(c.voters, c.node.Name):
		return fmt.Errorf("what etcd holds was not saved: %w", err)
	default:
		c.note(s, "no snapshot was made of an etcd that does not answer: %v", err)
	}
	return nil
}
