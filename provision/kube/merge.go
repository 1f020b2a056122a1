package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// lockPatience is how long kubectl may hold the lock of a kubeconfig.
const lockPatience = 3 * time.Second

// Merge puts the context of a kubeconfig, its cluster and its user into the
// operator's own, by kubectl's rules for the list of paths that KUBECONFIG
// holds: an entry is replaced where it is found first, a new one goes to the
// one path there is, else to the first that exists, else to the last. Each
// file is written whole or not at all, with mode 0600, under kubectl's lock.
// The current context stays what it is unless use is true.
//
// A context of that name whose cluster has another server and another CA is
// somebody else's and an error. The answer is the files that were written.
func Merge(ctx context.Context, kubeconfig state.Secret, paths []string, use bool) (written []string, err error) {
	add, err := clientcmd.Load(kubeconfig)
	if err != nil || add.Contexts[add.CurrentContext] == nil {
		return nil, errors.New("merging a kubeconfig: what is to be merged has no current context")
	}
	paths, err = kubeconfigPaths(paths)
	if err != nil {
		return nil, err
	}
	unlock, err := lock(ctx, paths)
	if err != nil {
		return nil, err
	}
	defer unlock()

	m := merger{paths: paths, files: map[string]*clientcmdapi.Config{}, before: map[string][]byte{}}
	for _, p := range paths {
		if err := m.read(p); err != nil {
			return nil, err
		}
	}
	if err := m.add(add, use); err != nil {
		return nil, err
	}
	return m.write()
}

// kubeconfigPaths are the real paths of a list, each once.
func kubeconfigPaths(paths []string) ([]string, error) {
	var out []string
	for _, p := range paths {
		if p == "" {
			continue
		}
		// Replacing a symbolic link would part a file from its dotfiles.
		real, err := filepath.EvalSymlinks(p)
		if errors.Is(err, fs.ErrNotExist) {
			if real, err = filepath.Abs(p); err == nil {
				err = os.MkdirAll(filepath.Dir(real), 0o700)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("merging into %s: %w", p, err)
		}
		if !slices.Contains(out, real) {
			out = append(out, real)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("merging a kubeconfig: no file to merge into was given")
	}
	return out, nil
}

// merger holds the files of one merge.
type merger struct {
	paths  []string
	files  map[string]*clientcmdapi.Config
	before map[string][]byte
}

func (m *merger) read(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("merging into %s: %w", path, err)
	}
	cfg, err := clientcmd.Load(text)
	if err != nil {
		// The parser's message may quote a key.
		return fmt.Errorf("merging into %s: it is not a kubeconfig; nothing was changed", path)
	}
	m.files[path], m.before[path] = cfg, text
	return nil
}

// fallback is where kubectl puts new entries.
func (m *merger) fallback() string {
	for _, p := range m.paths {
		if m.files[p] != nil {
			return p
		}
	}
	return m.paths[len(m.paths)-1]
}

// home is the file where an entry is found first, else the fallback.
func (m *merger) home(has func(*clientcmdapi.Config) bool) *clientcmdapi.Config {
	for _, p := range m.paths {
		if cfg := m.files[p]; cfg != nil && has(cfg) {
			return cfg
		}
	}
	p := m.fallback()
	if m.files[p] == nil {
		m.files[p] = clientcmdapi.NewConfig()
	}
	return m.files[p]
}

func (m *merger) add(add *clientcmdapi.Config, use bool) error {
	name := add.CurrentContext
	cc := add.Contexts[name]
	cl, user := add.Clusters[cc.Cluster], add.AuthInfos[cc.AuthInfo]
	if cl == nil || user == nil {
		return errors.New("merging a kubeconfig: its context names a cluster or user that is not in it")
	}
	hasContext := func(c *clientcmdapi.Config) bool { return c.Contexts[name] != nil }
	hasCluster := func(c *clientcmdapi.Config) bool { return c.Clusters[cc.Cluster] != nil }
	hasUser := func(c *clientcmdapi.Config) bool { return c.AuthInfos[cc.AuthInfo] != nil }

	if old := m.home(hasContext).Contexts[name]; old != nil && old.Cluster != cc.Cluster {
		return fmt.Errorf("merging a kubeconfig: the context %q is there already, for the cluster %q; rename or remove it first", name, old.Cluster)
	}
	if old := m.home(hasCluster).Clusters[cc.Cluster]; old != nil && old.Server != cl.Server && !bytes.Equal(old.CertificateAuthorityData, cl.CertificateAuthorityData) {
		return fmt.Errorf("merging a kubeconfig: the cluster %q is there already, with another CA and at %s; rename or remove it first", cc.Cluster, clean(old.Server, 200))
	}
	entry := cc.DeepCopy()
	if old := m.home(hasContext).Contexts[name]; old != nil {
		entry.Namespace = old.Namespace // chosen by a person
	}
	m.home(hasCluster).Clusters[cc.Cluster] = cl.DeepCopy()
	m.home(hasUser).AuthInfos[cc.AuthInfo] = user.DeepCopy()
	m.home(hasContext).Contexts[name] = entry
	if use {
		// The first file that says one decides; kubectl writes it there too.
		m.home(func(c *clientcmdapi.Config) bool { return c.CurrentContext != "" }).CurrentContext = name
	}
	return nil
}

// write replaces the files that changed.
func (m *merger) write() ([]string, error) {
	var written []string
	for _, p := range m.paths {
		if m.files[p] == nil {
			continue
		}
		text, err := clientcmd.Write(*m.files[p])
		if err != nil {
			return written, fmt.Errorf("merging into %s: %w", p, err)
		}
		if old, err := clientcmd.Load(m.before[p]); err == nil && m.before[p] != nil {
			if same, err := clientcmd.Write(*old); err == nil && bytes.Equal(same, text) {
				continue // also keeps a person's comments
			}
		}
		if err := replace(p, text); err != nil {
			return written, fmt.Errorf("merging into %s (it is as it was): %w", p, err)
		}
		written = append(written, p)
	}
	return written, nil
}

// replace writes a private file whole or not at all.
func replace(path string, text []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".bulwark-kubeconfig-*") // 0600 from the start
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// lock takes kubectl's lock files, in kubectl's order.
func lock(ctx context.Context, paths []string) (unlock func(), err error) {
	sorted := slices.Clone(paths)
	slices.Sort(sorted)
	var held []string
	unlock = func() {
		for _, l := range held {
			_ = os.Remove(l)
		}
	}
	for deadline := time.Now().Add(lockPatience); len(held) < len(sorted); {
		name := sorted[len(held)] + ".lock"
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL, 0)
		switch {
		case err == nil:
			held = append(held, name)
			_ = f.Close()
			continue
		case !errors.Is(err, fs.ErrExist):
			unlock()
			return nil, fmt.Errorf("merging a kubeconfig: locking: %w", err)
		case time.Now().After(deadline) || sleep(ctx, 50*time.Millisecond) != nil:
			unlock()
			return nil, fmt.Errorf("merging a kubeconfig: %s is there: another program is changing it; if none is, delete that file", name)
		}
	}
	return unlock, nil
}
