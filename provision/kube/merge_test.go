package kube

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// config is a kubeconfig with one context of that name.
func config(t testing.TB, name, server, ca string) state.Secret {
	t.Helper()
	cfg := clientcmdapi.NewConfig()
	cfg.Clusters[name] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: []byte(ca)}
	cfg.AuthInfos[name+"-admin"] = &clientcmdapi.AuthInfo{ClientKeyData: []byte("key of " + server + ca)}
	cfg.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name + "-admin"}
	cfg.CurrentContext = name
	out, err := clientcmd.Write(*cfg)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// kubeconfigs are the files of a test, by their names.
type kubeconfigs struct {
	t   *testing.T
	dir string
}

func (k kubeconfigs) path(name string) string { return filepath.Join(k.dir, name) }

func (k kubeconfigs) write(name string, text []byte, mode os.FileMode) {
	k.t.Helper()
	if err := os.WriteFile(k.path(name), text, mode); err != nil {
		k.t.Fatal(err)
	}
}

func (k kubeconfigs) load(name string) *clientcmdapi.Config {
	k.t.Helper()
	cfg, err := clientcmd.LoadFromFile(k.path(name))
	if err != nil {
		k.t.Fatal(err)
	}
	return cfg
}

func (k kubeconfigs) merge(use bool, add state.Secret, names ...string) ([]string, error) {
	var paths []string
	for _, n := range names {
		paths = append(paths, k.path(n))
	}
	written, err := Merge(context.Background(), add, paths, use)
	for i := range written {
		written[i] = filepath.Base(written[i])
	}
	return written, err
}

func TestMergeIntoNothing(t *testing.T) {
	k := kubeconfigs{t, t.TempDir()}
	written, err := k.merge(false, config(t, "prod", "https://a:6443", "ca"), "sub/config")
	if err != nil || len(written) != 1 {
		t.Fatal(written, err)
	}
	if cfg := k.load("sub/config"); cfg.Contexts["prod"] == nil || cfg.Clusters["prod"] == nil || cfg.AuthInfos["prod-admin"] == nil || cfg.CurrentContext != "" {
		t.Errorf("%v", cfg)
	}
	st, err := os.Stat(k.path("sub/config"))
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", st.Mode(), err)
	}
	if st, err = os.Stat(k.path("sub")); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("mode of the folder %v %v", st.Mode(), err)
	}
	left, err := os.ReadDir(k.path("sub"))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	// The same once more changes nothing.
	if written, err = k.merge(false, config(t, "prod", "https://a:6443", "ca"), "sub/config"); err != nil || len(written) != 0 {
		t.Error(written, err)
	}
}

func TestMergeKeepsWhatIsThere(t *testing.T) {
	k := kubeconfigs{t, t.TempDir()}
	k.write("config", config(t, "home", "https://h:6443", "x"), 0o644)
	if _, err := k.merge(false, config(t, "prod", "https://a:6443", "ca"), "config"); err != nil {
		t.Fatal(err)
	}
	cfg := k.load("config")
	if cfg.CurrentContext != "home" || cfg.Contexts["home"] == nil || cfg.Contexts["prod"] == nil {
		t.Errorf("%v", cfg)
	}
	if st, err := os.Stat(k.path("config")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", st.Mode(), err)
	}
	// A person's namespace stays when the credentials are renewed, and a new CA
	// behind the same server is the same cluster made again.
	cfg.Contexts["prod"].Namespace = "mine"
	if err := clientcmd.WriteToFile(*cfg, k.path("config")); err != nil {
		t.Fatal(err)
	}
	if _, err := k.merge(true, config(t, "prod", "https://a:6443", "ca2"), "config"); err != nil {
		t.Fatal(err)
	}
	cfg = k.load("config")
	if cfg.CurrentContext != "prod" || cfg.Contexts["prod"].Namespace != "mine" || string(cfg.Clusters["prod"].CertificateAuthorityData) != "ca2" {
		t.Errorf("%v", cfg.Contexts["prod"])
	}
}

func TestMergeIntoAList(t *testing.T) {
	prod := func(ca string) state.Secret { return config(t, "prod", "https://a:6443", ca) }
	home := config(t, "home", "https://h:6443", "x")
	tests := map[string]struct {
		files map[string]state.Secret
		use   bool
		want  []string
	}{
		"none exists: the last":           {nil, false, []string{"b"}},
		"one exists: that one":            {map[string]state.Secret{"b": home}, false, []string{"b"}},
		"both exist: the first":           {map[string]state.Secret{"a": home, "b": home}, false, []string{"a"}},
		"it is in the second: there":      {map[string]state.Secret{"a": home, "b": prod("old")}, false, []string{"b"}},
		"the context is where it is said": {map[string]state.Secret{"a": home, "b": prod("old")}, true, []string{"a", "b"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			k := kubeconfigs{t, t.TempDir()}
			for n, text := range tt.files {
				k.write(n, text, 0o600)
			}
			written, err := k.merge(tt.use, prod("ca"), "a", "b")
			if d := cmp.Diff(tt.want, written); d != "" || err != nil {
				t.Error(d, err)
			}
			// kubectl reads the list so.
			rules := clientcmd.ClientConfigLoadingRules{Precedence: []string{k.path("a"), k.path("b")}}
			all, err := rules.Load()
			if err != nil {
				t.Fatal(err)
			}
			if string(all.Clusters["prod"].CertificateAuthorityData) != "ca" || all.Contexts["prod"] == nil {
				t.Error("kubectl does not see the new cluster")
			}
			if tt.use != (all.CurrentContext == "prod") && tt.files != nil {
				t.Errorf("the current context is %q", all.CurrentContext)
			}
		})
	}
}

func TestMergeRefuses(t *testing.T) {
	k := kubeconfigs{t, t.TempDir()}
	prod := config(t, "prod", "https://a:6443", "ca")
	k.write("other", config(t, "prod", "https://b:6443", "x"), 0o600)
	k.write("broken", []byte("key: [canary"), 0o600)
	alias := clientcmdapi.NewConfig()
	alias.Contexts["prod"] = &clientcmdapi.Context{Cluster: "work", AuthInfo: "me"}
	text, err := clientcmd.Write(*alias)
	if err != nil {
		t.Fatal(err)
	}
	k.write("alias", text, 0o600)
	k.write("locked", nil, 0o600)
	k.write("locked.lock", nil, 0o600)
	for name, want := range map[string]string{"other": "with another CA", "broken": "not a kubeconfig", "alias": "for the cluster", "locked": "locked.lock"} {
		before, err := os.ReadFile(k.path(name))
		if err != nil {
			t.Fatal(err)
		}
		_, err = k.merge(true, prod, name)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
		if after, err := os.ReadFile(k.path(name)); err != nil || string(after) != string(before) {
			t.Errorf("%s was changed", name)
		}
	}
	if _, err := Merge(context.Background(), prod, []string{""}, false); err == nil {
		t.Error("merged into nothing")
	}
	if _, err := k.merge(false, state.Secret("{"), "x"); err == nil {
		t.Error("merged nothing")
	}
	if _, err := os.Stat(k.path("locked.lock")); err != nil {
		t.Error("another program's lock was taken away")
	}
}

func TestMergeFollowsLinks(t *testing.T) {
	k := kubeconfigs{t, t.TempDir()}
	k.write("real", config(t, "home", "https://h:6443", "x"), 0o600)
	if err := os.Symlink(k.path("real"), k.path("config")); err != nil {
		t.Fatal(err)
	}
	if _, err := k.merge(false, config(t, "prod", "https://a:6443", "ca"), "config"); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Lstat(k.path("config")); err != nil || st.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced by a file")
	}
	if k.load("real").Contexts["prod"] == nil {
		t.Error("what the link leads to was not written")
	}
}
