// Package lab gives tests real machines: privileged containers of the image that
// build.sh makes, each with systemd, sshd, a container runtime, a kubeadm and no cluster,
// on a network of their own. From outside they are machines to reach over SSH; the
// package adds what a test needs besides: a root back door, reboots, fresh starts, and
// snapshots of a whole set.
//
// Everything a run makes carries the label bulwark-lab=<run> and is removed by Close.
package lab

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
)

// User is the account a run's key opens. It may run everything by sudo, without a password.
const User = "ops"

// label is the key of the label on containers, networks, volumes and images.
const label = "bulwark-lab"

// Options say which machines to start.
type Options struct {
	// Names are the host names.
	Names []string
	// Dir keeps the run's keys and its description. It is made when it is missing; without
	// it there is a temporary one, which Close removes.
	Dir string
	// Disks gives each machine a disk of its own, which only root can: a machine that
	// loses its power loses what it had not synced. There are no snapshots of these.
	Disks bool
}

// Set is some machines on one network. Its fields are facts; they are not to be changed.
type Set struct {
	Run        string       // names the run, on every label
	Dir        string       // keeps the files below
	Key        string       // file of the private key that User takes
	KnownHosts string       // file that names every machine's host keys
	Subnet     netip.Prefix // of the network
	Admin      netip.Addr   // the address this host has on the network
	Machines   []*Machine
	Temporary  bool   // Dir goes with the run
	Image      string // of the machines
	Outsiders  int    // how many were made
	Disks      bool   // each machine has one
}

// Machines starts a set and waits until all take SSH connections. When it fails, nothing
// of the run is left.
func Machines(ctx context.Context, o Options) (*Set, error) {
	s, err := prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	err = s.network(ctx)
	if err == nil {
		err = s.identities()
	}
	if err == nil {
		err = s.save()
	}
	if err == nil {
		err = s.each(func(m *Machine) error { return m.start(ctx, s.Image) })
	}
	if err != nil {
		// A run that was cancelled has to be cleaned up all the same.
		return nil, errors.Join(err, s.Close(context.WithoutCancel(ctx)))
	}
	return s, nil
}

func prepare(ctx context.Context, o Options) (*Set, error) {
	image, err := Image(ctx, "machine")
	if err != nil {
		return nil, err
	}
	var id [4]byte
	rand.Read(id[:])
	s := &Set{Run: hex.EncodeToString(id[:]), Dir: o.Dir, Image: image, Disks: o.Disks}
	if s.Dir == "" {
		s.Temporary = true
		if s.Dir, err = os.MkdirTemp("", "bulwark-lab-"); err != nil {
			return nil, err
		}
	}
	// Docker mounts files of it, and ssh is run in other folders: both need the whole path.
	if s.Dir, err = filepath.Abs(s.Dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return nil, err
	}
	for _, name := range o.Names {
		s.Machines = append(s.Machines, &Machine{Name: name, set: s})
	}
	return s, nil
}

// Open finds a set that another process started with the same Dir.
func Open(dir string) (*Set, error) {
	text, err := os.ReadFile(filepath.Join(dir, "lab.json"))
	if err != nil {
		return nil, err
	}
	s := new(Set)
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	for _, m := range s.Machines {
		m.set = s
	}
	return s, nil
}

func (s *Set) save() error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.Dir, "lab.json"), text, 0o600)
}

// Machine is the one of that name. It panics when there is none.
func (s *Set) Machine(name string) *Machine {
	for _, m := range s.Machines {
		if m.Name == name {
			return m
		}
	}
	panic("the lab has no machine " + name)
}

// Close removes the machines and everything else of the run.
func (s *Set) Close(ctx context.Context) error {
	err := Remove(ctx, s.Run)
	if s.Disks {
		err = errors.Join(err, s.each(func(m *Machine) error { return m.unmount(ctx) }))
	}
	if s.Temporary {
		err = errors.Join(err, os.RemoveAll(s.Dir))
	} else if rm := os.Remove(filepath.Join(s.Dir, "lab.json")); !errors.Is(rm, os.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	return err
}

// Remove removes all that carries the label of a run; of every run when it is empty.
func Remove(ctx context.Context, run string) error {
	filter := "label=" + label
	if run != "" {
		filter += "=" + run
	}
	var failed []error
	// In this order: containers hold networks, volumes and images.
	containers, err := dockerLines(ctx, "ps", "-aq", "--filter", filter)
	if err == nil && len(containers) > 0 {
		err = removeContainers(ctx, containers...)
	}
	failed = append(failed, err)
	for _, kind := range []struct{ list, remove []string }{
		{[]string{"network", "ls", "-q"}, []string{"network", "rm"}},
		{[]string{"volume", "ls", "-q"}, []string{"volume", "rm", "-f"}},
		{[]string{"image", "ls", "-q"}, []string{"image", "rm", "-f"}},
	} {
		ids, err := dockerLines(ctx, append(kind.list, "--filter", filter)...)
		if err == nil && len(ids) > 0 {
			_, err = docker(ctx, nil, append(kind.remove, ids...)...)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// each does the same with all machines, at the same time.
func (s *Set) each(do func(*Machine) error) error {
	failed := make([]error, len(s.Machines))
	var all sync.WaitGroup
	for i, m := range s.Machines {
		all.Go(func() {
			if err := do(m); err != nil {
				failed[i] = fmt.Errorf("%s: %w", m.Name, err)
			}
		})
	}
	all.Wait()
	return errors.Join(failed...)
}
