package machine

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

const (
	// snapshotsDir is where snapshots of etcd lie on a control plane: root's, 0700.
	snapshotsDir = "/var/lib/bulwark/snapshots"
	// snapshotsKept is how many of them are kept, the newest.
	snapshotsKept = 3
	// snapshotProgram is where the program for it lies while the machine runs.
	snapshotProgram = "/run/bulwark/snapshot.sh"
)

// Snapshot is a copy of all that etcd holds, on the disk of a control plane.
type Snapshot struct {
	// Path is the file, root:root 0600. `etcdutl snapshot restore` takes it.
	Path string
	// Bytes is its size, and Revision that of etcd which it holds.
	Bytes, Revision int64
}

var snapshotPattern = regexp.MustCompile(`(?:^|\n)snapshot (` + snapshotsDir + `/etcd-[0-9TZ]{16}\.db) ([0-9]{1,18}) ([0-9]{1,18})$`)

// SaveSnapshot saves what the etcd of a control plane holds, checks the copy
// against the digest that etcd sent with it, and keeps the last three. id names
// the run, as in [Run]. The copy holds every Secret, so it is made on the machine
// by etcd's own etcdctl and never leaves it.
//
// It is as old as this member is behind: etcd's health is asked for first. Where
// twice etcd's size is not free, on its own disk or that of the copies, nothing
// is written and the error is a [*DiskFullError].
func SaveSnapshot(ctx context.Context, h host.Host, id string) (Snapshot, error) {
	_, err := Do(ctx, h, []Op{
		{Kind: MakeDir, Path: path.Dir(snapshotProgram), Mode: 0o700, Owner: "root:root"},
		{Kind: PutFile, Path: snapshotProgram, Mode: 0o600, Owner: "root:root", Content: []byte(script.Snapshot()), Had: AnyDigest},
	})
	if err != nil {
		return Snapshot{}, fmt.Errorf("a snapshot of etcd: %w", err)
	}
	run, err := Run(ctx, h, id, []string{"sh", snapshotProgram, snapshotsDir, strconv.Itoa(snapshotsKept)}, RunOptions{})
	if err != nil {
		return Snapshot{}, fmt.Errorf("a snapshot of etcd: %w", err)
	}
	if run.Exit != 0 {
		said := run.Output
		// ctr warns of this and that before.
		if at := strings.LastIndex("\n"+said, "\n"+wordFull+"\n"); at >= 0 {
			said = said[at:]
		}
		return Snapshot{}, fmt.Errorf("%s: a snapshot of etcd was not made, and nothing was changed: %w", h, notDone(h, said))
	}
	m := snapshotPattern.FindStringSubmatch(strings.TrimSpace(run.Output))
	if m == nil {
		return Snapshot{}, fmt.Errorf("%s: a snapshot of etcd was made, and where is not said: %s", h, observe.Printable(run.Output))
	}
	s := Snapshot{Path: m[1]}
	s.Bytes, _ = strconv.ParseInt(m[2], 10, 64)    // 18 digits at most:
	s.Revision, _ = strconv.ParseInt(m[3], 10, 64) // cannot overflow
	return s, nil
}
