package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// guarded is a machine with a file that was there and one that was not, both
// under guard.
type guarded struct {
	scripttest.Kept
	was, none string
	Guarded
}

// before are bytes that a shell would not keep.
var before = []byte("old\x00$(reboot)\n\n\xff")

func guardedMachine(t *testing.T, h *scripttest.Host, options string) guarded {
	t.Helper()
	g := guarded{Kept: scripttest.Keep(t, h, options)}
	dir := t.TempDir()
	g.was, g.none = filepath.Join(dir, "was it"), filepath.Join(dir, "none")
	write(t, g.was, before)
	if err := errors.Join(os.Chown(g.was, 0, 2379), os.Chmod(g.was, 0o640)); err != nil {
		t.Fatal(err)
	}
	g.Guarded = Guarded{Paths: []string{g.was, g.none}, Restarts: []string{"kubelet"}, Within: time.Minute}
	return g
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// arm guards, and then changes what is guarded.
func (g guarded) arm(t *testing.T) {
	t.Helper()
	at, err := Guard(t.Context(), g, g.Guarded)
	if err != nil || time.Since(time.Unix(at, 0)).Abs() > time.Minute {
		t.Fatalf("%d, %v", at, err)
	}
	if !g.Armed(t) {
		t.Fatal("there is no timer")
	}
	g.change(t)
}

// ops are the change.
func (g guarded) ops() []Op {
	put := Op{Kind: PutFile, Mode: 0o600, Owner: "0:0", Content: []byte("new"), Had: AnyDigest}
	was, none := put, put
	was.Path, none.Path = g.was, g.none
	return []Op{was, none}
}

// change does it.
func (g guarded) change(t *testing.T) {
	t.Helper()
	if _, err := DoGuarded(t.Context(), g, g.ops()); err != nil {
		t.Fatal(err)
	}
}

// isBefore fails the test unless all is as it was.
func (g guarded) isBefore(t *testing.T) {
	t.Helper()
	got, err := os.ReadFile(g.was)
	if err != nil || !bytes.Equal(got, before) {
		t.Errorf("%q, %v", got, err)
	}
	var st syscall.Stat_t
	if err := syscall.Stat(g.was, &st); err != nil || st.Mode&0o7777 != 0o640 || st.Uid != 0 || st.Gid != 2379 {
		t.Errorf("%o of %d:%d, %v", st.Mode, st.Uid, st.Gid, err)
	}
	if _, err := os.Lstat(g.none); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was not there is there: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(g.was), ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// isNew fails the test unless the change stands.
func (g guarded) isNew(t *testing.T) {
	t.Helper()
	for _, path := range []string{g.was, g.none} {
		if got, err := os.ReadFile(path); err != nil || string(got) != "new" {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// nothingLeft fails the test when anything of a guard is.
func (g guarded) nothingLeft(t *testing.T) {
	t.Helper()
	if _, err := os.Lstat(g.VarLib + "/bulwark/guard"); err == nil || g.Armed(t) {
		t.Errorf("kept files stay (%v), or a timer", err)
	}
}

// restarts are the units that were restarted so far.
func (g guarded) restarts(t *testing.T) string {
	t.Helper()
	log, err := os.ReadFile(g.Systemd + "/log")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(log))
}

func TestAConfirmedChangeStays(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		g := guardedMachine(t, h, "")
		g.arm(t)
		if err := Confirm(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		g.nothingLeft(t)
		if at, err := Restore(t.Context(), g); err != nil || at != 0 {
			t.Errorf("%d, %v", at, err)
		}
		g.isNew(t)
		if err := Confirm(t.Context(), g); err == nil || errors.Is(err, ErrRestored) || !strings.Contains(err.Error(), "nothing to confirm") {
			t.Errorf("%v", err)
		}
		if got := g.restarts(t); got != "" {
			t.Errorf("restarted: %s", got)
		}
	})
}

func TestAGuardedChangeIsPutBackByCall(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		g := guardedMachine(t, h, "")
		g.arm(t)
		if at, err := Restore(t.Context(), g); err != nil || at == 0 {
			t.Errorf("%d, %v", at, err)
		}
		g.isBefore(t)
		g.nothingLeft(t)
		if got := g.restarts(t); got != "restart --no-block kubelet.service" {
			t.Errorf("restarted: %s", got)
		}
		if at, err := Restore(t.Context(), g); err != nil || at != 0 {
			t.Errorf("again: %d, %v", at, err)
		}
		g.isBefore(t)
		g.arm(t) // and so it goes on
	})
}

// The timer and a boot do the same, but a boot restarts nothing.
func TestAConfirmationMayComeTooLate(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		for boot, restarted := range map[string]string{"": "restart --no-block kubelet.service", "boot": ""} {
			g := guardedMachine(t, h, "")
			g.arm(t)
			g.Fire(t, boot)
			g.isBefore(t)
			write(t, g.none, []byte("made since")) // twice puts nothing back again
			g.Fire(t, boot)
			if _, err := os.Stat(g.none); err != nil {
				t.Error(err)
			}
			for range 2 { // who was cut asks again
				if err := Confirm(t.Context(), g); !errors.Is(err, ErrRestored) {
					t.Errorf("%v", err)
				}
			}
			if at, err := Restore(t.Context(), g); err != nil || at == 0 {
				t.Errorf("%d, %v", at, err)
			}
			g.nothingLeft(t)
			if got := g.restarts(t); got != restarted {
				t.Errorf("%q: restarted: %s", boot, got)
			}
		}
	})
}

// Whose timer is gone was not guarded all the time: the machine restarted, and its
// boot did not put back what was before.
func TestWhatNobodyGuardsIsNotConfirmed(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		g := guardedMachine(t, h, "")
		g.arm(t)
		g.Kept.Forget(t)
		if err := Confirm(t.Context(), g); !errors.Is(err, ErrRestored) {
			t.Errorf("%v", err)
		}
		g.isBefore(t)
	})
}

func TestWhatCannotBeKeptIsRefused(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		for name, make := range map[string]func(path string) error{
			"directory": func(path string) error { return os.Mkdir(path, 0o700) },
			"pipe":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
		} {
			g := guardedMachine(t, h, "")
			if err := make(g.none); err != nil {
				t.Fatal(err)
			}
			if _, err := Guard(t.Context(), g, g.Guarded); err == nil || !strings.Contains(err.Error(), "cannot be kept") {
				t.Errorf("%s: %v", name, err)
			}
			g.nothingLeft(t)
		}
	})
}

// A link comes back as the link that it was, also where it leads to nobody.
func TestALinkComesBackAsALink(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		g := guardedMachine(t, h, "")
		if err := os.Symlink("/no/such", g.none); err != nil {
			t.Fatal(err)
		}
		if _, err := Guard(t.Context(), g, g.Guarded); err != nil {
			t.Fatal(err)
		}
		ops := g.ops()
		if _, err := DoGuarded(t.Context(), g, []Op{{Kind: Remove, Path: g.none, Had: leadsTo("/no/such")}, ops[1]}); err != nil {
			t.Fatal(err)
		}
		if _, err := Restore(t.Context(), g); err != nil {
			t.Error(err)
		}
		if to, err := os.Readlink(g.none); err != nil || to != "/no/such" {
			t.Errorf("%q, %v", to, err)
		}
		g.nothingLeft(t)
	})
}

// What was kept first is what comes back.
func TestTwoChangesAreNotGuardedAtOnce(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		g := guardedMachine(t, h, "")
		g.arm(t)
		if _, err := Guard(t.Context(), g, g.Guarded); err == nil || !strings.Contains(err.Error(), "still guarded") {
			t.Errorf("%v", err)
		}
		if !g.Armed(t) {
			t.Error("the first guard is gone")
		}
		g.Fire(t, "")
		g.isBefore(t)
		g.arm(t) // nobody has to ask for what is over
	})
}

// short is a machine that gets only the beginning of what it is told.
type short struct {
	guarded
	bytes int
}

func (s short) Exec(ctx context.Context, p host.Program, stdin []byte) (host.Result, error) {
	return s.guarded.Exec(ctx, p, stdin[:s.bytes])
}

func TestHalfARequestArmsNothing(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		g := guardedMachine(t, h, "")
		var whole int
		counted := *g.Host
		counted.Argv = []string{"/bin/false"}
		count := func(stdin []byte) { whole = len(stdin) }
		_, _ = Guard(t.Context(), counting{&counted, count}, g.Guarded)
		for _, left := range []int{2, 5, 20, len(g.none) + 6, len(g.none) + len(g.was) + 10, 200, 1000, whole - 60, whole - 40, whole - 20, whole} {
			if _, err := Guard(t.Context(), short{g, whole - left}, g.Guarded); err == nil {
				t.Errorf("all but %d of %d bytes are enough", left, whole)
			}
			g.nothingLeft(t)
			g.isBefore(t)
		}
	})
}

// counting says what a machine would be told.
type counting struct {
	*scripttest.Host
	count func(stdin []byte)
}

func (c counting) Exec(_ context.Context, _ host.Program, stdin []byte) (host.Result, error) {
	c.count(stdin)
	return host.Result{}, errors.ErrUnsupported
}

func TestAFullDiskGuardsNothing(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		said, done := 0, 0
		for _, options := range []string{"size=4k", "size=8k", "size=12k", "size=16k", "size=32k", "size=56k", "size=1m",
			"nr_inodes=1", "nr_inodes=2", "nr_inodes=3", "nr_inodes=4", "nr_inodes=5", "nr_inodes=6", "nr_inodes=100"} {
			g := guardedMachine(t, h, options+",mode=755")
			write(t, g.was, bytes.Repeat([]byte("x"), 30_000))
			_, err := Guard(t.Context(), g, g.Guarded)
			full, isFull := errors.AsType[*DiskFullError](err)
			switch {
			case err == nil && !g.Armed(t):
				t.Errorf("%s: nothing is armed", options)
			case err == nil:
				done++
			case !isFull || full.Node == "" || !strings.HasPrefix(full.Path, "/var/lib/bulwark") || full.Needed <= full.Free:
				t.Errorf("%s: %v", options, err)
			case g.Armed(t):
				t.Errorf("%s: the timer stays", options)
			default:
				said++
			}
		}
		if said < 8 || done < 2 {
			t.Errorf("said %d times, done %d times", said, done)
		}
	})
}

// What could not be put back is said, and is still there for the next attempt.
func TestARestoreThatFailsIsDoneAgain(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		g := guardedMachine(t, h, "")
		g.arm(t)
		if err := errors.Join(os.Remove(g.was), os.Mkdir(g.was, 0o700)); err != nil {
			t.Fatal(err)
		}
		if _, err := Restore(t.Context(), g); err == nil || !strings.Contains(err.Error(), g.was+" is a directory now") {
			t.Errorf("%v", err)
		}
		if in, err := os.ReadDir(g.was); err != nil || len(in) != 0 {
			t.Errorf("%v, %v", in, err)
		}
		if err := os.Remove(g.was); err != nil {
			t.Fatal(err)
		}
		if at, err := Restore(t.Context(), g); err != nil || at == 0 {
			t.Errorf("%d, %v", at, err)
		}
		g.isBefore(t)
	})
}

// A reset lets go of a change without putting anything back.
func TestAForgottenGuardPutsNothingBack(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		g := guardedMachine(t, h, "")
		for range 2 {
			g.arm(t)
			for range 2 {
				if err := ForgetGuard(t.Context(), g); err != nil {
					t.Fatal(err)
				}
			}
			g.nothingLeft(t)
			g.isNew(t)
		}
		if got := g.restarts(t); got != "" {
			t.Errorf("restarted: %s", got)
		}
	})
}

func TestWhatIsNoGuardedChange(t *testing.T) {
	h := scripttest.Host{Name: "nobody", Argv: []string{"/bin/false"}}
	for name, g := range map[string]Guarded{
		"no time":        {Within: time.Second - 1},
		"no clean path":  {Within: time.Minute, Paths: []string{"/etc/../x"}},
		"a line break":   {Within: time.Minute, Paths: []string{"/etc/x\nend"}},
		"no component":   {Within: time.Minute, Restarts: []string{"sshd"}},
		"two components": {Within: time.Minute, Restarts: []string{"etcd\nkubelet"}},
	} {
		if _, err := Guard(t.Context(), &h, g); err == nil || strings.Contains(err.Error(), "did not start") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// answering is a machine that says what it likes.
type answering struct {
	*scripttest.Host
	frames func(nonce string) string
}

func (a answering) Exec(_ context.Context, _ host.Program, stdin []byte) (host.Result, error) {
	nonce, _, _ := strings.Cut(string(stdin), "\n")
	return host.Result{Stdout: []byte(a.frames(nonce))}, nil
}

func TestLiesAboutAGuard(t *testing.T) {
	frame := func(nonce, kind, data string) string {
		return fmt.Sprintf("%s %s 0 %d\n%s\n", nonce, kind, len(data), data)
	}
	for name, frames := range map[string]func(nonce string) string{
		"nothing":        func(n string) string { return frame(n, "end", "") },
		"two":            func(n string) string { return frame(n, "done", "1") + frame(n, "done", "1") + frame(n, "end", "") },
		"another word":   func(n string) string { return frame(n, "\x1b[31m", "1") + frame(n, "end", "") },
		"no time":        func(n string) string { return frame(n, "done", "\x1b[31mnow") + frame(n, "end", "") },
		"no end":         func(n string) string { return frame(n, "done", "1") },
		"another nonce":  func(n string) string { return frame(script.Nonce(), "done", "1") + frame(n, "end", "") },
		"failed, escape": func(n string) string { return frame(n, "failed", "\x1b[31mno") + frame(n, "end", "") },
	} {
		h := answering{&scripttest.Host{Name: "liar"}, frames}
		_, err := Guard(t.Context(), h, Guarded{Within: time.Minute})
		_, err2 := Restore(t.Context(), h)
		for _, err := range []error{err, err2} {
			if err == nil || strings.Contains(err.Error(), "\x1b") || !strings.HasPrefix(err.Error(), "liar") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
