package provision

import (
	"context"
	"errors"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
)

func adaptToKind(ctx context.Context, c *cluster.Cluster) (*cluster.Cluster, error) {
	return nil, errors.New("kind comes next")
}

func connectToKind(ctx context.Context, c *cluster.Cluster, n cluster.Node) (host.Host, error) {
	return nil, errors.New("kind comes next")
}
