package machine

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// Claim is what somebody says who takes the lock of a machine.
type Claim struct {
	// Folder is where lock and journal lie; it is made where it is missing.
	Folder string
	// Nonce is what only the holder knows: renewing and giving back ask for it.
	Nonce string
	// TTL is how long the lock lives without being renewed, in whole seconds.
	TTL time.Duration
	// Owner says to people who it is, Process to programs which process; a line each.
	Owner, Process string
	// Over is the nonce of a living lock that may be taken, or "".
	Over string
	// Entry is the beginning of a run for the journal, as the members of a JSON
	// object in one line that ends with its brace; nothing is written when it is
	// empty.
	Entry string
}

// Lock is a lock as the machine answers for it. Times are of the machine's clock.
type Lock struct {
	Nonce, Owner, Process string
	// Now is when the machine answered, Since when the lock was taken.
	Now, Since time.Time
	// Expires is when it may be taken by anybody; the zero time is never, which
	// is so of a lock that cannot be read.
	Expires time.Time
}

// Expired says whether it may be taken by anybody.
func (l Lock) Expired() bool { return !l.Expires.IsZero() && !l.Now.Before(l.Expires) }

// Acquired is what was there when a lock was taken.
type Acquired struct {
	// Was is the lock that had expired or was taken over, nil where there was none.
	Was *Lock
	// Journal is the digest of the journal as it was, "" without one; Last is its
	// last line.
	Journal string
	Last    []byte
}

// HeldError is a lock that somebody else holds.
type HeldError struct {
	Host string
	Lock Lock
}

// Error says where and who.
func (e *HeldError) Error() string { return e.Host + " is locked by " + e.Lock.Owner }

// LostError is a lock that is not ours any more.
type LostError struct {
	Host string
	// By is who holds it now, nil when nobody does.
	By *Lock
}

// Error says where and who.
func (e *LostError) Error() string {
	if e.By == nil {
		return e.Host + ": the lock was lost: somebody took it away"
	}
	return e.Host + ": the lock was lost: it is held by " + e.By.Owner
}

// Acquire takes the lock of a machine, or is a [*HeldError]. It is taken by one
// of those who ask at the same time.
func Acquire(ctx context.Context, h host.Host, c Claim) (Acquired, error) {
	for _, line := range []string{c.Owner, c.Process, c.Over, c.Entry} {
		if strings.ContainsAny(line, "\n\x00") {
			return Acquired{}, fmt.Errorf("%s: lock: %.40q is not one line", h, line)
		}
	}
	frames, err := lock(ctx, h, "acquire", c.Folder, c.Nonce, strconv.Itoa(int(c.TTL.Seconds())), c.Over, c.Process, c.Owner, c.Entry)
	if err != nil {
		return Acquired{}, err
	}
	var a Acquired
	for _, f := range frames {
		switch f.Kind {
		case "held":
			l, err := parseLock(h, f.Data)
			if err != nil {
				return a, err
			}
			return a, &HeldError{Host: h.String(), Lock: l}
		case "was":
			l, err := parseLock(h, f.Data)
			if err != nil {
				return a, err
			}
			a.Was = &l
		case "journal":
			sum, last, _ := bytes.Cut(f.Data, []byte("\n"))
			a.Journal, a.Last = string(sum), last
			if a.Journal != "" && !digestPattern().MatchString(a.Journal) {
				return a, unreadableLock(h, f)
			}
		case "done":
			return a, nil
		default:
			return a, unreadableLock(h, f)
		}
	}
	return a, fmt.Errorf("%s: lock: %w: it does not say whether it is taken", h, script.ErrFrames)
}

// Renew lets a lock live on. One that is not ours is a [*LostError].
func Renew(ctx context.Context, h host.Host, folder, nonce string) error {
	_, err := ownLock(ctx, h, "renew", folder, nonce)
	return err
}

// Release gives a lock back and writes the end of the run into the journal, as
// [Claim.Entry] is written. One that is not ours is a [*LostError], and nothing
// is written then.
// The journal that could not be written is an answer, not an error: the lock is free.
func Release(ctx context.Context, h host.Host, folder, nonce, entry string) (said string, err error) {
	return ownLock(ctx, h, "release", folder, nonce, entry)
}

// ShowLock is the lock of a machine, nil where there is none.
func ShowLock(ctx context.Context, h host.Host, folder string) (*Lock, error) {
	frames, err := lock(ctx, h, "show", folder, "")
	if err != nil || len(frames) == 0 {
		return nil, err
	}
	if frames[0].Kind != "held" {
		return nil, unreadableLock(h, frames[0])
	}
	l, err := parseLock(h, frames[0].Data)
	return &l, err
}

// ownLock does what only the holder may.
func ownLock(ctx context.Context, h host.Host, action, folder, nonce string, more ...string) (string, error) {
	frames, err := lock(ctx, h, action, append([]string{folder, nonce}, more...)...)
	if err != nil {
		return "", err
	}
	if len(frames) != 1 {
		return "", fmt.Errorf("%s: lock: %w: %d frames", h, script.ErrFrames, len(frames))
	}
	switch f := frames[0]; f.Kind {
	case "done":
		return observe.Printable(string(f.Data)), nil
	case "gone":
		return "", &LostError{Host: h.String()}
	case "lost":
		l, err := parseLock(h, f.Data)
		if err != nil {
			return "", err
		}
		return "", &LostError{Host: h.String(), By: &l}
	default:
		return "", unreadableLock(h, f)
	}
}

// lock runs the program with these lines, the action before them.
func lock(ctx context.Context, h host.Host, action string, lines ...string) ([]script.Frame, error) {
	nonce := script.Nonce()
	stdin := []byte(nonce + "\n" + action + "\n" + strings.Join(lines, "\n") + "\n")
	frames, err := execute(ctx, h, host.Program{Name: "lock", Text: script.Lock()}, nonce, stdin)
	if err != nil {
		return nil, err
	}
	for _, f := range frames {
		if f.Kind == "failed" {
			return nil, fmt.Errorf("%s: lock: %w", h, notDone(h, string(f.Data)))
		}
	}
	return frames, nil
}

func unreadableLock(h host.Host, f script.Frame) error {
	return fmt.Errorf("%s: lock: %w: a frame of kind %q", h, script.ErrFrames, observe.Printable(f.Kind))
}

var noncePattern = pattern(`^[0-9a-z]{1,64}$`)

// parseLock reads what lock.sh tells of a lock. What people are shown of it is
// made printable: any root of the machine may have written it.
func parseLock(h host.Host, data []byte) (Lock, error) {
	lines := strings.SplitN(string(data), "\n", 6)
	if len(lines) != 6 {
		return Lock{}, fmt.Errorf("%s: lock: %w: %d lines", h, script.ErrFrames, len(lines))
	}
	var times [3]int64
	for i, line := range lines[1:4] {
		n, err := strconv.ParseInt(line, 10, 64)
		if err != nil {
			return Lock{}, fmt.Errorf("%s: lock: %w: %w", h, script.ErrFrames, err)
		}
		times[i] = n
	}
	l := Lock{Nonce: lines[0], Now: time.Unix(times[0], 0).UTC(), Since: time.Unix(times[1], 0).UTC(), Process: observe.Printable(lines[4]), Owner: observe.Printable(lines[5])}
	if times[2] >= 0 {
		l.Expires = time.Unix(times[2], 0).UTC()
	} else {
		l.Owner = "somebody whose lock cannot be read, perhaps by another version of bulwark"
	}
	if !noncePattern().MatchString(l.Nonce) {
		return Lock{}, fmt.Errorf("%s: lock: %w: nonce %.20q", h, script.ErrFrames, l.Nonce)
	}
	return l, nil
}
