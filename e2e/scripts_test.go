package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// script runs a script of this folder where the programs named in stubs are
// what the stubs say, and answers with what it said and its exit code.
func script(t *testing.T, stubs map[string]string, env []string, name string, args ...string) (string, int) {
	t.Helper()
	dir := t.TempDir()
	for program, text := range stubs {
		if err := os.WriteFile(filepath.Join(dir, program), []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "BULWARK_LAB_CACHE="+t.TempDir()), env...)
	out, _ := cmd.CombinedOutput()
	return string(out), cmd.ProcessState.ExitCode()
}

// Where no Docker daemon is to be had, whoever runs the tests, those that need
// no machines run all the same, and the last line says what did not.
func TestTestsRunWithoutDocker(t *testing.T) {
	stubs := map[string]string{"docker": "exit 1", "dockerd": "exit 1", "apt-get": "exit 1", "go": `echo "go $*"`}
	for required, want := range map[string]int{"": 0, "required": 1} {
		out, code := script(t, stubs, []string{"BULWARK_E2E=" + required, "BULWARK_NODE_IMAGE="}, "./test.sh")
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if code != want || !strings.Contains(out, "go test -timeout 25m ./...") || !strings.HasPrefix(lines[len(lines)-1], "NOT RUN: ") {
			t.Errorf("BULWARK_E2E=%q: exit code %d, want %d:\n%s", required, code, want, out)
		}
	}
}
