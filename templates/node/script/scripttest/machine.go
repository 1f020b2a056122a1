package scripttest

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/host"
)

// Machine starts a container with systemd from the lab's machine image, which
// is removed when the test ends. Without Docker or the image the test is not run.
func Machine(t *testing.T) *Host {
	t.Helper()
	images, err := exec.Command("docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "bulwark-lab/machine").Output()
	if err != nil {
		NotRun(t, "Docker does not answer: %v", err)
	}
	image, _, _ := strings.Cut(string(images), "\n")
	if image == "" {
		NotRun(t, "there is no bulwark-lab/machine image; make up builds it")
	}
	out, err := exec.Command("docker", "run", "--detach", "--privileged", "--cgroupns", "private",
		"--label", "bulwark-scripttest="+t.Name(), "--hostname", "script-1", "--tmpfs", "/run", "--tmpfs", "/tmp", image).Output()
	if err != nil {
		NotRun(t, "a machine cannot be started: %v", err)
	}
	container := strings.TrimSpace(string(out))
	t.Cleanup(func() {
		if err := exec.Command("docker", "rm", "--force", "--volumes", container).Run(); err != nil {
			t.Errorf("container %s stays behind: %v", container, err)
		}
	})
	h := Docker(container)
	deadline := time.Now().Add(time.Minute)
	for {
		state, _ := exec.Command("docker", "exec", container, "systemctl", "is-system-running").CombinedOutput()
		switch strings.TrimSpace(string(state)) {
		case "running", "degraded":
			return h
		}
		if time.Now().After(deadline) {
			t.Fatalf("systemd does not come up: %s", state)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// Shell runs a script on a host for what a test arranges or looks at, and
// gives its output. A failing one ends the test unless may is true.
func (h *Host) Shell(t *testing.T, may bool, script string) string {
	t.Helper()
	res, err := (&Host{Name: h.Name, Argv: h.Argv, Env: h.Env}).Exec(context.Background(), host.Program{Name: "test", Text: script}, nil)
	if err != nil || (res.Exit != 0 && !may) {
		t.Fatalf("%s: %v, %d: %s%s", script, err, res.Exit, res.Stdout, res.Stderr)
	}
	return strings.TrimSpace(string(res.Stdout))
}

// Restart is a reboot of a machine made by Machine.
func (h *Host) Restart(t *testing.T) {
	t.Helper()
	cmd := exec.Command("docker", "restart", "--time", "10", h.Name)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	for range 200 {
		state, _ := exec.Command("docker", "exec", h.Name, "systemctl", "is-system-running").CombinedOutput()
		if s := strings.TrimSpace(string(state)); s == "running" || s == "degraded" {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("it does not come back")
}
