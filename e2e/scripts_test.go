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
		if code != want || !strings.Contains(out, "go test -timeout 45m ./...") || !strings.HasPrefix(lines[len(lines)-1], "NOT RUN: ") {
			t.Errorf("BULWARK_E2E=%q: exit code %d, want %d:\n%s", required, code, want, out)
		}
	}
}

// A slow line is not a registry that says no: who has one gets the command, and
// not 25 minutes of building.
func TestUpSaysWhatItWaitsFor(t *testing.T) {
	// Images of the lab are there once the pull was tried: this is not about them.
	const docker = `case "$*" in
info*) ;;
"image inspect bulwark-lab/"*) [ -e "$BULWARK_LAB_CACHE/pulled" ] ;;
pull*) touch "$BULWARK_LAB_CACHE/pulled"; echo "no such host"; exit 1 ;;
*) exit 1 ;;
esac`
	for name, c := range map[string]struct {
		timeout string
		code    int
		says    []string
	}{
		"no answer": {`shift; exec "$@"`, 7, []string{"getting kindest/node", "for 5 minutes at most", "no such host", "from source, since that registry", "building bulwark"}},
		"slow":      {`exit 124`, 1, []string{"did not finish within 5 minutes", "docker pull kindest/node"}},
	} {
		stubs := map[string]string{"docker": docker, "make": "exit 7", "timeout": c.timeout, "apt-get": "exit 1"}
		out, code := script(t, stubs, nil, "./up.sh", "examples/quickstart")
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d:\n%s", name, code, c.code, out)
		}
		for _, word := range c.says {
			if !strings.Contains(out, word) {
				t.Errorf("%s: it does not say %q:\n%s", name, word, out)
			}
		}
	}
}

// kind's network goes only where nothing hangs on it, containers that are
// stopped included.
func TestDownLeavesANetworkThatIsUsed(t *testing.T) {
	for _, there := range []string{"", "network=kind", "label=io.x-k8s.kind.cluster"} {
		trace := filepath.Join(t.TempDir(), "trace")
		docker := `echo "$*" >>` + trace + `
case "$*" in "ps -aq --filter ` + there + `") echo 0123456789ab ;; esac`
		root := t.TempDir() // up.sh works beside a program of the tests' own
		for path, text := range map[string]string{"e2e/lab/docker.sh": "", "bin/bulwark": `echo "bulwark $*"`} {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(root, path)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, path), []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		up, err := os.ReadFile("up.sh")
		if err == nil {
			err = os.WriteFile(filepath.Join(root, "e2e/up.sh"), up, 0o700)
		}
		if err != nil {
			t.Fatal(err)
		}
		out, code := script(t, map[string]string{"docker": docker, "make": ""}, nil, filepath.Join(root, "e2e/up.sh"), "--down", "examples/quickstart")
		asked, _ := os.ReadFile(trace)
		if code != 0 || !strings.Contains(out, "bulwark kind delete examples/quickstart") || strings.Contains(string(asked), "network rm kind") != (there == "") {
			t.Errorf("with %q there: exit code %d\n%s%s", there, code, out, asked)
		}
	}
}

// The daemon that docker.sh started is ended when asked, with nothing on it.
func TestDockerStops(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("NOT RUN: only root may start a Docker daemon")
	}
	stubs := map[string]string{
		"docker":  `case "$1" in info) [ -e "$BULWARK_LAB_CACHE/up" ] ;; ps) cat "$BULWARK_LAB_CACHE/running" 2>/dev/null; true ;; esac`,
		"dockerd": `touch "$BULWARK_LAB_CACHE/up"; trap 'rm "$BULWARK_LAB_CACHE/up"; exit' TERM; while :; do sleep 0.1; done`,
		"apt-get": "exit 1",
	}
	out, code := script(t, stubs, nil, "bash", "-c", `
lab/docker.sh --stop; echo "none: $?"
lab/docker.sh || exit 9
echo 0123456789ab >"$BULWARK_LAB_CACHE/running"; lab/docker.sh --stop; echo "used: $?"
rm "$BULWARK_LAB_CACHE/running"; lab/docker.sh --stop; echo "free: $?"
docker info || echo down`)
	for _, word := range []string{"none: 1", "daemon started", "containers still run on it", "used: 1", "daemon stopped", "free: 0", "down"} {
		if code != 0 || !strings.Contains(out, word) {
			t.Fatalf("exit code %d, or it does not say %q:\n%s", code, word, out)
		}
	}
}
