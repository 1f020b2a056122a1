package kind

import (
	"fmt"
	"os/exec"

	kindexec "sigs.k8s.io/kind/pkg/exec"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// engine is the program of the container engine, found in kind's order.
func engine() (string, error) {
	for _, name := range []string{"docker", "nerdctl", "finch", "podman"} {
		if bin, err := exec.LookPath(name); err == nil {
			return bin, nil
		}
	}
	return "", fmt.Errorf("%w: neither docker nor podman nor nerdctl is installed", host.ErrUnreachable)
}

// unanswered is the error of a question to the container engine that failed.
// kind's own says which command it was and keeps to itself what that said.
func unanswered(what string, err error) error {
	run := kindexec.RunErrorForError(err)
	if run == nil { // it answered, and kind does not understand what
		return fmt.Errorf("%s: %w", what, err)
	}
	said := run.Error()
	if len(run.Output) > 0 {
		said = host.Tail(run.Output)
	}
	return fmt.Errorf("%s: %w: the container engine does not answer this user: %s. Start it, or get the right to use it (Docker: run this as root, or join the group docker and log in again), then run this again",
		what, host.ErrUnreachable, said)
}
