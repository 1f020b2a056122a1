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
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

// RunOptions are the limits of a run.
type RunOptions struct {
	// Timeout is when the machine itself ends the command; 15 minutes when zero.
	Timeout time.Duration
	// Keep leaves it to the caller to put the result away, by [Forget].
	Keep bool
}

const (
	defaultTimeout = 15 * time.Minute
	// reconnects is how often a cut connection is made again while waiting.
	reconnects = 8
	// firstPause doubles with every attempt to connect again.
	firstPause = 500 * time.Millisecond
)

// Run carries out argv on the machine as a transient systemd unit named after
// the step's id, and waits for its end; the result is put away once it was read,
// unless opts says to keep it.
// The unit goes on when the connection or bulwark ends:
//
//   - when it is still under way, Run attaches to it and waits;
//   - when it ended well and nobody read the result, that is the result;
//   - when it failed and nobody read that, it is started again.
//
// A cut while waiting is answered by a new connection. A command that ran and
// failed is a [state.Run] with its status, not an error; a status of 124 is the
// timeout. argv holds no secrets: everyone on the machine can read it.
func Run(ctx context.Context, h host.Host, id string, argv []string, opts RunOptions) (state.Run, error) {
	if len(argv) == 0 {
		return state.Run{}, fmt.Errorf("run %s: nothing to run", id)
	}
	for _, a := range argv {
		if strings.ContainsAny(a, "\n\x00") {
			return state.Run{}, fmt.Errorf("run %s: argument %.40q has a line break", id, a)
		}
	}
	if opts.Timeout <= 0 {
		opts.Timeout = defaultTimeout
	}
	return wait(ctx, h, id, "start", argv, opts)
}

// Attach waits for the run of a step that was started before, whatever its
// arguments, and puts its result away. It starts nothing: a run that the
// machine does not know is [ErrNoRun].
func Attach(ctx context.Context, h host.Host, id string) (state.Run, error) {
	return wait(ctx, h, id, "attach", nil, RunOptions{})
}

// Forget puts away what the machine keeps of a run that ended, and stops one
// that did not.
func Forget(ctx context.Context, h host.Host, id string) error {
	nonce := script.Nonce()
	_, err := execute(ctx, h, runProgram(), nonce, encodeRun(nonce, id, "forget", "", nil, RunOptions{}))
	return err
}

func runProgram() host.Program { return host.Program{Name: "run", Text: script.Run()} }

// wait runs or attaches, over as many connections as it takes, and forgets the
// run once its result is here.
func wait(ctx context.Context, h host.Host, id, mode string, argv []string, opts RunOptions) (state.Run, error) {
	conn, call := h, script.Nonce()
	defer func() {
		if conn != h {
			_ = conn.Close()
		}
	}()
	for attempt := 0; ; attempt++ {
		nonce := script.Nonce()
		frames, err := execute(ctx, conn, runProgram(), nonce, encodeRun(nonce, id, mode, call, argv, opts))
		if err == nil {
			run, err := result(h, id, frames)
			if err != nil {
				return run, err
			}
			if opts.Keep {
				return run, nil
			}
			if err := Forget(ctx, conn, id); err != nil {
				return run, fmt.Errorf("run %s ended with status %d, but its result could not be put away: %w", id, run.Exit, err)
			}
			return run, nil
		}
		if !cut(ctx, err) || attempt == reconnects {
			return state.Run{}, fmt.Errorf("run %s: %w; it may still be under way on the machine: apply again to attach to it", id, err)
		}
		fresh, ferr := reconnect(ctx, h, attempt)
		switch {
		case ferr != nil && !cut(ctx, ferr):
			return state.Run{}, fmt.Errorf("run %s: %w", id, errors.Join(err, ferr))
		case ferr == nil:
			if conn != h {
				_ = conn.Close()
			}
			conn = fresh
		}
	}
}

// cut says whether an error is a lost connection that is worth another one.
func cut(ctx context.Context, err error) bool {
	var failed *host.CommandError
	return ctx.Err() == nil && !errors.As(err, &failed) && !errors.Is(err, host.ErrUntrusted)
}

// reconnect makes a new connection after a pause that grows with each attempt.
func reconnect(ctx context.Context, h host.Host, attempt int) (host.Host, error) {
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-time.After(firstPause << attempt):
	}
	return h.Fresh(ctx)
}

// encodeRun writes a request as run.sh reads it. call names one call of Run over
// all its connections: what it started it does not start again.
func encodeRun(nonce, id, mode, call string, argv []string, opts RunOptions) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%s\n%s\n", nonce, mode, script.RunUnit(id))
	if mode == "start" {
		seconds := max(1, int(opts.Timeout.Seconds()))
		runner := script.Runner()
		list := strings.Join(argv, "\n") + "\n"
		fmt.Fprintf(&b, "%d\n%s\n%s\n%d\n%s%d\n%s", seconds, call, state.SHA256([]byte(list)), len(runner), runner, len(list), list)
	}
	return b.Bytes()
}

// result reads what run.sh answers at the end.
func result(h host.Host, id string, frames []script.Frame) (state.Run, error) {
	if len(frames) == 0 {
		return state.Run{}, fmt.Errorf("%s: run %s: %w: it answers nothing", h, id, script.ErrFrames)
	}
	last := frames[len(frames)-1]
	switch last.Kind {
	case "run":
		_, run, err := observe.ParseRun(last.Data)
		if err != nil {
			return run, fmt.Errorf("%s: run %s: %w", h, id, err)
		}
		return run, nil
	case "other":
		return state.Run{}, fmt.Errorf("%s: run %s: %w", h, id, ErrOtherRun)
	case "none":
		return state.Run{}, fmt.Errorf("%s: run %s: %w", h, id, ErrNoRun)
	case "failed":
		return state.Run{}, fmt.Errorf("%s: run %s could not be started: %w", h, id, notDone(h, string(last.Data)))
	}
	return state.Run{}, fmt.Errorf("%s: run %s: %w: a frame of kind %s", h, id, script.ErrFrames, strconv.Quote(observe.Printable(last.Kind)))
}
