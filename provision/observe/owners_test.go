package observe

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// Whose all is that lies under a folder is read of the folder alone: nothing that a
// link in it leads to counts.
func TestLookReadsOwnersUnderAFolder(t *testing.T) {
	if os.Getuid() != 0 {
		scripttest.NotRun(t, "only root gives files away")
	}
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		dir, elsewhere := t.TempDir(), t.TempDir()
		deep := filepath.Join(dir, "member", "w al")
		must(t, os.MkdirAll(deep, 0o700))
		must(t, os.WriteFile(filepath.Join(deep, "0.wal"), []byte("x"), 0o600))
		must(t, os.WriteFile(filepath.Join(elsewhere, "other"), []byte("x"), 0o600))
		must(t, os.Chown(filepath.Join(elsewhere, "other"), 7, 7))
		must(t, os.Symlink(elsewhere, filepath.Join(dir, "link")))
		for _, p := range []string{filepath.Join(dir, "member"), deep, filepath.Join(dir, "link")} {
			must(t, os.Lchown(p, state.EtcdUID, state.EtcdUID))
		}
		empty, none, file := t.TempDir(), filepath.Join(dir, "none"), filepath.Join(deep, "0.wal")
		n, err := Node(t.Context(), h, Ask{Node: "n", Files: []AskFile{{Path: dir, Owners: true}, {Path: empty, Owners: true}, {Path: none, Owners: true}, {Path: file, Owners: true}, {Path: elsewhere}}})
		must(t, err)
		if got := n.Files[dir].Owners; !slices.Equal(got, []string{"root:root", state.EtcdOwner}) {
			t.Errorf("%q", got)
		}
		if got := n.Files[empty].Owners; got == nil || len(got) > 0 {
			t.Errorf("of an empty folder: %q", got)
		}
		for _, p := range []string{none, file, elsewhere} {
			if got := n.Files[p].Owners; got != nil {
				t.Errorf("%s: %q", p, got)
			}
		}
		if len(n.Unread) > 0 {
			t.Errorf("%q", n.Unread)
		}
	})
}

func TestLiesAboutOwners(t *testing.T) {
	say := func(p string, owners ...string) []byte { return []byte(p + "\n" + strings.Join(owners, "\n") + "\n") }
	many := slices.Repeat([]string{"0/0/root/root"}, maxOwners+1)
	for what, data := range map[string][]byte{
		"of a stranger": say("/etc", "0/0/root/root"), "no owner": say("/var/lib/etcd", "root"), "no number": say("/var/lib/etcd", "x/0/root/root"),
		"no group": say("/var/lib/etcd", "0/-/root/root"), "too many": say("/var/lib/etcd", many...),
	} {
		r := newReading(Ask{Node: "n", Files: []AskFile{{Path: "/var/lib/etcd", Owners: true}, {Path: "/etc"}}})
		r.node.Files["/var/lib/etcd"] = state.HaveFile{Type: "dir"}
		if err := r.owners(script.Frame{Kind: "owners", Data: data}); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}
