package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A machine with a disk keeps /etc and /var on a file system of its own, in a file
// of the set's folder. Of a machine that is only switched off nothing is ever lost:
// what it wrote is in the memory of its host, which goes on. With a disk
// [Machine.CutPower] takes that away first.

// diskSize is what a disk says it has. Its file takes what was written.
const diskSize = 40 << 30

// diskOptions let a file that was renamed and not synced be empty after a power cut:
// ext4 would write its data first, which no other file system owes a program. Names
// are on the disk within a second, data within thirty.
const diskOptions = "loop,noauto_da_alloc,commit=1"

func (m *Machine) diskFile() string { return filepath.Join(m.set.Dir, m.Name+".disk") }

// diskAt is where the disk is while a container is made or started.
func (m *Machine) diskAt() string { return filepath.Join(m.set.Dir, m.Name+".mounted") }

// diskVolumes are Docker's arguments for it.
func (m *Machine) diskVolumes() []string {
	return []string{"--volume", m.diskAt() + "/etc:/etc", "--volume", m.diskAt() + "/var:/var"}
}

// format makes the disk, with what the image has there.
func (m *Machine) format(ctx context.Context, image string) error {
	file, err := os.OpenFile(m.diskFile(), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err = m.diskFree(ctx); err == nil {
		err = errors.Join(file.Truncate(0), file.Truncate(diskSize))
	}
	if err := errors.Join(err, file.Close(), os.MkdirAll(m.diskAt(), 0o700)); err != nil {
		return err
	}
	if _, err := command(ctx, nil, "mkfs.ext4", "-q", m.diskFile()); err != nil {
		return err
	}
	return m.mounted(ctx, func() error {
		_, err := docker(ctx, nil, "run", "--rm", "--network", "none", "--label", label+"="+m.set.Run,
			"--volume", m.diskAt()+":/disk", "--entrypoint", "cp", image, "-a", "/etc", "/var", "/disk/")
		return err
	})
}

// mounted does something while the disk, where there is one, is mounted on this host.
// A machine that runs has it mounted itself, and nothing is left of that when it ends.
func (m *Machine) mounted(ctx context.Context, do func() error) (err error) {
	if !m.set.Disks {
		return do()
	}
	if err := m.diskFree(ctx); err != nil {
		return err
	}
	_, err = command(ctx, nil, "mount", "-o", diskOptions, m.diskFile(), m.diskAt())
	defer func() { err = errors.Join(err, m.unmount(context.WithoutCancel(ctx))) }()
	if err != nil {
		return err
	}
	return do()
}

// unmount has no disk mounted on this host.
func (m *Machine) unmount(ctx context.Context) error {
	if _, err := command(ctx, nil, "mountpoint", "-q", m.diskAt()); err != nil {
		return nil //nolint:nilerr // that is what it says where nothing is mounted
	}
	_, err := command(ctx, nil, "umount", m.diskAt())
	return err
}

// RequireDisks is [Require] for machines with disks, for which this host has to mount
// what it gives them.
func RequireDisks(t testing.TB) {
	t.Helper()
	Require(t)
	var err error
	if os.Geteuid() != 0 {
		err = errors.New("only root can give machines disks of their own")
	}
	for _, program := range []string{"mkfs.ext4", "losetup", "mountpoint"} {
		_, missing := exec.LookPath(program)
		err = errors.Join(err, missing)
	}
	if _, missing := os.Stat("/dev/loop-control"); missing != nil {
		err = errors.Join(err, missing)
	}
	require(t, err)
}

// errDisks is about what a set whose machines have disks does not have.
var errDisks = errors.New("there are no snapshots of machines with disks")

// diskFree waits until nobody has the disk: to mount what another container still has
// would be to go on with what it lost.
func (m *Machine) diskFree(ctx context.Context) error {
	const most = 30 * time.Second
	ctx, cancel := context.WithTimeoutCause(ctx, most, fmt.Errorf("the disk of %s is in use after %v", m.Name, most))
	defer cancel()
	for {
		out, err := command(ctx, nil, "losetup", "--associated", m.diskFile())
		if err == nil && strings.TrimSpace(out) == "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// How ext4 is told to stop as it is, with no word more in its journal (EXT4_IOC_SHUTDOWN,
// EXT4_GOING_FLAGS_NOLOGFLUSH), which is how xfstests cuts the power.
const (
	ext4Shutdown = 0x8004587d
	noLogFlush   = 2
)

// CutPower ends a machine with a disk as a power cut does: what it had not synced is
// lost. PowerOn starts it again.
func (m *Machine) CutPower(ctx context.Context) error {
	pid, err := docker(ctx, nil, "inspect", "--format", "{{.State.Pid}}", m.Container())
	if err != nil {
		return err
	}
	disk, err := os.Open("/proc/" + strings.TrimSpace(pid) + "/root/var")
	if err != nil {
		return err
	}
	err = unix.IoctlSetPointerInt(int(disk.Fd()), ext4Shutdown, noLogFlush)
	if err := errors.Join(err, disk.Close()); err != nil {
		return fmt.Errorf("%s: cut the power: %w", m.Name, err)
	}
	return m.PowerOff(ctx)
}
