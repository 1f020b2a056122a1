package apply

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// values answers for the references of a plan, at the moment a step needs
// them. Secrets are made or read here, live in memory only, and are asked for
// by no one but the step that puts them on a machine.
type values struct {
	have *state.Cluster
	api  *api

	mu  sync.Mutex
	key []byte
}

func newValues(have *state.Cluster, a *api) *values { return &values{have: have, api: a} }

// keyBytes is the length of an encryption key: secretbox needs exactly 32, and
// aescbc with 32 is AES-256.
const keyBytes = 32

// encryptionKey is the name that references to the key go by, see templates/policy.
const encryptionKey = "encryption-key"

// resolve is the content of a file with its references replaced: those that
// its template put there, and no others.
func (v *values) resolve(ctx context.Context, f state.File) ([]byte, error) {
	if ref := f.Foreign(); ref != "" {
		return nil, fmt.Errorf("%s holds %s, which is not a reference this file may hold; take it out of the spec it came from, and plan again", f.Path, ref)
	}
	text := f.Content
	known := map[string][]byte{}
	for _, name := range state.Refs(text) {
		value, err := v.value(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("value of %s: %w", state.Ref(name), err)
		}
		known[name] = value
	}
	return state.Resolve(text, func(name string) ([]byte, bool) {
		value, ok := known[name]
		return value, ok
	})
}

func (v *values) value(ctx context.Context, name string) ([]byte, error) {
	if value, ok := v.have.Value(name); ok {
		return value, nil
	}
	kind, node, _ := strings.Cut(name, "/")
	switch kind {
	case encryptionKey:
		return v.encryptionKey()
	case "pod-cidr", "pod-cidr-6":
		return v.api.podCIDR(ctx, node, kind == "pod-cidr-6")
	case "discovery":
		return v.api.discovery(ctx, node)
	}
	return nil, fmt.Errorf("nothing makes %q", name)
}

// encryptionKey makes the cluster's first encryption key, once a run. A plan
// holds the step that needs it only for a cluster without data in etcd, or one
// that never encrypted any.
func (v *values) encryptionKey() ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.key == nil {
		raw := make([]byte, keyBytes)
		if _, err := rand.Read(raw); err != nil {
			return nil, err
		}
		v.key = []byte(base64.StdEncoding.EncodeToString(raw))
	}
	return v.key, nil
}
