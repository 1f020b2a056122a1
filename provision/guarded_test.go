package provision

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// cutChange is a machine whose change of a file was cut before it was confirmed,
// as a look sees it.
func cutChange(t *testing.T) (l looker, nodes map[string]*state.Node, k scripttest.Kept, path string) {
	t.Helper()
	k = scripttest.Keep(t, scripttest.Local(t, "dash"), "")
	path = filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := machine.Guard(t.Context(), k, machine.Guarded{Paths: []string{path}, Within: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(k.VarLib, strings.TrimPrefix(machine.GuardedPath, "/var/lib/"))); err != nil {
		t.Fatalf("a look would not see it: %v", err)
	}
	l = looker{in: Input{Version: "test"}, intent: &intent{wants: []state.Want{{Node: "cp-1"}, {Node: "w-1"}, {}}}, hosts: map[string]host.Host{"cp-1": k}}
	nodes = map[string]*state.Node{
		"cp-1": {Name: "cp-1", Files: map[string]state.HaveFile{machine.GuardedPath: {Type: "file"}}},
		"w-1":  {Name: "w-1", Files: map[string]state.HaveFile{machine.GuardedPath: {}}},
	}
	return l, nodes, k, path
}

func is(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

func TestAChangeThatWasCutIsPutBackBeforeAPlan(t *testing.T) {
	l, nodes, k, path := cutChange(t)
	notes, err := l.putBack(t.Context(), nodes)
	if err != nil || len(notes) != 1 || !strings.HasPrefix(notes[0], "cp-1 was in the middle of a change") || !strings.Contains(notes[0], " UTC by its clock") {
		t.Errorf("%q, %v", notes, err)
	}
	is(t, path, "old")
	if left, err := os.ReadDir(filepath.Join(k.VarLib, "bulwark")); err != nil || len(left) > 0 || k.Armed(t) {
		t.Errorf("left behind: %v, %v", left, err)
	}
	nodes["cp-1"].Files[machine.GuardedPath] = state.HaveFile{}
	if notes, err := l.putBack(t.Context(), nodes); err != nil || len(notes) > 0 {
		t.Errorf("%q, %v", notes, err)
	}
}

// Who only reads has nothing put back, and makes no plan of it either.
func TestNoPlanIsMadeOfAGuardedMachine(t *testing.T) {
	l, nodes, k, path := cutChange(t)
	l.in.ReadOnly = true
	notes, err := l.putBack(t.Context(), nodes)
	if err == nil || len(notes) > 0 || !strings.HasPrefix(err.Error(), "cp-1 is in the middle of a change") || !strings.Contains(err.Error(), "1m50s") {
		t.Errorf("%q, %v", notes, err)
	}
	is(t, path, "new")
	if !k.Armed(t) {
		t.Error("the guard is gone")
	}
}

func TestAResetForgetsAGuardedChange(t *testing.T) {
	l, nodes, k, path := cutChange(t)
	if err := l.forgetGuards(t.Context(), nodes); err != nil {
		t.Fatal(err)
	}
	is(t, path, "new")
	if k.Armed(t) {
		t.Error("the timer would fire in the middle of the reset")
	}
}
