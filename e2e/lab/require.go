package lab

import (
	"context"
	"os"
	"testing"
)

// Require skips a test where the lab cannot be had (no right to use Docker, images not
// built), and says so with the words NOT RUN, which a reader of the log can count. With
// BULWARK_E2E=required that is a failure: a run that has to prove something cannot pass
// by proving nothing.
func Require(t testing.TB) {
	t.Helper()
	_, err := Image(context.Background(), "machine")
	switch {
	case err == nil:
	case os.Getenv("BULWARK_E2E") == "required":
		t.Fatalf("the lab is required: %v", err)
	default:
		t.Skipf("NOT RUN: no lab: %v", err)
	}
}
