package kind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"sigs.k8s.io/kind/pkg/cluster/nodes"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
)

// Host is one node container. There is no connection to lose: every program
// and every connection is an execution of its own.
type Host struct{ node nodes.Node }

var _ host.Host = (*Host)(nil)

// Connect finds the container of a node of an adapted cluster (see [Adapt]).
func Connect(_ context.Context, c *cluster.Cluster, n cluster.Node) (*Host, error) {
	p, err := provider(adapter{})
	if err != nil {
		return nil, err
	}
	have, err := p.ListInternalNodes(c.Name)
	if err != nil {
		return nil, unanswered(n.Name, err)
	}
	i := slices.IndexFunc(have, func(o nodes.Node) bool { return o.String() == n.Name })
	if i < 0 {
		return nil, fmt.Errorf("%s: %w: kind has no node of that name", n.Name, host.ErrUnreachable)
	}
	return &Host{have[i]}, nil
}

// command is a run of [host.Argv] in the container, as kind itself runs its
// own. kind's nodes.Node is not used for it: it keeps a second copy of all that
// was written, and waits for its standard input to end after the program did.
func (h *Host) command(ctx context.Context) (*exec.Cmd, error) {
	bin, err := engine()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h, err)
	}
	args := append([]string{"exec", "--privileged", "-i", h.node.String()}, host.Argv()...)
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.WaitDelay = time.Second
	return cmd, nil
}

// Exec runs a program as the container's root.
func (h *Host) Exec(ctx context.Context, p host.Program, stdin []byte) (host.Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cmd, err := h.command(ctx)
	if err != nil {
		return host.Result{}, err
	}
	frame := host.NewFrame(p, stdin)
	stdout, stderr := &capped{full: cancel}, &capped{full: cancel}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = frame.Reader(), stdout, stderr
	err = cmd.Run()
	if ctx.Err() != nil {
		return host.Result{}, fmt.Errorf("%s: %s was ended and may still be running there: %w", h, p.Name, context.Cause(ctx))
	}
	out, started := frame.Output(stdout.Bytes())
	said, _ := frame.Output(stderr.Bytes())
	if !started {
		return host.Result{}, fmt.Errorf("%s: %w: %s did not start: %s", h, host.ErrUnreachable, p.Name, host.Tail(said))
	}
	res := host.Result{Stdout: out, Stderr: said}
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		res.Exit = exit.ExitCode()
	default:
		return host.Result{}, fmt.Errorf("%s: %s: %w", h, p.Name, err)
	}
	return res, nil
}

// Dial connects from inside the container, through an execution that relays.
func (h *Host) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "tcp" {
		return nil, fmt.Errorf("%s: dial: network %q, only tcp is there", h, network)
	}
	// The relay outlives the dial: only Shut ends it.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	cmd, err := h.command(life)
	if err != nil {
		end()
		return nil, err
	}
	said := &capped{full: func(error) { end() }}
	cmd.Stderr = said
	// Files, not readers: the end of the relay is then seen at once.
	stdin, err1 := cmd.StdinPipe()
	stdout, stdoutEnd, err2 := os.Pipe()
	cmd.Stdout = stdoutEnd
	if err := errors.Join(err1, err2); err != nil {
		end()
		return nil, err
	}
	err = cmd.Start()
	_ = stdoutEnd.Close() // the command has its own
	if err != nil {
		end()
		return nil, errors.Join(fmt.Errorf("%s: %w: %w", h, host.ErrUnreachable, err), stdout.Close())
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	shut := sync.OnceValue(func() error {
		end()
		return errors.Join(stdin.Close(), stdout.Close())
	})
	conn, err := host.Relay(ctx, host.Pipes{
		Stdin: stdin, Stdout: stdout, Shut: shut,
		Said: func() []byte { <-ended; return said.Bytes() },
	}, address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h, err)
	}
	return conn, nil
}

// Fresh is the same container: every execution is new.
func (h *Host) Fresh(context.Context) (host.Host, error) { return &Host{h.node}, nil }

// String is the container's name.
func (h *Host) String() string { return h.node.String() }

// Close has nothing to end.
func (h *Host) Close() error { return nil }

// capped keeps what is written up to host.MaxOutput, and reports what is more.
type capped struct {
	full func(error)

	mu  sync.Mutex
	buf bytes.Buffer
}

var errTooMuch = fmt.Errorf("more than %d MiB of output", host.MaxOutput>>20)

func (c *capped) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.buf.Len()+len(b) > host.MaxOutput {
		c.full(errTooMuch)
		return 0, errTooMuch
	}
	return c.buf.Write(b)
}

// Bytes is a copy of what was kept.
func (c *capped) Bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.buf.Bytes())
}
