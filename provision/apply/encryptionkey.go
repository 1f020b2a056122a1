package apply

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// proveKey has an API server that works with the key of most control planes read
// every object, and write it where it lies otherwise, before a file with another key
// is replaced: that may be the only key that some object can be read with.
func (e *encrypting) proveKey(ctx context.Context, texts keyFiles) error {
	if len(texts.odd) == 0 {
		return nil
	}
	differs := fmt.Sprintf("no key file was changed: %s on %s has another key than on most control planes", e.want.File.Path, names(texts.odd))
	const remedy = "keep a copy of each of these files, see with which of them objects can be read, and put that file on all control planes"
	i := slices.IndexFunc(e.planes, func(n cluster.Node) bool { return bytes.Equal(e.files[n.Name], texts.final) })
	if i < 0 {
		return fmt.Errorf("%s, and none of those says what the spec says, so that their key cannot be tried; %s", differs, remedy)
	}
	with := e.planes[i : i+1]
	if err := e.loaded(ctx, with, reloadTime, "encrypts", texts.final); err != nil {
		return fmt.Errorf("%s: %w", differs, err)
	}
	err := e.servers[with[0].Name].Rewrite(ctx, e.want.Resources, func(done, of int, resource string) {
		e.note(e.step, "%s: the key of %s reads %d of %d objects", resource, with[0].Name, done, of)
	})
	if err != nil {
		return fmt.Errorf("%s, and with the key of %s not every object can be read; %s: %w", differs, with[0].Name, remedy, err)
	}
	return nil
}

// underWay is what a marker says while key files change.
const underWay = "v1 under way\n"

// unmark takes back the word that all objects are encrypted, before a key file is
// replaced that somebody changed: what was written by it has to be found by the next
// run too. Where a control plane says otherwise already, that is enough.
func (e *encrypting) unmark(ctx context.Context) error {
	m := e.want.Marker
	for _, n := range e.planes {
		got, err := observe.Node(ctx, e.Hosts[n.Name], observe.Ask{Node: n.Name, FilesOnly: true, Files: []observe.AskFile{{Path: m.Path}}})
		if err != nil {
			return err
		}
		if why, unread := got.Unread[m.Path]; unread {
			return fmt.Errorf("%s on %s could not be read: %s", m.Path, n.Name, why)
		}
		if got.Files[m.Path].SHA256 != state.SHA256(m.Content) {
			return nil
		}
	}
	return e.say(ctx, []byte(underWay))
}

// mark notes on every control plane that it is so.
func (e *encrypting) mark(ctx context.Context) error { return e.say(ctx, e.want.Marker.Content) }

// say writes the marker of every control plane.
func (e *encrypting) say(ctx context.Context, text []byte) error {
	m := e.want.Marker
	for _, n := range e.planes {
		op := machine.Op{Kind: machine.PutFile, Path: m.Path, Mode: m.Mode.Perm(), Owner: m.Owner, Content: text, Had: machine.AnyDigest}
		if _, err := machine.Do(ctx, e.Hosts[n.Name], []machine.Op{op}); err != nil {
			return err
		}
	}
	return nil
}
