package machine

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// leadsTo is a link as a plan saw it.
func leadsTo(target string) string { return state.LinkDigest + state.SHA256([]byte(target+"\n")) }

// holds fails the test unless a file has these bytes.
func holds(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s: %q, %v; want %q", path, got, err, want)
	}
}

// wasLeft fails the test unless an error says that just these paths were left.
func wasLeft(t *testing.T, err error, paths ...string) {
	t.Helper()
	var e *LeftError
	if !errors.As(err, &e) || e.At == 0 || !slices.Equal(e.Paths, paths) {
		t.Errorf("%v; want %q left", err, paths)
	}
}

// What somebody mended by hand before the timer fired stays, and the rest is put back.
func TestWhatSomebodyElseChangedIsLeft(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		elsewhere := t.TempDir()
		for name, mend := range map[string]func(path string) error{
			"written":          func(path string) error { return os.WriteFile(path, []byte("mended"), 0o600) },
			"a link":           func(path string) error { return errors.Join(os.Remove(path), os.Symlink("/etc/hostname", path)) },
			"a link to folder": func(path string) error { return errors.Join(os.Remove(path), os.Symlink(elsewhere, path)) },
		} {
			for _, by := range []string{"timer", "boot", "us"} {
				g := guardedMachine(t, h, "")
				g.arm(t)
				if err := mend(g.was); err != nil {
					t.Fatal(err)
				}
				mended := whatIs(t, g.was)
				switch by {
				case "timer":
					g.Fire(t, "")
				case "boot":
					g.Fire(t, "boot")
				}
				for range 2 { // who was cut asks again
					_, err := Restore(t.Context(), g)
					wasLeft(t, err, g.was)
				}
				if got := whatIs(t, g.was); got != mended {
					t.Errorf("%s, %s: it is %s, and was %s", name, by, got, mended)
				}
				if _, err := os.Lstat(g.none); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("%s, %s: what was not there is there: %v", name, by, err)
				}
				if err := Confirm(t.Context(), g); !errors.Is(err, ErrRestored) {
					t.Errorf("%s, %s: %v", name, by, err)
				}
				if stages, _ := filepath.Glob(filepath.Join(filepath.Dir(g.was), ".*")); len(stages) > 0 {
					t.Errorf("left behind: %v", stages)
				}
				if err := ForgetGuard(t.Context(), g); err != nil {
					t.Error(err)
				}
				g.nothingLeft(t)
			}
		}
	})
}

// Where somebody only took a file away nothing of theirs is lost.
func TestWhatIsGoneIsPutBack(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		g := guardedMachine(t, h, "")
		g.arm(t)
		if err := errors.Join(os.Remove(g.was), os.Remove(g.none)); err != nil {
			t.Fatal(err)
		}
		if _, err := Restore(t.Context(), g); err != nil {
			t.Error(err)
		}
		g.isBefore(t)
	})
}

// whatIs is what lies at a path.
func whatIs(t *testing.T, path string) string {
	t.Helper()
	if to, err := os.Readlink(path); err == nil {
		return "a link to " + to
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	return string(got)
}

// The status says it to systemd, and what is printed to its journal.
func TestARestoreSaysWhatItLeft(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		g := guardedMachine(t, h, "")
		g.arm(t)
		write(t, g.was, []byte("mended"))
		said := g.Shell(t, true, "(set -- /var/lib/bulwark/guard boot\n. /var/lib/bulwark/guard/restore) 2>&1; echo status $?")
		if !strings.Contains(said, g.was+" is left as it is") || !strings.HasSuffix(said, "status 3") {
			t.Errorf("%s", said)
		}
	})
}

// A program of the machine makes bytes that nobody knows beforehand: they are the
// change's until it is done, and what is made of them afterwards is not.
func TestWhatAProgramOfTheMachineMade(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		for _, mended := range []bool{false, true} {
			for _, done := range []bool{false, true} {
				g := guardedMachine(t, h, "")
				if _, err := Guard(t.Context(), g, g.Guarded); err != nil {
					t.Fatal(err)
				}
				ops := func(kind OpKind) []Op { return []Op{{Kind: kind, Path: g.was}, {Kind: kind, Path: g.none}} }
				if _, err := DoGuarded(t.Context(), g, ops(WillMake)); err != nil {
					t.Fatal(err)
				}
				write(t, g.was, []byte("made here"))
				write(t, g.none, []byte("made here"))
				if done {
					if _, err := Do(t.Context(), g, ops(HasMade)); err != nil {
						t.Fatal(err)
					}
				}
				if mended {
					write(t, g.none, []byte("mended"))
				}
				_, err := Restore(t.Context(), g)
				if mended && done {
					wasLeft(t, err, g.none)
					holds(t, g.none, "mended")
					holds(t, g.was, string(before))
					continue
				}
				if err != nil {
					t.Error(err)
				}
				holds(t, g.was, string(before))
				if _, err := os.Lstat(g.none); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("what was not there is there: %v", err)
				}
			}
		}
	})
}

// What a restore put back or left is not touched by the next attempt at the rest, nor
// is anything started again for nothing.
func TestARestoreGoesOnWhereItFailed(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		g := guardedMachine(t, h, "")
		third := filepath.Join(filepath.Dir(g.was), "third")
		write(t, third, []byte("old"))
		g.Paths = append(g.Paths, third)
		g.arm(t)
		write(t, third, []byte("mended"))
		if err := errors.Join(os.Remove(g.none), os.Mkdir(g.none, 0o700)); err != nil {
			t.Fatal(err)
		}
		_, err := Restore(t.Context(), g)
		if err == nil || !strings.Contains(err.Error(), g.none+" is a directory now") || !strings.Contains(err.Error(), third+" is left as it is") {
			t.Errorf("%v", err)
		}
		holds(t, g.was, string(before))
		// Both as the change had made them: by hand, since.
		write(t, g.was, []byte("new"))
		write(t, third, []byte("old"))
		g.Fire(t, "boot")
		if _, err := Restore(t.Context(), g); err == nil || !strings.Contains(err.Error(), "is a directory now") {
			t.Errorf("%v", err)
		}
		holds(t, g.was, "new")
		if got := g.restarts(t); got != "restart --no-block kubelet.service" {
			t.Errorf("restarted: %s", got)
		}
		if err := os.Remove(g.none); err != nil {
			t.Fatal(err)
		}
		_, err = Restore(t.Context(), g)
		wasLeft(t, err, third)
		holds(t, g.was, "new")
		holds(t, third, "old")
	})
}

// A full disk keeps nobody from knowing that a restore has begun.
func TestARestoreOnAFullDiskHasBegun(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		g := guardedMachine(t, h, "")
		g.arm(t)
		g.Shim(t, map[string]string{"date": "#!/bin/sh\nexit 1\n"})
		g.Fire(t, "")
		if err := Confirm(t.Context(), g); !errors.Is(err, ErrRestored) {
			t.Errorf("%v", err)
		}
	})
}

// A write that waited for its disk until a restore had begun, or was over, or another
// change was guarded, moves nothing into place any more.
func TestAWriteThatWasKeptWaiting(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		for what, meanwhile := range map[string]func(g guarded){
			"timer":   func(g guarded) { g.Fire(t, "") },
			"restore": func(g guarded) { _, _ = Restore(t.Context(), g) },
			"another": func(g guarded) { _, _ = Restore(t.Context(), g); _, _ = Guard(t.Context(), g, g.Guarded) },
		} {
			g := guardedMachine(t, h, "")
			if _, err := Guard(t.Context(), g, g.Guarded); err != nil {
				t.Fatal(err)
			}
			waiting := t.TempDir()
			slow := g
			slow.Host = &scripttest.Host{Name: g.Name, Argv: g.Host.Argv, Env: slices.Clone(g.Env)}
			slow.Shim(t, map[string]string{"sync": "#!/bin/sh\n: >" + waiting + "/begun\nwhile [ ! -e " + waiting + "/go ]; do sleep 0.05; done\n"})
			ended := make(chan error, 1)
			go func() {
				_, err := DoGuarded(t.Context(), slow.Host, g.ops())
				ended <- err
			}()
			for _, err := os.Stat(waiting + "/begun"); err != nil; _, err = os.Stat(waiting + "/begun") {
				select {
				case err := <-ended:
					t.Fatalf("%s: it did not wait: %v", what, err)
				default:
				}
			}
			meanwhile(g)
			write(t, waiting+"/go", nil)
			if err := <-ended; !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "put back what was before") {
				t.Errorf("%s: %v", what, err)
			}
			g.isBefore(t)
		}
	})
}

// What comes only when nothing is guarded any more does nothing at all.
func TestAChangeThatComesTooLate(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		g := guardedMachine(t, h, "")
		g.arm(t)
		if _, err := Restore(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		if _, err := DoGuarded(t.Context(), g, g.ops()); !errors.Is(err, ErrRefused) {
			t.Errorf("%v", err)
		}
		g.isBefore(t)
	})
}

// A restore waits for the one rename that is under way.
func TestARestoreWaitsForARename(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		g := guardedMachine(t, h, "")
		if _, err := Guard(t.Context(), g, g.Guarded); err != nil {
			t.Fatal(err)
		}
		waiting := t.TempDir()
		slow := g
		slow.Host = &scripttest.Host{Name: g.Name, Argv: g.Host.Argv, Env: slices.Clone(g.Env)}
		slow.Shim(t, map[string]string{"mv": "#!/bin/sh\n: >" + waiting + "/begun\nsleep 1\nexec /bin/mv \"$@\"\n"})
		ended := make(chan error, 1)
		go func() {
			_, err := DoGuarded(t.Context(), slow.Host, g.ops())
			ended <- err
		}()
		for _, err := os.Stat(waiting + "/begun"); err != nil; _, err = os.Stat(waiting + "/begun") {
		}
		if _, err := Restore(t.Context(), g); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, ErrRefused) { // its second file
			t.Errorf("%v", err)
		}
		g.isBefore(t)
	})
}
