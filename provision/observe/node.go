package observe

import (
	"context"
	"fmt"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// Node looks at one machine, in one execution that changes nothing.
func Node(ctx context.Context, h host.Host, ask Ask) (*state.Node, error) {
	nonce := script.Nonce()
	stdin, err := ask.encode(nonce)
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", h, err)
	}
	began := time.Now()
	res, err := h.Exec(ctx, host.Program{Name: "look", Text: script.Look()}, stdin)
	ended := time.Now()
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", h, err)
	}
	if res.Exit != 0 {
		return nil, &host.CommandError{Host: h.String(), Program: "look", Exit: res.Exit, Stderr: Printable(string(res.Stderr))}
	}
	n, err := parse(ask, nonce, res.Stdout, began, ended)
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", h, err)
	}
	return n, nil
}
