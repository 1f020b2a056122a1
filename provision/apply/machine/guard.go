package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// Guarded is a change of a node's components that the node takes back by itself
// unless it is confirmed.
type Guarded struct {
	// Paths are the files that change; what they are now is kept on the machine.
	Paths []string
	// Restarts are the components that read them, by name.
	Restarts []string
	// Within is how long the machine waits for [Confirm]; at least a second.
	Within time.Duration
}

// ErrRestored marks a change that came to be confirmed too late: the machine has
// put back what was before.
var ErrRestored = errors.New("the machine already put back what was before, because no confirmation came in time")

// LeftError is what a machine did not put back, since it was neither what it was before
// the change nor what the change had made of it. The machine tells so until
// [ForgetGuard] or the next [Guard].
type LeftError struct {
	Host string
	// At is when it put back the rest, in seconds since 1970 by its own clock.
	At int64
	// Paths are what it left.
	Paths []string
}

// Error says what was left, why, and what to do.
func (e *LeftError) Error() string {
	return fmt.Sprintf("%s put back what was before but for %s: somebody else changed that meanwhile, and it was left as it is; look at it, and apply again",
		e.Host, strings.Join(e.Paths, ", "))
}

// GuardedPath is there while a change of a machine's components is guarded, and
// LeftPath once a machine left something as it was when it put back what was before.
const (
	GuardedPath = "/var/lib/bulwark/guard/armed"
	LeftPath    = "/var/lib/bulwark/guard/left"
)

// Guard keeps the files of a change and arms the machine's own timer, before
// anything is changed. It answers with the machine's time, in seconds since 1970.
// A machine that restarts before [Confirm] puts back what was before as well.
func Guard(ctx context.Context, h host.Host, g Guarded) (int64, error) {
	if g.Within < time.Second {
		return 0, fmt.Errorf("%s: guarded change: %v leaves no time to confirm", h, g.Within)
	}
	var b bytes.Buffer
	program := script.Restore()
	fmt.Fprintf(&b, "%d\n%d\n%s", int(g.Within.Seconds()), len(program), program)
	for _, p := range g.Paths {
		if err := cleanPath(p); err != nil {
			return 0, err
		}
		fmt.Fprintf(&b, "path %s\n", p)
	}
	for _, c := range g.Restarts {
		if !componentPattern().MatchString(c) {
			return 0, fmt.Errorf("%q is not a component", c)
		}
		fmt.Fprintf(&b, "restart %s\n", c)
	}
	b.WriteString(script.End + "\n")
	said, err := guardAction(ctx, h, "arm", b.Bytes())
	if err != nil {
		return 0, err
	}
	return number(h, said)
}

// Confirm says that a guarded change stays. One that the machine has taken back
// is [ErrRestored].
func Confirm(ctx context.Context, h host.Host) error {
	_, err := guardAction(ctx, h, "confirm", nil)
	return err
}

// Restore has the machine put back what was before a guarded change, now; that it
// did so already is no error. It answers with when it did, in seconds since 1970 by
// its own clock, or 0 where nothing was guarded. What somebody else changed meanwhile
// is left, which is a [*LeftError]: all else is as it was before.
func Restore(ctx context.Context, h host.Host) (int64, error) {
	said, err := guardAction(ctx, h, "restore", nil)
	if err != nil || strings.TrimSpace(said) == "" {
		return 0, err
	}
	return number(h, said)
}

// ForgetGuard has the machine put back nothing any more, and forget what it kept: for
// one that is reset, whose files all go. That nothing was guarded is no error.
func ForgetGuard(ctx context.Context, h host.Host) error {
	_, err := guardAction(ctx, h, "forget", nil)
	return err
}

func number(h host.Host, said string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(said), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %.40q is not a time", h, script.ErrFrames, observe.Printable(said))
	}
	return n, nil
}

// left reads when a machine put back what was before, and what it left, a line each.
func left(h host.Host, said string) error {
	when, paths, _ := strings.Cut(said, "\n")
	at, err := strconv.ParseInt(when, 10, 64)
	if err != nil && when != "" || strings.TrimSpace(paths) == "" {
		return fmt.Errorf("%s: %w: %.40q is not what was left", h, script.ErrFrames, observe.Printable(said))
	}
	return &LeftError{Host: h.String(), At: at, Paths: LeftPaths(paths)}
}

// LeftPaths reads what lies at [LeftPath].
func LeftPaths(text string) []string {
	var paths []string
	for p := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		paths = append(paths, observe.Printable(p))
	}
	return paths
}

// guardAction runs guard.sh and answers with what it said when all went well.
func guardAction(ctx context.Context, h host.Host, action string, data []byte) (string, error) {
	nonce := script.Nonce()
	stdin := append([]byte(nonce+"\n"+action+"\n"), data...)
	frames, err := execute(ctx, h, host.Program{Name: "guard", Text: script.Guard()}, nonce, stdin)
	if err != nil {
		return "", err
	}
	if len(frames) != 1 {
		return "", fmt.Errorf("%s: guarded change: %w: %d frames", h, script.ErrFrames, len(frames))
	}
	switch f := frames[0]; f.Kind {
	case "done":
		return string(f.Data), nil
	case "left":
		return "", left(h, string(f.Data))
	case "reverted":
		return "", fmt.Errorf("%s: %w", h, ErrRestored)
	case "failed":
		return "", fmt.Errorf("%s: guarded change could not be taken up (%s): %w", h, action, notDone(h, string(f.Data)))
	default:
		return "", fmt.Errorf("%s: guarded change: %w: a frame of kind %q", h, script.ErrFrames, observe.Printable(f.Kind))
	}
}
