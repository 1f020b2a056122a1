package machine

import (
	"context"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// Clean takes away what pods and the kubelet left outside of files, once none
// of them runs any more: tables, chains, bridge, routes, namespaces and slices.
func Clean(ctx context.Context, h host.Host) error {
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
