package etcd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// containerd stands in for ctr: one etcd of kube-system runs, and its programs
// are the lab's. What fails is decided by a file beside it.
const containerd = `#!/bin/sh
here=%[1]s
case $* in
*'containers list'*) printf 'stopped\nrunning\n' ;;
*'tasks list'*) printf 'TASK PID STATUS\nother 1 RUNNING\nstopped 0 STOPPED\nrunning %[2]d RUNNING\n'; [ ! -e "$here/two" ] || echo 'stopped 1 RUNNING' ;;
*'tasks exec --exec-id bulwark-etcd'*' running etcd'*)
  shift 7
  program=$1
  shift
  [ ! -e "$here/fails-$program" ] || exit 1
  env "$here/$program" "$@" || exit
  case $program,$(cat "$here/spoils" 2>/dev/null) in
  etcdutl,byte) printf X | dd of="$3" bs=1 seek=9000 conv=notrunc 2>/dev/null ;;
  etcdutl,link) rm "$3" && ln -s /etc/passwd "$3" ;;
  esac
  ;;
*) exit 99 ;;
esac
`

// The program that takes snapshots, with an etcd and an etcdctl that are real.
func TestSnapshotIsWhatEtcdHolds(t *testing.T) {
	if os.Getuid() != 0 {
		scripttest.NotRun(t, "only root may own a snapshot")
	}
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		c, members := startEtcd(t, 1)
		if _, err := c.client.Put(t.Context(), "/registry/secrets/a/b", "canary"); err != nil {
			t.Fatal(err)
		}
		here, m := t.TempDir(), members[0]
		for _, p := range []string{"etcdctl", "etcdutl"} {
			if err := os.Symlink(scripttest.Program(t, "etcd-*/"+p), filepath.Join(here, p)); err != nil {
				t.Fatal(err)
			}
		}
		h.Shim(t, map[string]string{
			"ctr":  fmt.Sprintf(containerd, here, m.process.Pid),
			"stat": fmt.Sprintf("#!/bin/sh\ncase \"$1,$(cat %s/stat 2>/dev/null)\" in -f,full) echo 10 4096 ;; *) exec /usr/bin/stat \"$@\" ;; esac\n", here),
		})
		to := filepath.Join(here, "snapshots")
		save := func() (string, bool) {
			t.Helper()
			res, err := h.Exec(context.Background(), host.Program{Name: "snapshot", Text: "set -- " + to + " 3\n" + script.Snapshot()}, nil)
			if err != nil {
				t.Fatal(err)
			}
			return string(res.Stderr) + string(res.Stdout), res.Exit == 0
		}
		say := func(name, text string) func() {
			path := filepath.Join(here, name)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return func() { _ = os.Remove(path) }
		}
		for _, fault := range []struct{ name, text, want string }{
			{"two", "", "more than one etcd"},
			{"fails-etcdctl", "", "etcdctl did not save"},
			{"fails-etcdutl", "", "damaged"},
			{"spoils", "byte", "not what etcd sent"},
			{"spoils", "link", "was not a file"},
			{"stat", "full", "full\n" + m.data + "\n40960 "},
		} {
			undo := say(fault.name, fault.text)
			if said, ok := save(); ok || !strings.Contains(said, fault.want) {
				t.Errorf("%s %s: %v, %s", fault.name, fault.text, ok, said)
			}
			undo()
			if left := listed(t, to); len(left) > 0 {
				t.Errorf("%s %s left %v", fault.name, fault.text, left)
			}
		}
		// Older ones go, and what a run that was killed left with them.
		if err := os.MkdirAll(to, 0o755); err != nil {
			t.Fatal(err)
		}
		old := []string{"etcd-20200101T000000Z.db", "etcd-20200102T000000Z.db", "etcd-20200103T000000Z.db", "etcd-20200104T000000Z.db", ".new-x"}
		for _, name := range append(old, "../../"+filepath.Base(here)+"/snapshots/mine.db") {
			if err := os.WriteFile(filepath.Join(to, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		part := filepath.Join(m.data, ".bulwark-snapshot-x.db.part")
		if err := os.WriteFile(part, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		said, ok := save()
		if !ok {
			t.Fatal(said)
		}
		left := listed(t, to)
		if len(left) != 4 || !slices.Equal(left[:2], old[2:4]) || left[3] != "mine.db" {
			t.Errorf("there are %v", left)
		}
		if left := listed(t, m.data); !slices.Equal(left, []string{"member"}) {
			t.Errorf("beside etcd's data is %v", left)
		}
		made := filepath.Join(to, left[2])
		st, err := os.Stat(made)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("snapshot %s %d 2", made, st.Size()); st.Mode().Perm() != 0o600 || !strings.HasSuffix(strings.TrimSpace(said), want) {
			t.Errorf("%v; it says %s, want %s", st.Mode(), said, want)
		}
		if d, err := os.Stat(to); err != nil || d.Mode().Perm() != 0o700 {
			t.Errorf("the folder: %v, %v", d.Mode(), err)
		}
		if text, _ := os.ReadFile(made); !strings.Contains(string(text), "canary") {
			t.Error("it does not hold what etcd holds")
		}
	})
}

func listed(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
