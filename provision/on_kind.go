package provision

import (
	"context"
	"fmt"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/kind"
)

func adaptToKind(ctx context.Context, c *cluster.Cluster) (*cluster.Cluster, error) {
	return kind.Adapt(ctx, c)
}

func connectToKind(ctx context.Context, c *cluster.Cluster, n cluster.Node) (host.Host, error) {
	return kind.Connect(ctx, c, n)
}

// KindCreate makes one kind node for each node of the spec, without a cluster
// on them. image is a node image, "" for kind's own. Nodes that are there
// already are kept, so that a run that was cut goes on; made says that there
// were none, so that nothing that lives can be meant by what is done next.
func KindCreate(ctx context.Context, in Input, image string, events func(apply.Event)) (made bool, err error) {
	loaded, err := Load(ctx, in)
	if err != nil {
		return false, err
	}
	exists, err := kind.Exists(ctx, loaded.Cluster)
	if err != nil {
		return false, err
	}
	if exists {
		_, err := kind.Adapt(ctx, loaded.Cluster) // are they this spec's?
		return false, err
	}
	if events != nil {
		events(apply.Event{Kind: apply.Note, Text: fmt.Sprintf("making %d kind nodes", len(loaded.Cluster.Nodes))})
	}
	return true, kind.Create(ctx, loaded.Cluster, image, in.Log)
}

// KindDelete removes the kind nodes of a spec, where [KindCreate] made them.
func KindDelete(ctx context.Context, in Input) error {
	loaded, err := Load(ctx, in)
	if err != nil {
		return err
	}
	return kind.Delete(ctx, loaded.Cluster, in.Log)
}
