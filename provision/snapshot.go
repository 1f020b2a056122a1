package provision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/desired"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Recorded is a snapshot of a cluster: what checks see of it.
type Recorded struct {
	// Text is the snapshot as JSON.
	Text []byte
	// Notes are for people: which machines could not be looked at, and why.
	Notes []string
}

// Snapshot records what the controls of the catalogue and of the spec's own profiles see
// of a cluster, whichever of them the spec uses: so a check that is still to be written
// has something to be tried on.
func Snapshot(ctx context.Context, in Input, rendered bool) (*Recorded, error) {
	in.ReadOnly = true
	i, err := intended(ctx, in)
	if err != nil {
		return nil, err
	}
	nodes, err := named(in.Nodes, i.cluster)
	if err != nil {
		return nil, err
	}
	all, diags := library(i.loaded.reading.Own)
	if diags.HasErrors() {
		return nil, diags
	}
	var have *state.Cluster
	out := &Recorded{}
	if rendered {
		have, err = desired.Rendered(i.cluster, i.wants)
	} else {
		var needs check.Needs
		for _, c := range all.Controls() {
			needs.Add(c.Needs())
		}
		have, out.Notes, err = i.lookFor(ctx, in, needs)
	}
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = check.Take(check.ClusterOf(i.cluster), nodes, have).Write(&text)
	out.Text = text.Bytes()
	return out, err
}

// SnapshotFile is a recorded snapshot.
type SnapshotFile struct {
	// Name is of the file, for reports and errors.
	Name string
	Text []byte
}

// AuditSnapshots asks the profiles of a spec of recorded snapshots, one after the other.
// Which cluster and which nodes they are of the snapshots say, and of the spec only its
// profiles and waivers count.
func AuditSnapshots(ctx context.Context, in Input, files []SnapshotFile) ([]*Audited, error) {
	l, err := Load(ctx, in)
	if err != nil {
		return nil, err
	}
	q, err := asked(in, l, l.Cluster)
	if err != nil {
		return nil, err
	}
	var out []*Audited
	// Of a large cluster a text is as much as all that comes of it: once it is read, it is
	// let go of, unless the caller still needs it.
	files = slices.Clone(files)
	for i := range files {
		file := &files[i]
		snapshot, err := check.ReadSnapshot(file.Text)
		file.Text = nil
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		}
		c, err := recorded(snapshot)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		}
		q.nodes = c.Nodes
		c.Waivers = l.Cluster.Waivers
		findings, err := q.askOf(ctx, snapshot.Cluster, snapshot.Have, c, time.Now())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		}
		out = append(out, &Audited{Cluster: c, Snapshot: file.Name, Profiles: q.profiles, Findings: findings})
	}
	return out, nil
}

// recorded is the cluster of a snapshot as far as a report names it.
func recorded(s *check.Recorded) (*cluster.Cluster, error) {
	if len(s.Nodes) == 0 {
		return nil, errors.New("the snapshot has no nodes, so that there is nothing to ask; `bulwark profile snapshot` writes them")
	}
	if s.Cluster.Kubernetes == "" {
		return nil, errors.New("the snapshot cannot be judged: its cluster has no kubernetes, the version that it runs, as in \"1.37.2\"; `bulwark profile snapshot` writes it")
	}
	version, err := cluster.ParseVersion(s.Cluster.Kubernetes)
	if err != nil {
		return nil, fmt.Errorf("cluster.kubernetes: %w", err)
	}
	out := &cluster.Cluster{Name: s.Cluster.Name, Kubernetes: version, Nodes: s.Nodes}
	for _, id := range s.Cluster.Deviations {
		out.Deviations = append(out.Deviations, cluster.Deviation{ID: id, Reason: "the snapshot has it of its machines"})
	}
	return out, nil
}
