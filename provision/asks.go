package provision

import (
	"context"

	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision/observe"
)

// Asks is what a look asks of each node of a spec, in the order of the spec: for
// who times a look without a plan.
func Asks(ctx context.Context, in Input) ([]observe.Ask, error) {
	i, err := intended(ctx, in)
	if err != nil {
		return nil, err
	}
	var out []observe.Ask
	for _, w := range i.wants {
		if w.Node != "" {
			out = append(out, ask(w, check.Needs{}))
		}
	}
	return out, nil
}
