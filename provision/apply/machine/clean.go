package machine

import (
	"context"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// CleanNetwork takes away what pod networking left in the kernel, once no pod
// runs any more: tables, bridge, routes and namespaces.
func CleanNetwork(ctx context.Context, h host.Host) error {
	p := host.Program{Name: "clean", Text: script.Clean()}
	res, err := h.Exec(ctx, p, nil)
	if err != nil {
		return err
	}
	if res.Exit != 0 {
		return &host.CommandError{Host: h.String(), Program: p.Name, Exit: res.Exit, Stderr: string(res.Stderr)}
	}
	return nil
}
