package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// pollPause is how long a wait sleeps between looks: most of what is waited for
// comes about within seconds, and somebody sits there.
func pollPause(waited time.Duration) time.Duration {
	if waited < 30*time.Second {
		return 150 * time.Millisecond
	}
	return 500 * time.Millisecond
}

// WaitReady waits until the API server at address answers /readyz with 200 to
// a client without credentials. ctx is the deadline.
func WaitReady(ctx context.Context, h host.Host, address string, caPEM []byte) error {
	return poll(ctx, sleep, fmt.Sprintf("%s: API at %s", h, address), "/readyz to be 200", func(ctx context.Context) (bool, string, error) {
		status, body, err := anonymous(ctx, h, address, "/readyz", caPEM)
		if err != nil {
			return false, "", err
		}
		if status == http.StatusOK {
			return true, "", nil
		}
		return false, fmt.Sprintf("/readyz is %d%s", status, failingChecks(body)), nil
	})
}

// failingChecks are the checks of a /readyz answer that have not passed.
func failingChecks(body string) string {
	var names []string
	for line := range strings.Lines(body) {
		if rest, ok := strings.CutPrefix(line, "[-]"); ok {
			name, _, _ := strings.Cut(rest, " ")
			names = append(names, clean(name, 60))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return ", not passed: " + clean(strings.Join(names, ", "), 300)
}

// poll waits on the client's behalf.
func (c *Client) poll(ctx context.Context, what string, look func(ctx context.Context) (done bool, seen string, err error)) error {
	return poll(ctx, c.pause, c.where, what, look)
}

// poll asks look again and again until it is done or ctx ends; then the error
// says what was last seen. Errors of look are things seen too, unless no
// patience can help.
func poll(ctx context.Context, pause func(context.Context, time.Duration) error, where, what string, look func(ctx context.Context) (done bool, seen string, err error)) error {
	const nothingSeen = "nothing yet"
	last := nothingSeen
	begun := time.Now()
	for {
		done, seen, err := look(ctx)
		switch {
		case err == nil && done:
			return nil
		case err != nil && (errors.Is(err, host.ErrUnreachable) || errors.Is(err, host.ErrUntrusted)):
			return fmt.Errorf("%s: waiting for %s: %w", where, what, err)
		case err != nil && (last == nothingSeen || !cut(ctx)):
			last = clean(err.Error(), 500)
		case err == nil:
			last = clean(seen, 700)
		}
		if ctx.Err() != nil || pause(ctx, pollPause(time.Since(begun))) != nil {
			return fmt.Errorf("%s: waited %s for %s, last seen: %s: %w", where, time.Since(begun).Round(time.Second), what, last, ctx.Err())
		}
	}
}

// cut says whether ctx is over, or so nearly that a look which failed now
// failed of that: what was seen before says more.
func cut(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && time.Until(deadline) < 50*time.Millisecond
}
