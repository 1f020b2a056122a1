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
	op := machine.Op{Kind: machine.PutFile, Path: path, Mode: 0o600, Owner: "0:0", Content: []byte("new"), Had: state.SHA256([]byte("old"))}
	if _, err := machine.DoGuarded(t.Context(), k, []machine.Op{op}); err != nil {
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

// What somebody else made of a file since stays, and the note above the plan names it.
func TestWhatWasMendedByHandIsNamed(t *testing.T) {
	l, nodes, k, path := cutChange(t)
	if err := os.WriteFile(path, []byte("mended"), 0o600); err != nil {
		t.Fatal(err)
	}
	notes, err := l.putBack(t.Context(), nodes)
	isNamed(t, notes, err, "cp-1 was in the middle of a change", path)
	is(t, path, "mended")
	nothingKept(t, k)
}

// So does it where the machine put back the rest before anybody looked. Who only reads
// does not end it.
func TestWhatAMachineLeftByItselfIsNamed(t *testing.T) {
	l, nodes, k, path := cutChange(t)
	if err := os.WriteFile(path, []byte("mended"), 0o600); err != nil {
		t.Fatal(err)
	}
	k.Fire(t, "")
	nodes["cp-1"].Files = map[string]state.HaveFile{machine.LeftPath: {Type: "file", Text: []byte(path + "\n")}}
	for _, readOnly := range []bool{true, true, false} {
		l.in.ReadOnly = readOnly
		notes, err := l.leftByThemselves(t.Context(), nodes)
		isNamed(t, notes, err, "cp-1 put back by itself what was before", path)
		if _, err := os.Stat(filepath.Join(k.VarLib, "bulwark/guard/left")); readOnly == (err != nil) {
			t.Errorf("read only %v: %v", readOnly, err)
		}
	}
	is(t, path, "mended")
	nothingKept(t, k)
}

func isNamed(t *testing.T, notes []string, err error, begins, path string) {
	t.Helper()
	if err != nil || len(notes) != 1 || !strings.HasPrefix(notes[0], begins) || !strings.Contains(notes[0], "but for "+path+": somebody else changed that") {
		t.Errorf("%q, %v", notes, err)
	}
}

func nothingKept(t *testing.T, k scripttest.Kept) {
	t.Helper()
	if left, err := os.ReadDir(filepath.Join(k.VarLib, "bulwark")); err != nil || len(left) > 0 || k.Armed(t) {
		t.Errorf("left behind: %v, %v", left, err)
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
