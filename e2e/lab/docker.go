package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// patience is how long one Docker command may take when the caller set no deadline.
const patience = 3 * time.Minute

// command runs a program of this host and answers with its standard output. The error
// of one that fails carries what it wrote to standard error.
func command(ctx context.Context, stdin io.Reader, name string, args ...string) (string, error) {
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	// A grandchild that keeps a pipe open must not keep us.
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		shown := strings.Join(args, " ")
		if len(shown) > 200 {
			shown = shown[:200] + "…"
		}
		return stdout.String(), &CommandError{
			Command: filepath.Base(name) + " " + shown,
			Stderr:  strings.TrimSpace(stderr.String()),
			Err:     errors.Join(err, context.Cause(ctx)),
		}
	}
	return stdout.String(), nil
}

// CommandError is a command that failed, with what it said.
type CommandError struct {
	Command, Stderr string
	Err             error
}

func (e *CommandError) Error() string {
	return fmt.Sprintf("%s: %v: %s", e.Command, e.Err, e.Stderr)
}

func (e *CommandError) Unwrap() error { return e.Err }

func docker(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	return command(ctx, stdin, "docker", args...)
}

func dockerLines(ctx context.Context, args ...string) ([]string, error) {
	out, err := docker(ctx, nil, args...)
	return strings.Fields(out), err
}

// Image is the name of the lab's image of that kind, "machine" or "node", for the lab's
// files as they are now. It starts the Docker daemon if none answers, and fails when the
// image has yet to be built.
func Image(ctx context.Context, kind string) (string, error) {
	dir, err := folder()
	if err != nil {
		return "", err
	}
	if _, err := command(ctx, nil, filepath.Join(dir, "docker.sh")); err != nil {
		return "", err
	}
	key, err := command(ctx, nil, filepath.Join(dir, "build.sh"), "--key")
	if err != nil {
		return "", err
	}
	name := "bulwark-lab/" + kind + ":" + strings.TrimSpace(key)
	if _, err := docker(ctx, nil, "image", "inspect", "--format", "{{.Id}}", name); err != nil {
		return "", fmt.Errorf("run e2e/lab/build.sh first: %w", err)
	}
	return name, nil
}

// folder is where the lab's scripts lie: in the checkout that the test runs in.
func folder() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		lab := filepath.Join(dir, "e2e", "lab")
		if _, err := os.Stat(filepath.Join(lab, "build.sh")); err == nil {
			return lab, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not inside a checkout with e2e/lab/build.sh", start)
		}
	}
}
