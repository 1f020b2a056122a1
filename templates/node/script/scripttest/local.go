// Package scripttest runs the programs of package script for tests: by a shell
// of this machine, or in a container, in both cases through the prelude that a
// real host uses.
package scripttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// Host carries out programs by a command of this machine.
type Host struct {
	// Name is what it is called.
	Name string
	// Argv is the command that takes the framed program on its input.
	Argv []string
	// Env is its whole environment.
	Env []string
	// Cut, when set, sees the data of each execution and may end it early.
	Cut func(ctx context.Context, program string) (context.Context, context.CancelFunc)
}

// Exec implements [host.Host].
func (h *Host) Exec(ctx context.Context, p host.Program, stdin []byte) (host.Result, error) {
	if h.Cut != nil {
		var cancel context.CancelFunc
		ctx, cancel = h.Cut(ctx, p.Name)
		defer cancel()
	}
	frame := host.NewFrame(p, stdin)
	cmd := exec.CommandContext(ctx, h.Argv[0], h.Argv[1:]...)
	cmd.Env = h.Env
	cmd.Stdin = frame.Reader()
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if ctx.Err() != nil {
		return host.Result{}, fmt.Errorf("%s: %w", h.Name, context.Cause(ctx))
	}
	if err != nil && !errors.As(err, &exit) {
		return host.Result{}, err
	}
	stdout, started := frame.Output(out.Bytes())
	if !started {
		return host.Result{}, fmt.Errorf("%s: the program did not start: %s", h.Name, said.Bytes())
	}
	stderr, _ := frame.Output(said.Bytes())
	return host.Result{Stdout: stdout, Stderr: stderr, Exit: cmd.ProcessState.ExitCode()}, nil
}

// Dial implements [host.Host].
func (h *Host) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, address)
}

// Fresh implements [host.Host]: what it gives is cut no more.
func (h *Host) Fresh(context.Context) (host.Host, error) {
	fresh := *h
	fresh.Cut = nil
	return &fresh, nil
}

func (h *Host) String() string { return h.Name }

// Close implements [host.Host].
func (h *Host) Close() error { return nil }

// prelude is what a real host's remote command gives to its shell.
func prelude() string {
	argv := host.Argv()
	return argv[len(argv)-1]
}

// Each runs a test under every shell that a node may have: dash and bash with
// this machine's tools, busybox with its own.
func Each(t *testing.T, test func(t *testing.T, h *Host)) {
	for _, shell := range []string{"dash", "bash", "busybox"} {
		t.Run(shell, func(t *testing.T) { test(t, Local(t, shell)) })
	}
}

// Local is this machine with one shell. A shell that is not there is said.
func Local(t *testing.T, shell string) *Host {
	t.Helper()
	at, err := exec.LookPath(shell)
	if err != nil {
		NotRun(t, "there is no %s here; apt-get install %s", shell, shell)
	}
	h := &Host{Name: "local-" + shell, Argv: []string{at, "-c", prelude()}, Env: []string{"HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}}
	if shell == "busybox" {
		h.Argv = []string{at, "sh", "-c", prelude()}
		h.Env[1] = "PATH=" + tools(t, at)
	}
	return h
}

// tools is a directory with every program that busybox can be.
func tools(t *testing.T, busybox string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command(busybox, "--install", "-s", dir).CombinedOutput(); err != nil {
		t.Fatalf("busybox --install: %v: %s", err, out)
	}
	return dir
}

// Docker is a container as a host, by "docker exec".
func Docker(container string) *Host {
	argv := append([]string{"docker", "exec", "-i", container}, host.Argv()...)
	return &Host{Name: container, Argv: argv, Env: os.Environ()}
}

// Shim puts programs in front of all others: name to its text.
func (h *Host) Shim(t *testing.T, programs map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range programs {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i, kv := range h.Env {
		if path, ok := bytes.CutPrefix([]byte(kv), []byte("PATH=")); ok {
			h.Env[i] = "PATH=" + dir + ":" + string(path)
		}
	}
}

// NotRun skips a test that needs what this machine lacks, and says what. Where
// everything is required it fails instead.
func NotRun(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("BULWARK_E2E") == "required" {
		t.Fatalf("NOT RUN: "+format, args...)
	}
	t.Skipf("NOT RUN: "+format, args...)
}
