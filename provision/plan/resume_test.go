package plan

import (
	"slices"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// A full disk leaves files without bytes, and keys without certificates.
func TestResumedClearsWhatIsHalfWritten(t *testing.T) {
	phase := state.Phase{Makes: []string{"/p/ca.crt", "/p/ca.key", "/p/sa.key", "/p/sa.pub", "/p/etcd/ca.crt", "/p/etcd/ca.key", "/p/x.conf"}}
	file := func(text string) state.HaveFile {
		return state.HaveFile{Type: "file", SHA256: state.SHA256([]byte(text))}
	}
	have := func() map[string]state.HaveFile {
		return map[string]state.HaveFile{
			"/p/ca.key":      file("key"),                                // without its certificate
			"/p/sa.key":      file("key"),                                // has none
			"/p/etcd/ca.crt": file("crt"), "/p/etcd/ca.key": file("key"), // whole
			"/p/x.conf": file(""), // empty
		}
	}
	n := &state.Node{Files: have()}
	if got, want := resumed(phase, n).Clear, []string{"/p/ca.key", "/p/sa.key", "/p/x.conf"}; !slices.Equal(got, want) {
		t.Errorf("it clears %q, want %q", got, want)
	}
	n.Files["/p/ca.crt"] = file("")
	if got, want := resumed(phase, n).Clear, []string{"/p/ca.crt", "/p/ca.key", "/p/sa.key", "/p/x.conf"}; !slices.Equal(got, want) {
		t.Errorf("with an empty certificate it clears %q, want %q", got, want)
	}
	// Of a cluster that lives no key is ever taken away.
	n.Files = have()
	n.Files["/var/lib/etcd/member"] = state.HaveFile{Type: "dir"}
	if got, want := resumed(phase, n).Clear, []string{"/p/x.conf"}; !slices.Equal(got, want) {
		t.Errorf("where etcd has data it clears %q, want %q", got, want)
	}
	// kubeadm stops at what is empty of the files that do not stay, too.
	n.Files["/p/super.conf"] = file("")
	passing := state.Phase{Makes: []string{"/p/etcd/ca.crt"}, Besides: []string{"/p/super.conf", "/p/gone.conf"}}
	if got := resumed(passing, n); !slices.Equal(got.Clear, passing.Besides[:1]) {
		t.Errorf("of files that do not stay: %+v", got)
	}
	// What an authority signed goes with it, and what another one signed too: all is made
	// again. Of a machine that has all authorities nothing goes.
	certs := state.Phase{Makes: []string{"/p/etcd/ca.crt", "/p/etcd/ca.key", "/p/etcd/server.crt", "/p/etcd/server.key", "/p/sa.key", "/p/sa.pub"}}
	n.Files = map[string]state.HaveFile{"/p/etcd/ca.crt": file(""), "/p/etcd/ca.key": file("key"), "/p/etcd/server.crt": file("crt"), "/p/etcd/server.key": file("key"),
		"/p/sa.key": file("key"), "/p/sa.pub": file("pub")}
	if got, want := resumed(certs, n).Clear, []string{"/p/etcd/ca.crt", "/p/etcd/ca.key", "/p/etcd/server.crt", "/p/etcd/server.key"}; !slices.Equal(got, want) {
		t.Errorf("without an authority it clears %q, want %q", got, want)
	}
	n.Files["/var/lib/etcd/member"] = state.HaveFile{Type: "dir"}
	if got, want := resumed(certs, n).Clear, []string{"/p/etcd/ca.crt"}; !slices.Equal(got, want) {
		t.Errorf("where etcd has data it clears %q, want %q", got, want)
	}
	delete(n.Files, "/var/lib/etcd/member")
	n.Files["/p/etcd/ca.crt"] = file("crt")
	if got := resumed(certs, n).Clear; len(got) > 0 {
		t.Errorf("of a machine that has all it clears %q", got)
	}
	n.Files = map[string]state.HaveFile{"/p/x.conf": file("")}
	if (rules{}).phaseMet(state.Phase{Makes: []string{"/p/x.conf"}}, n) {
		t.Error("an empty file is taken for done")
	}
}
