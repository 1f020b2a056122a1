package machine

import (
	"context"
	"net/netip"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// Clean takes away what pods and the kubelet left outside of files, once none
// of them runs any more: tables, chains, bridge, routes, namespaces, slices, and
// the address that the machine may have held for the cluster.
func Clean(ctx context.Context, h host.Host, held netip.Addr) error {
	var stdin []byte
	if held.IsValid() {
		stdin = []byte(held.String() + "\n")
	}
	p := host.Program{Name: "clean", Text: script.Clean()}
	res, err := h.Exec(ctx, p, stdin)
	if err != nil {
		return err
	}
	if res.Exit != 0 {
		return &host.CommandError{Host: h.String(), Program: p.Name, Exit: res.Exit, Stderr: string(res.Stderr)}
	}
	return nil
}
