package lab

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"
)

// Require skips a test where the lab cannot be had (no right to use Docker, images not
// built), and says so with the words NOT RUN, which a reader of the log can count. With
// BULWARK_E2E=required that is a failure: a run that has to prove something cannot pass
// by proving nothing.
func Require(t testing.TB) {
	t.Helper()
	_, err := Image(context.Background(), "machine")
	require(t, err)
}

// RequireVM is the same for the virtual machine, and builds what it boots from. That the
// build fails is a failure, wherever the machine could be had.
func RequireVM(t testing.TB) {
	t.Helper()
	_, err := vmFiles(context.Background())
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != cannotBeHad) {
		t.Fatal(err)
	}
	require(t, err)
}

// cannotBeHad is the exit code of vm.sh on the wrong kind of machine or without rights.
const cannotBeHad = 3

func require(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("BULWARK_E2E") == "required":
		t.Fatalf("the lab is required: %v", err)
	default:
		t.Skipf("NOT RUN: no lab: %v", err)
	}
}
