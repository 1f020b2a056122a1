package apply

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/etcd"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

const (
	// encryptTimeout bounds the whole; a thousand objects take some ten seconds.
	encryptTimeout = time.Hour
	// reloadTime is how long an API server may take to read a changed key file,
	// for which it looks once a minute; reloadPause is between two questions.
	reloadTime = 3 * time.Minute
	// loadTime is the same while machines wait to be told that all is well.
	loadTime    = guardTime - 15*time.Second
	reloadPause = 3 * time.Second
)

// encrypting is a run of the step that encrypts every object.
type encrypting struct {
	*run
	step   plan.Step
	want   state.Encryption
	planes []cluster.Node
	etcd   *etcd.Client
	// servers are the API servers one by one, and files their key files, by node.
	servers map[string]*kube.Client
	files   map[string]state.Secret
}

// encrypt has every object lie encrypted in etcd, and proves it from there. Each
// part of it may be cut and done again: first all API servers can read what is
// encrypted, then all write it, then every object is written once more, and the
// last thing is the word on the control planes that it is so.
func (ru *run) encrypt(ctx context.Context, s plan.Step) error {
	e := &encrypting{run: ru, step: s, want: *s.Encryption, planes: ru.Cluster.ControlPlanes(), servers: map[string]*kube.Client{}, files: map[string]state.Secret{}}
	defer e.close()
	if err := e.open(ctx); err != nil {
		return err
	}
	texts, err := stages(e.want, e.EncryptionReads, e.files)
	if err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	if !e.all(texts.final) {
		if err := e.save(ctx); err != nil {
			return err
		}
		if err := e.proveKey(ctx, texts); err != nil {
			return err
		}
		if err := e.unmark(ctx); err != nil {
			return err
		}
		if err := e.put(ctx, "can read what is encrypted", texts.reads, texts.final); err != nil {
			return err
		}
		if err := e.loaded(ctx, e.planes, reloadTime, "can read what is encrypted", texts.reads, texts.final); err != nil {
			return err
		}
		if err := e.put(ctx, "encrypts", texts.final); err != nil {
			return err
		}
	}
	if err := e.loaded(ctx, e.planes, reloadTime, "encrypts", texts.final); err != nil {
		return err
	}
	if err := e.rewrite(ctx); err != nil {
		return err
	}
	if err := e.prove(ctx); err != nil {
		return err
	}
	return e.mark(ctx)
}

// open connects to all API servers, each by itself, and to etcd, and reads the
// key files. An API server that the spec does not name would go on as it is.
func (e *encrypting) open(ctx context.Context) (err error) {
	for _, n := range e.planes {
		if e.files[n.Name], err = e.read(ctx, n.Name, e.want.File.Path); err != nil {
			return err
		}
		one := Access{Cluster: e.Cluster, Hosts: map[string]host.Host{n.Name: e.Hosts[n.Name]}, First: n.Name}
		if e.servers[n.Name], err = one.Connect(ctx); err != nil {
			return err
		}
	}
	if e.etcd, err = e.Etcd(ctx); err != nil {
		return err
	}
	members, err := e.etcd.Members(ctx)
	if err != nil {
		return err
	}
	for _, m := range members {
		if !slices.ContainsFunc(e.planes, func(n cluster.Node) bool { return n.Name == m.Name }) {
			return fmt.Errorf("nothing was changed: etcd has the member %q, which is no control plane of the spec, and its API server could not read what the others encrypt; "+
				"name it in the spec, or take it out of the cluster with --remove", m.Name)
		}
	}
	return nil
}

func (e *encrypting) close() {
	for _, c := range e.servers {
		_ = c.Close()
	}
	if e.etcd != nil {
		_ = e.etcd.Close()
	}
}

// all says whether every key file is one of some texts.
func (e *encrypting) all(texts ...state.Secret) bool {
	for _, have := range e.files {
		if !slices.ContainsFunc(texts, func(t state.Secret) bool { return bytes.Equal(t, have) }) {
			return false
		}
	}
	return true
}

// save keeps what etcd holds, before anything is written otherwise. Once all key
// files are as wanted, an earlier run did so.
func (e *encrypting) save(ctx context.Context) error {
	if err := e.etcd.Health(ctx); err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	on := e.Access.planes()[0].Name
	saved, err := machine.SaveSnapshot(ctx, e.Hosts[on], on+"/encryption/snapshot")
	if err != nil {
		return err
	}
	e.note(e.step, "what etcd holds now is saved on %s as %s (%d bytes)", on, saved.Path, saved.Bytes)
	return nil
}

// rewrite has every object stored once more.
func (e *encrypting) rewrite(ctx context.Context) error {
	client, err := e.api.open(ctx)
	if err != nil {
		return err
	}
	return client.Rewrite(ctx, e.want.Resources, func(done, of int, resource string) {
		e.note(e.step, "%s: %d of %d objects are written again", resource, done, of)
	})
}

// prove counts in etcd how objects lie there, a Secret of each API server's own
// among them.
func (e *encrypting) prove(ctx context.Context) (err error) {
	for _, n := range e.planes {
		raw := make([]byte, 16)
		_, _ = rand.Read(raw) // never fails, see crypto/rand
		forget, err2 := e.servers[n.Name].Canary(ctx, "kube-system", "bulwark-encrypted-"+hex.EncodeToString(raw[:6]), hex.EncodeToString(raw))
		if err2 != nil {
			return err2
		}
		defer func() { err = errors.Join(err, forget(context.WithoutCancel(ctx))) }()
	}
	stored, err := e.etcd.Stored(ctx, e.want.Resources)
	if err != nil {
		return err
	}
	for _, got := range stored {
		if err := asWanted(got, e.want.Prefix); err != nil {
			return err
		}
		least := 0
		if got.Resource == "secrets" {
			least = len(e.planes)
		}
		if got.Objects < least {
			return fmt.Errorf("etcd holds %d objects of %s, and the API servers have just made %d: whether they are encrypted is not known", got.Objects, got.Resource, least)
		}
		e.note(e.step, "%s: etcd holds %d objects, and all begin with %s", got.Resource, got.Objects, e.want.Prefix)
	}
	return nil
}

// asWanted says which objects of a resource are not encrypted as wanted.
func asWanted(got etcd.Stored, prefix string) error {
	if got.Clear > 0 {
		return fmt.Errorf("%d of %d objects of %s lie in etcd in the clear: %s; see who writes them, then apply again", got.Clear, got.Objects, got.Resource, strings.Join(got.Named, ", "))
	}
	for under, n := range got.Under {
		if under != prefix {
			return fmt.Errorf("%d of %d objects of %s lie in etcd under %s instead of %s; see who writes them, then apply again", n, got.Objects, got.Resource, under, prefix)
		}
	}
	return nil
}
