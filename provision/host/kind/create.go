package kind

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	kindcluster "sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/log"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
)

// Create makes one bare node container for each node of the spec and stops
// before Kubernetes. image is a node image, or "" for kind's own default.
// Nodes of a cluster of that name must not be there yet.
func Create(ctx context.Context, c *cluster.Cluster, image string, logger *slog.Logger) error {
	p, err := provider(adapter{logger})
	if err != nil {
		return err
	}
	config := &v1alpha4.Cluster{Name: c.Name}
	config.Networking.DisableDefaultCNI = true
	for i := range containerNames(c) {
		role := v1alpha4.WorkerRole
		if i == firstControlPlane(c) {
			role = v1alpha4.ControlPlaneRole
		}
		config.Nodes = append(config.Nodes, v1alpha4.Node{Role: role, Image: image})
	}
	// kind writes its kubeconfig where it is told; there is no cluster to write of.
	scratch, err := os.MkdirTemp("", "bulwark-kind-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	err = p.Create(c.Name,
		kindcluster.CreateWithV1Alpha4Config(config),
		kindcluster.CreateWithStopBeforeSettingUpKubernetes(true),
		kindcluster.CreateWithKubeconfigPath(filepath.Join(scratch, "kubeconfig")),
		kindcluster.CreateWithDisplayUsage(false),
		kindcluster.CreateWithDisplaySalutation(false),
	)
	if err != nil {
		return fmt.Errorf("make the kind nodes of %s: %w", c.Name, err)
	}
	if err := mark(ctx, c); err != nil {
		return err
	}
	return booted(ctx, c)
}

// bootedProgram waits until a container can be worked on: kind only waits for
// systemd to begin.
var bootedProgram = host.Program{Name: "wait for the container to boot", Text: `
i=0
while [ "$i" -lt 300 ]; do
  if systemctl is-active --quiet containerd && [ -S /run/containerd/containerd.sock ]; then exit 0; fi
  i=$((i + 1))
  sleep 0.2
done
systemctl --no-pager status containerd >&2
exit 1
`}

func booted(ctx context.Context, c *cluster.Cluster) error {
	have, err := containers(c)
	if err != nil {
		return err
	}
	for _, n := range have {
		h := &Host{n}
		res, err := h.Exec(ctx, bootedProgram, nil)
		if err == nil && res.Exit != 0 {
			err = &host.CommandError{Host: h.String(), Program: bootedProgram.Name, Exit: res.Exit, Stderr: host.Tail(res.Stderr)}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Delete removes the node containers of a cluster with all that is in them.
// None is fine; one that [Create] did not make is left as it is.
func Delete(ctx context.Context, c *cluster.Cluster, logger *slog.Logger) error {
	p, err := provider(adapter{logger})
	if err != nil {
		return err
	}
	have, err := p.ListInternalNodes(c.Name)
	if err != nil {
		return unanswered("list the kind nodes of "+c.Name, err)
	}
	for _, n := range have {
		if !slices.Contains(containerNames(c), n.String()) {
			return fmt.Errorf("kind has a cluster %s with a node %s, which this spec does not make: nothing was removed. `kind delete cluster --name %s` removes it all", c.Name, n, c.Name)
		}
	}
	if err := onlyOurs(ctx, c, have); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "bulwark-kind-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	// kind also takes the cluster out of a kubeconfig, which it was never in.
	if err := p.Delete(c.Name, filepath.Join(scratch, "kubeconfig")); err != nil {
		return fmt.Errorf("remove the kind nodes of %s: %w", c.Name, err)
	}
	return nil
}

func firstControlPlane(c *cluster.Cluster) int {
	for i, n := range c.Nodes {
		if n.Role == cluster.ControlPlane {
			return i
		}
	}
	return 0
}

// adapter gives kind's messages to slog, at debug level: what a person should
// read of them is in errors.
type adapter struct{ to *slog.Logger }

func (a adapter) logger() *slog.Logger {
	if a.to == nil {
		return slog.New(slog.DiscardHandler)
	}
	return a.to
}

func (a adapter) Warn(message string)              { a.logger().Debug("kind: " + message) }
func (a adapter) Warnf(format string, args ...any) { a.Warn(fmt.Sprintf(format, args...)) }
func (a adapter) Error(message string)             { a.Warn(message) }
func (a adapter) Errorf(format string, args ...any) {
	a.Warn(fmt.Sprintf(format, args...))
}
func (a adapter) V(log.Level) log.InfoLogger       { return a }
func (a adapter) Info(message string)              { a.Warn(message) }
func (a adapter) Infof(format string, args ...any) { a.Warn(fmt.Sprintf(format, args...)) }
func (a adapter) Enabled() bool                    { return a.to != nil }
