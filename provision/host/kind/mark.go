package kind

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"sigs.k8s.io/kind/pkg/cluster/nodes"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
)

// markPath says inside of a node container that bulwark made it. kind gives no
// way to label a container. It lies where kind keeps what it says of its image,
// so a reset, which takes away all of bulwark's own folders, leaves it.
const markPath = "/kind/bulwark"

var markProgram = host.Program{Name: "mark the container", Text: "echo 'made by bulwark kind create' >" + markPath}

// mark says in every container of a cluster that bulwark made it.
func mark(ctx context.Context, c *cluster.Cluster) error {
	have, err := containers(c)
	if err != nil {
		return err
	}
	for _, n := range have {
		h := &Host{n}
		res, err := h.Exec(ctx, markProgram, nil)
		if err == nil && res.Exit != 0 {
			err = &host.CommandError{Host: h.String(), Program: markProgram.Name, Exit: res.Exit, Stderr: host.Tail(res.Stderr)}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unmarked are the containers that bulwark did not make. They are asked by
// copying out of them, which works with those that are stopped too.
func unmarked(ctx context.Context, have []nodes.Node) ([]string, error) {
	bin, err := engine()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, n := range have {
		if err := exec.CommandContext(ctx, bin, "cp", n.String()+":"+markPath, "-").Run(); err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			out = append(out, n.String())
		}
	}
	return out, nil
}

// onlyOurs refuses a cluster with containers that bulwark did not make.
func onlyOurs(ctx context.Context, c *cluster.Cluster, have []nodes.Node) error {
	others, err := unmarked(ctx, have)
	if err != nil || len(others) == 0 {
		return err
	}
	return fmt.Errorf("kind has a cluster %s whose containers %s `bulwark kind create` did not make, or was cut while it made them (%s is not there): nothing was removed. "+
		"If nobody needs it, `kind delete cluster --name %s` removes it; else give this spec's cluster another name",
		c.Name, strings.Join(others, ", "), markPath, c.Name)
}
