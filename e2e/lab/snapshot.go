package lab

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Snapshot keeps the state of all machines under a name, as if all had lost power at the
// same moment. They are paused for the time it takes, a few seconds, and go on.
func (s *Set) Snapshot(ctx context.Context, name string) (err error) {
	if s.Disks {
		return errDisks
	}
	var paused []string
	defer func() {
		if len(paused) > 0 {
			_, unpaused := docker(context.WithoutCancel(ctx), nil, append([]string{"unpause"}, paused...)...)
			err = errors.Join(err, unpaused)
		}
	}()
	for _, m := range s.Machines {
		if err := m.pause(ctx); err != nil {
			return err
		}
		paused = append(paused, m.Container())
	}
	if err := s.each(func(m *Machine) error {
		_, err := docker(ctx, nil, "commit", "--pause=false", m.Container(), m.snapshotImage(name))
		return err
	}); err != nil {
		return err
	}
	return s.copyVolumes(ctx, (*Machine).Container, func(m *Machine) string { return m.snapshotVolume(name) })
}

// Freezing is given up by the runtime where processes are born faster than cgroup v1
// freezes them, as on a busy host. It leaves the machine running, and may be tried again.
const (
	pauseTries = 20
	pauseAgain = 250 * time.Millisecond
)

func (m *Machine) pause(ctx context.Context) error {
	for try := 1; ; try++ {
		_, err := docker(ctx, nil, "pause", m.Container())
		if err == nil || try == pauseTries {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, context.Cause(ctx))
		case <-time.After(pauseAgain):
		}
	}
}

// Restore puts all machines back into a snapshot and boots them. A snapshot can be
// restored any number of times.
func (s *Set) Restore(ctx context.Context, name string) error {
	if s.Disks {
		return errDisks
	}
	if err := s.each(func(m *Machine) error {
		if err := m.Remove(ctx); err != nil {
			return err
		}
		_, err := docker(ctx, nil, "volume", "create", "--label", label+"="+s.Run, m.Container())
		return err
	}); err != nil {
		return err
	}
	if err := s.copyVolumes(ctx, func(m *Machine) string { return m.snapshotVolume(name) }, (*Machine).Container); err != nil {
		return err
	}
	return s.each(func(m *Machine) error {
		if err := m.create(ctx, m.snapshotImage(name)); err != nil {
			return err
		}
		return m.PowerOn(ctx)
	})
}

func (m *Machine) snapshotImage(name string) string {
	return "bulwark-lab/snapshot:" + m.set.Run + "-" + m.Name + "-" + name
}

func (m *Machine) snapshotVolume(name string) string { return m.Container() + "-at-" + name }

// copyVolumes copies one volume of each machine to another, which is made when it is
// missing. A container does it: volumes belong to root, and the caller need not be root.
func (s *Set) copyVolumes(ctx context.Context, from, to func(*Machine) string) error {
	args := []string{"run", "--rm", "--privileged", "--network", "none", "--label", label + "=" + s.Run, "--entrypoint", "sh"}
	for _, m := range s.Machines {
		if _, err := docker(ctx, nil, "volume", "create", "--label", label+"="+s.Run, to(m)); err != nil {
			return err
		}
		args = append(args, "--volume", from(m)+":/from/"+m.Name+":ro", "--volume", to(m)+":/to/"+m.Name)
	}
	args = append(args, s.Image, "-euc", strings.TrimSpace(`
for from in /from/*; do
  to=/to/${from##*/}
  find "$to" -mindepth 1 -delete
  cp -a --reflink=auto "$from/." "$to/"
done`))
	_, err := docker(ctx, nil, args...)
	return err
}
