package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// place is a host whose programs see the folder of locks of one node: all
// nodes of a test are this machine, and only that path tells them apart.
type place struct {
	host.Host
	folder string
}

// Exec puts the node's own folder for that of all.
func (w place) Exec(ctx context.Context, p host.Program, stdin []byte) (host.Result, error) {
	return w.Host.Exec(ctx, p, []byte(strings.Replace(string(stdin), "\n/keep\n", "\n"+w.folder+"\n", 1)))
}

// operator is somebody who wants the locks of nodes.
func operator(t *testing.T, dir, name string, nodes ...string) (*Locker, *[]string) {
	t.Helper()
	var mu sync.Mutex
	var said []string
	l := &Locker{Hosts: map[string]host.Host{}, Owner: Owner{Text: name}, Parallelism: 4, folder: "/keep", Events: func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, e.Step.Node+": "+e.Text)
	}}
	for _, n := range nodes {
		l.Hosts[n] = place{hosttest.NewShell(t, "sh"), filepath.Join(dir, n)}
	}
	return l, &said
}

func begin(l *Locker) *Entry {
	return l.Owner.Begin("run-"+l.Owner.Text, "apply", &plan.Plan{Steps: make([]plan.Step, 3)})
}

func entries(t *testing.T, dir, node string) (out []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, node, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var e Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil || time.Since(time.Unix(e.Time, 0)) > time.Hour {
			t.Errorf("%v: %s", err, line)
		}
		out = append(out, fmt.Sprint(e.Entry, " ", e.Run, " ", e.Outcome))
	}
	return out
}

func TestAllLocksOrNone(t *testing.T) {
	dir := t.TempDir()
	ann, _ := operator(t, dir, "ann", "b")
	bob, _ := operator(t, dir, "bob", "a", "b", "c")
	hers, _, err := ann.Lock(t.Context(), []string{"b"}, begin(ann))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = bob.Lock(t.Context(), []string{"a", "b", "c"}, begin(bob))
	held, ok := errors.AsType[*LockError](err)
	if !ok || held.Node != "b" {
		t.Fatalf("%v", err)
	}
	for _, words := range []string{"b is locked by ann, since 2", "it expires at", "by the clock of the machine", "nothing was changed"} {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("%v does not say %q", err, words)
		}
	}
	if !strings.Contains(held.Hint(), "--take-lock") {
		t.Errorf("%s", held.Hint())
	}
	for _, free := range []string{"a", "c"} {
		if _, err := os.Stat(filepath.Join(dir, free, "lock")); err == nil {
			t.Errorf("the lock of %s stayed", free)
		}
		if got := entries(t, dir, free); len(got) != 2 || got[1] != "end run-bob nothing was changed" {
			t.Errorf("%s: %v", free, got)
		}
	}
	hers.Release(t.Context(), func(n string) *Entry { return begin(ann).End(n, Result{Done: []string{"b/1"}}, nil) })
	if got := entries(t, dir, "b"); len(got) != 2 || got[1] != "end run-ann done" {
		t.Errorf("%v", got)
	}
	his, _, err := bob.Lock(t.Context(), []string{"a", "b", "c"}, begin(bob))
	if err != nil || len(his.Journals) != 3 {
		t.Fatal(err)
	}
	his.Release(t.Context(), func(string) *Entry { return nil })
}

// A context that ended must not keep locks: a person pressed Ctrl-C.
func TestLocksAreGivenBackAfterACancel(t *testing.T) {
	dir := t.TempDir()
	ann, _ := operator(t, dir, "ann", "a")
	ctx, cancel := context.WithCancelCause(t.Context())
	locks, running, err := ann.Lock(ctx, []string{"a"}, begin(ann))
	if err != nil {
		t.Fatal(err)
	}
	why := errors.New("Ctrl-C")
	cancel(why)
	if <-running.Done(); context.Cause(running) != why {
		t.Errorf("%v", context.Cause(running))
	}
	locks.Release(ctx, func(n string) *Entry {
		return begin(ann).End(n, Result{Done: []string{"a/1"}, NotReached: []string{"a/2", "b/1"}}, why)
	})
	if _, err := os.Stat(filepath.Join(dir, "a", "lock")); err == nil {
		t.Error("it is still locked")
	}
	if got := entries(t, dir, "a"); got[1] != "end run-ann interrupted" {
		t.Errorf("%v", got)
	}
}

func TestWhoseLockIsTakenOver(t *testing.T) {
	const never = 99999999 // no kernel has such a process
	for name, test := range map[string]struct {
		process string
		take    bool
		aged    bool
		says    string
	}{
		"of the living":              {process: process(os.Getpid())},
		"of who knows whom":          {process: "another boot"},
		"of the dead":                {process: fmt.Sprintf("%s %d 1", kernel(), never), says: "taken over from ann, whose process is no more"},
		"of the living, on purpose":  {process: process(os.Getpid()), take: true, says: "taken over from ann, as --take-lock says"},
		"of somebody, after a while": {process: "another boot", aged: true, says: "the lock of ann had expired"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			ann, _ := operator(t, dir, "ann", "a")
			ann.Owner.process = test.process
			bob, said := operator(t, dir, "bob", "a")
			bob.Take = test.take
			hers, _, err := ann.Lock(t.Context(), []string{"a"}, begin(ann))
			if err != nil {
				t.Fatal(err)
			}
			if test.aged {
				past := time.Now().Add(-lockTTL)
				if err := os.Chtimes(filepath.Join(dir, "a", "lock"), past, past); err != nil {
					t.Fatal(err)
				}
			}
			alive, err := bob.Held(t.Context(), "a")
			if err != nil || (alive != nil) != (test.says == "" || test.take) {
				t.Errorf("held: %v, %v", alive, err)
			}
			his, _, err := bob.Lock(t.Context(), []string{"a"}, begin(bob))
			if test.says == "" {
				if _, held := errors.AsType[*LockError](err); !held {
					t.Fatalf("%v", err)
				}
				hers.Release(t.Context(), func(string) *Entry { return nil })
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			all := strings.Join(*said, "\n")
			if !strings.Contains(all, "a: ") || !strings.Contains(all, test.says) || !strings.Contains(all, "an earlier apply by ann began at 2") {
				t.Errorf("%s", all)
			}
			// Hers is lost, and giving it back does not take his.
			hers.Release(t.Context(), func(string) *Entry { return begin(ann) })
			if err := machine.Renew(t.Context(), bob.Hosts["a"], "/keep", his.nonce); err != nil {
				t.Error(err)
			}
			his.Release(t.Context(), func(string) *Entry { return nil })
		})
	}
}

// Without anything to write into the journal there is none.
func TestALockWithoutARunLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	ann, _ := operator(t, dir, "ann", "a")
	locks, _, err := ann.Lock(t.Context(), []string{"a"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	locks.Release(t.Context(), func(string) *Entry { return nil })
	if left, _ := os.ReadDir(filepath.Join(dir, "a")); len(left) != 0 {
		t.Errorf("%v", left)
	}
}

func TestWhoIsWhere(t *testing.T) {
	r := Result{Done: []string{"cp-1/a", "w-1/b"}, Failed: []string{"cp-1/c"}, NotReached: []string{"cluster/d", "cp-1/e", "cp-10/f"}}
	if got := strings.Join(r.Nodes(), " "); got != "cluster cp-1 cp-10 w-1" {
		t.Error(got)
	}
	if got := r.On("cp-1"); len(got.Done) != 1 || len(got.Failed) != 1 || len(got.NotReached) != 1 {
		t.Errorf("%+v", got)
	}
}

// A lock that others took ends the run; one that cannot be renewed for a while
// does not, and neither does one that a reset took away itself.
func TestALockIsLost(t *testing.T) {
	for name, test := range map[string]struct {
		removes bool
		happens func(t *testing.T, dir string, bob *Locker)
		says    string
	}{
		"to another": {happens: func(t *testing.T, _ string, bob *Locker) {
			if _, _, err := bob.Lock(t.Context(), []string{"a"}, nil); err != nil {
				t.Fatal(err)
			}
		}, says: "the lock was lost: it is held by bob"},
		"to nobody": {happens: func(t *testing.T, dir string, _ *Locker) { _ = os.Remove(filepath.Join(dir, "a", "lock")) },
			says: "somebody took it away"},
		"to a reset": {removes: true, happens: func(t *testing.T, dir string, _ *Locker) { _ = os.RemoveAll(filepath.Join(dir, "a")) }},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			ann, _ := operator(t, dir, "ann", "a")
			ann.Removes = test.removes
			bob, _ := operator(t, dir, "bob", "a")
			bob.Take = true
			locks, running, err := ann.Lock(t.Context(), []string{"a"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			tick := make(chan time.Time)
			ctx, cancel := context.WithCancelCause(running)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				locks.renew(ctx, "a", tick, cancel)
			}()
			tick <- time.Now()
			tick <- time.Now() // the first one has been answered
			if err := ctx.Err(); err != nil {
				t.Fatal(err)
			}
			test.happens(t, dir, bob)
			select {
			case tick <- time.Now():
				<-ended
			case <-ended: // by the second one, which was still under way
			}
			cause := context.Cause(ctx)
			if test.says == "" && cause != nil || test.says != "" && !strings.Contains(fmt.Sprint(cause), test.says) {
				t.Errorf("%v", cause)
			}
			locks.Release(t.Context(), func(string) *Entry { return begin(ann) })
			if _, err := os.Stat(filepath.Join(dir, "a", "journal")); err == nil {
				t.Error("who lost the lock wrote into the journal")
			}
		})
	}
}

// What a machine does not answer is asked again, until others may have the lock.
func TestALockThatCannotBeRenewed(t *testing.T) {
	gone := errors.New("no connection")
	h := hosttest.New(t, "a")
	for range 3 {
		h.Expect("lock", func([]byte) (host.Result, error) { return host.Result{}, gone })
	}
	locks := &Locks{Locker: &Locker{Hosts: map[string]host.Host{"a": h}}}
	ctx, cancel := context.WithCancelCause(t.Context())
	tick := make(chan time.Time)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		locks.renew(ctx, "a", tick, cancel)
	}()
	for _, later := range []time.Duration{lockRenewal, lockTTL - time.Second, lockTTL + time.Second} {
		if ctx.Err() != nil {
			t.Fatalf("before %s: %v", later, context.Cause(ctx))
		}
		tick <- time.Now().Add(later)
	}
	if <-ended; !errors.Is(context.Cause(ctx), gone) || !strings.Contains(context.Cause(ctx).Error(), "others may have taken it") {
		t.Errorf("%v", context.Cause(ctx))
	}
}
