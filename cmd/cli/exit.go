package cli

import (
	"errors"

	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/spec"
)

// The exit codes of this verbs. They are part of the interface: none
// changes its meaning.
const (
	exitDone        = 0
	exitError       = 1
	exitChanges     = 2
	exitRefused     = 3
	exitUnreachable = 4
	exitCommand     = 5
	exitFindings    = 6
	exitStale       = 7
	exitPartial     = 8
	exitUsage       = 64
	exitInterrupted = 130
)

// exitCode is the code of an error's kind. An error may be of several kinds:
// one that a person caused comes first, then how far a run came, then why.
func exitCode(err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.Is(err, errChanges), errors.Is(err, provision.ErrDrift):
		return exitChanges
	case errors.Is(err, errFindings):
		return exitFindings
	case is[*usageError](err):
		return exitUsage
	case isPartial(err):
		return exitPartial
	case is[*provision.StaleError](err), is[*apply.LockError](err):
		return exitStale
	case is[*spec.Error](err):
		return exitRefused
	case errors.Is(err, host.ErrUnreachable), errors.Is(err, host.ErrUntrusted):
		return exitUnreachable
	case is[*host.CommandError](err):
		return exitCommand
	}
	return exitError
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// isPartial says whether a run changed something and did not come to its end.
// One that came to nothing is of the kind of its cause.
func isPartial(err error) bool {
	p, ok := errors.AsType[*apply.PartialError](err)
	return ok && len(p.Result.Done) > 0
}
