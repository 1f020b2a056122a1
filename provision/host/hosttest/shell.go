package hosttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// Shell is a host that runs programs on this machine, as whoever runs the
// tests, by the shell it was made with. It is for testing programs, framed
// exactly as they are for a machine.
type Shell struct{ argv []string }

var _ host.Host = (*Shell)(nil)

// NewShell makes a host out of a shell: "dash", "bash --posix" or "busybox sh".
// The test is skipped where that shell is missing, unless BULWARK_E2E is
// "required".
func NewShell(t testing.TB, shell string) *Shell {
	t.Helper()
	words := strings.Fields(shell)
	Need(t, words[0])
	bin, err := exec.LookPath(words[0])
	if err != nil {
		t.Fatal(err)
	}
	argv := host.Argv()
	// The shell is all that differs from a machine's /bin/sh -c PRELUDE.
	tail := append(append([]string{bin}, words[1:]...), "-c", argv[len(argv)-1])
	return &Shell{append(argv[:len(argv)-3:len(argv)-3], tail...)}
}

// Exec runs a program here.
func (s *Shell) Exec(ctx context.Context, p host.Program, stdin []byte) (host.Result, error) {
	f := host.NewFrame(p, stdin)
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, s.argv[0], s.argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = f.Reader(), &out, &said
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		return host.Result{}, errors.Join(err, ctx.Err())
	}
	stdout, started := f.Output(out.Bytes())
	if !started {
		return host.Result{}, fmt.Errorf("%s: %s did not start: %s", s, p.Name, host.Tail(said.Bytes()))
	}
	stderr, _ := f.Output(said.Bytes())
	return host.Result{Stdout: stdout, Stderr: stderr, Exit: cmd.ProcessState.ExitCode()}, nil
}

// Dial connects from this machine.
func (s *Shell) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, address)
}

// Fresh is the same machine again.
func (s *Shell) Fresh(context.Context) (host.Host, error) { return s, nil }

func (s *Shell) String() string { return "local " + s.argv[len(s.argv)-3] }

// Close does nothing.
func (s *Shell) Close() error { return nil }
