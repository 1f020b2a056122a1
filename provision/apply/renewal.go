package apply

import (
	"context"

	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// renew has one certificate signed anew, by kubeadm on its own machine: no key
// goes anywhere.
func (ru *run) renew(ctx context.Context, s plan.Step) error {
	s.Kind, s.Phase = plan.KindPhase, &s.Renewal.Phase
	return ru.phase(ctx, s)
}

// carryOut does what a change consists of. Renewals come behind the files that
// kubeadm reads for them, and before all that is made of theirs or reads them.
func (c *change) carryOut(ctx context.Context, steps []plan.Step, ops []machine.Op) error {
	h, feeds := c.Hosts[c.node.Name], 0
	var renewals []plan.Step
	for _, s := range steps {
		switch {
		case s.Renewal != nil:
			renewals = append(renewals, s)
		case s.File != nil && s.File.Want.Feeds:
			feeds++
		}
	}
	if len(renewals) > 0 && feeds > 0 {
		if _, err := machine.DoGuarded(ctx, h, ops[:feeds]); err != nil {
			return err
		}
		ops = ops[feeds:]
	}
	for _, s := range renewals {
		if err := c.renew(ctx, s); err != nil {
			return err
		}
	}
	_, err := machine.DoGuarded(ctx, h, ops)
	return err
}
