package hosttest

import (
	"os"
	"os/exec"
	"testing"
)

// Need skips a test where a program is missing, and fails it when BULWARK_E2E
// is "required".
func Need(t testing.TB, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if os.Getenv("BULWARK_E2E") == "required" {
		t.Fatalf("%s is needed and not installed", program)
	}
	t.Skipf("NOT RUN: %s is not installed", program)
}
