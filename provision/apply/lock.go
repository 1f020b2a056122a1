package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// Keep is the folder of a machine where lock and journal lie, beside all else
// that bulwark keeps there. LockFile and JournalFile are theirs.
const (
	Keep        = "/var/lib/bulwark"
	LockFile    = Keep + "/lock"
	JournalFile = Keep + "/journal"
)

// A lock lives for lockTTL after it was renewed, and is renewed more often, so
// that several renewals may fail. Giving back and renewing take lockTimeout at most.
const (
	lockTTL     = 2 * time.Minute
	lockRenewal = 30 * time.Second
	lockTimeout = 20 * time.Second
)

// LockError is a machine that somebody else works on. Nothing was changed.
type LockError struct {
	Node string
	Lock machine.Lock
}

// Error says who works where since when, until when, and what to do.
func (e *LockError) Error() string {
	l := e.Lock
	until := "it does not expire"
	if !l.Expires.IsZero() {
		until = fmt.Sprintf("it expires at %s, in %s, unless it is renewed", l.Expires.Format(time.TimeOnly), l.Expires.Sub(l.Now))
	}
	since := ""
	if l.Since.Unix() > 0 {
		since = fmt.Sprintf("since %s, for %s", l.Since.Format(time.RFC3339), l.Now.Sub(l.Since))
	}
	return fmt.Sprintf("%s is locked by %s%s; %s (by the clock of the machine); nothing was changed", e.Node, l.Owner, comma(since), until)
}

// Hint says what to do.
func (e *LockError) Hint() string {
	return "Wait until that run has ended. If it never will, --take-lock takes the lock away from it; two runs at once can break the cluster."
}

func comma(s string) string {
	if s == "" {
		return ""
	}
	return ", " + s
}

// Locker takes the locks of machines.
type Locker struct {
	// Hosts by node name.
	Hosts map[string]host.Host
	Owner Owner
	// Take means that locks of others are taken away from them, on purpose.
	Take bool
	// Removes means that the run takes the locks away itself, with all that is
	// kept on the machines: one that is gone was not lost.
	Removes bool
	// Parallelism bounds how many machines are asked at a time.
	Parallelism int
	// Events is told of locks that were taken over, and of runs that did not end.
	Events func(Event)

	folder string // [Keep] when empty
}

// Locks are locks that are held and renewed until they are given back.
type Locks struct {
	*Locker
	nodes []string
	nonce string
	// Journals are digests of the journals as they were, by node.
	Journals map[string]string

	mu   sync.Mutex
	stop context.CancelFunc
	done sync.WaitGroup
}

// Lock takes the locks of some nodes, all or none, and begins a run in their
// journals; without an entry nothing is written there. The first node is asked
// alone: of two who want the same nodes in the same order one gets no further.
// The context that it gives ends, with a [*machine.LostError] as its cause, when
// a lock is lost, and with ctx. Locks that others hold are a [*LockError].
func (l *Locker) Lock(ctx context.Context, nodes []string, begin *Entry) (*Locks, context.Context, error) {
	locks := &Locks{Locker: l, nonce: script.Nonce(), Journals: map[string]string{}}
	for _, some := range [][]string{nodes[:min(1, len(nodes))], nodes[min(1, len(nodes)):]} {
		if err := locks.acquire(ctx, some, begin); err != nil {
			locks.Release(ctx, func(string) *Entry { return begin.end("nothing was changed", Result{}) })
			return nil, nil, err
		}
	}
	running, cancel := context.WithCancelCause(ctx)
	// Steps that run are finished when ctx ends, and need their locks until then.
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	locks.stop = func() { stop(); cancel(nil) }
	for _, node := range nodes {
		locks.done.Go(func() {
			t := time.NewTicker(lockRenewal)
			defer t.Stop()
			locks.renew(renewing, node, t.C, cancel)
		})
	}
	return locks, running, nil
}

// acquire takes locks side by side.
func (l *Locks) acquire(ctx context.Context, nodes []string, begin *Entry) error {
	errs := make([]error, len(nodes))
	var g errgroup.Group
	g.SetLimit(max(1, l.Parallelism))
	for i, node := range nodes {
		g.Go(func() error {
			got, err := l.one(ctx, node, begin)
			l.mu.Lock()
			defer l.mu.Unlock()
			if _, held := errors.AsType[*LockError](err); !held {
				l.nodes = append(l.nodes, node) // perhaps taken where the answer was lost
			}
			l.Journals[node], errs[i] = got.Journal, err
			return nil
		})
	}
	_ = g.Wait()
	for _, err := range errs { // who holds a lock says more than other errors
		if _, held := errors.AsType[*LockError](err); held {
			return err
		}
	}
	return errors.Join(errs...)
}

// one takes the lock of one node: a free one, that of a process which is
// certainly no more, or any where that is meant.
func (l *Locks) one(ctx context.Context, node string, begin *Entry) (machine.Acquired, error) {
	claim := machine.Claim{Folder: l.where(), Nonce: l.nonce, TTL: lockTTL, Owner: l.Owner.Text, Process: l.Owner.process, Entry: begin.text()}
	got, err := machine.Acquire(ctx, l.Hosts[node], claim)
	why := ""
	if held, ok := errors.AsType[*machine.HeldError](err); ok {
		switch {
		case ended(held.Lock.Process):
			why = "whose process is no more"
		case l.Take:
			why = "as --take-lock says"
		default:
			return got, &LockError{Node: node, Lock: held.Lock}
		}
		claim.Over = held.Lock.Nonce
		got, err = machine.Acquire(ctx, l.Hosts[node], claim)
		if held, ok := errors.AsType[*machine.HeldError](err); ok {
			return got, &LockError{Node: node, Lock: held.Lock}
		}
	}
	if err != nil {
		return got, err
	}
	switch {
	case got.Was == nil:
	case why != "":
		l.note(node, "the lock was taken over from %s, %s", got.Was.Owner, why)
	default:
		l.note(node, "the lock of %s had expired", got.Was.Owner)
	}
	if begin != nil {
		if said := unended(got.Last); said != "" {
			l.note(node, "%s", said)
		}
	}
	return got, nil
}

// renew keeps a lock alive, at every tick. What a machine does not answer is asked again, until
// others may have taken the lock.
func (l *Locks) renew(ctx context.Context, node string, ticks <-chan time.Time, lost context.CancelCauseFunc) {
	held := time.Now()
	for {
		var asked time.Time
		select {
		case <-ctx.Done():
			return
		case asked = <-ticks:
		}
		one, cancel := context.WithTimeout(ctx, lockTimeout)
		err := machine.Renew(one, l.Hosts[node], l.where(), l.nonce)
		cancel()
		gone, isLost := errors.AsType[*machine.LostError](err)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			held = asked
		case isLost && gone.By == nil && l.Removes:
			return
		case isLost:
			lost(gone)
			return
		case asked.Sub(held) > lockTTL:
			lost(fmt.Errorf("the lock of %s could not be renewed for %s, and others may have taken it: %w", node, lockTTL, err))
			return
		}
	}
}

// Release ends the renewals and gives the locks back, also when ctx has ended.
// end is what the journal of a node says of the end.
func (l *Locks) Release(ctx context.Context, end func(node string) *Entry) {
	if l.stop != nil {
		l.stop()
		l.done.Wait()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockTimeout)
	defer cancel()
	var g errgroup.Group
	g.SetLimit(max(1, l.Parallelism))
	for _, node := range l.nodes {
		g.Go(func() error {
			said, err := machine.Release(ctx, l.Hosts[node], l.where(), l.nonce, end(node).text())
			switch _, lost := errors.AsType[*machine.LostError](err); {
			case lost: // by a reset, or said when it was found out
			case err != nil:
				l.note(node, "the lock could not be given back, and expires within %s: %v", lockTTL, err)
			case said != "":
				l.note(node, "%s", said)
			}
			return nil
		})
	}
	_ = g.Wait()
}

// Held is the lock that somebody else, who may be alive, has on a machine, or nil.
func (l *Locker) Held(ctx context.Context, node string) (*LockError, error) {
	lock, err := machine.ShowLock(ctx, l.Hosts[node], l.where())
	if err != nil || lock == nil || lock.Expired() || ended(lock.Process) {
		return nil, err
	}
	return &LockError{Node: node, Lock: *lock}, nil
}

func (l *Locker) where() string {
	if l.folder == "" {
		return Keep
	}
	return l.folder
}

func (l *Locker) note(node, format string, args ...any) {
	if l.Events != nil {
		l.Events(Event{Kind: Note, Step: plan.Step{Node: node}, Text: strings.TrimSpace(fmt.Sprintf(format, args...))})
	}
}
