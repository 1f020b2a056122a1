package apply

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// put gives API servers one key file: first to one, and to the others when it
// works with it. None would notice a bad one before its next start, and then all
// at once. Who has it, or one of some that are as good, keeps what it has: one that
// encrypts already does not write in the clear again for the others' sake.
func (e *encrypting) put(ctx context.Context, does string, text state.Secret, asGood ...state.Secret) error {
	lack := slices.DeleteFunc(slices.Clone(e.planes), func(n cluster.Node) bool {
		return slices.ContainsFunc(append(asGood, text), func(t state.Secret) bool { return bytes.Equal(e.files[n.Name], t) })
	})
	if len(lack) == 0 {
		return nil
	}
	for _, some := range [][]cluster.Node{lack[:1], lack[1:]} {
		if len(some) == 0 {
			continue
		}
		err := e.putOn(ctx, some, text)
		if err == nil {
			err = e.loaded(ctx, some, loadTime, does, text)
		}
		if err := e.settle(ctx, some, err); err != nil {
			return err
		}
	}
	return nil
}

// putOn writes a key file, once each machine keeps the one it has and would put it
// back by itself.
func (e *encrypting) putOn(ctx context.Context, some []cluster.Node, text state.Secret) error {
	f := e.want.File
	for _, n := range some {
		if _, err := machine.Guard(ctx, e.Hosts[n.Name], machine.Guarded{Paths: []string{f.Path}, Within: guardTime}); err != nil {
			return err
		}
		op := machine.Op{Kind: machine.PutFile, Path: f.Path, Mode: f.Mode.Perm(), Owner: f.Owner, Content: text, Had: state.SHA256(e.files[n.Name])}
		if _, err := machine.DoGuarded(ctx, e.Hosts[n.Name], []machine.Op{op}); err != nil {
			return err
		}
		e.files[n.Name] = text
	}
	return nil
}

// settle confirms a key file that works, or has machines put back what they had. A
// machine that was not come to has nothing to put back, which is no error.
func (e *encrypting) settle(ctx context.Context, some []cluster.Node, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoreTime)
	defer cancel()
	var errs []error
	for _, n := range some {
		var err error
		if why == nil {
			err = machine.Confirm(ctx, e.Hosts[n.Name])
		} else if _, err = machine.Restore(ctx, e.Hosts[n.Name]); err != nil && !errors.As(err, new(*machine.LeftError)) {
			err = fmt.Errorf("the key file before could not be put back, which the machine does by itself within %v: %w", guardTime, err)
		}
		errs = append(errs, err)
	}
	if why == nil {
		return errors.Join(errs...)
	}
	if err := errors.Join(errs...); err != nil {
		return errors.Join(why, err)
	}
	return fmt.Errorf("%w; the key file before was put back", why)
}

// loaded waits until API servers say of themselves that they work with one of
// some key files.
func (e *encrypting) loaded(ctx context.Context, some []cluster.Node, limit time.Duration, does string, texts ...state.Secret) error {
	waiting := slices.Clone(some)
	e.note(e.step, "waiting until the API server of %s %s; it looks for it once a minute", names(nodeNames(waiting)), does)
	for deadline := time.Now().Add(limit); ; {
		var errs []error
		waiting = slices.DeleteFunc(waiting, func(n cluster.Node) bool {
			sum, err := e.servers[n.Name].EncryptionDigest(ctx)
			if err == nil && slices.ContainsFunc(texts, func(t state.Secret) bool { return state.SHA256(t) == sum }) {
				return true
			}
			if err == nil {
				err = fmt.Errorf("the API server of %s still works with another %s", n.Name, e.want.File.Path)
			}
			errs = append(errs, err)
			return false
		})
		if len(waiting) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("after %v not every API server %s; see its log with crictl logs on the control plane, then apply again: %w", limit, does, errors.Join(errs...))
		}
		if err := pause(ctx, reloadPause); err != nil {
			return errors.Join(append(errs, err)...)
		}
	}
}

func nodeNames(nodes []cluster.Node) []string {
	var out []string
	for _, n := range nodes {
		out = append(out, n.Name)
	}
	return out
}
