package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// matrixNodes are the machines of the matrix: one of each role.
var matrixNodes = []string{"cp-1", "w-1"}

// killStage is a state from which rows start: that of a fresh machine, or the
// one a killed run left.
type killStage struct {
	name string
	// left are the ids of the steps to be done from here.
	left map[string]bool
	// key is the digest of the encryption file, "" while there is none.
	key string
	// kept says whether a snapshot was made.
	kept bool
}

// killRig is a lab, a spec for it, and the two programs.
type killRig struct {
	set             *lab.Set
	spec, sshConfig string
	overlay         string
	bulwark, kill   string
	planFile        string
	plan            *plan.Plan // for fresh machines
	stages          []*killStage
}

// newKillRig starts machines that go with the test.
func newKillRig(t *testing.T, ctx context.Context) *killRig {
	t.Helper()
	dir := t.TempDir()
	r := &killRig{
		spec: filepath.Join(dir, "spec"), sshConfig: filepath.Join(dir, "ssh_config"),
		bulwark: filepath.Join(dir, "bulwark"), kill: filepath.Join(dir, "kill"),
		planFile: filepath.Join(dir, "plan.json"),
	}
	var err error
	if r.overlay, err = filepath.Abs("lab/overlay.hcl"); err != nil {
		t.Fatal(err)
	}
	for program, pkg := range map[string]string{r.bulwark: "../cmd/bulwark", r.kill: "./kill"} {
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, pkg).CombinedOutput(); err != nil {
			t.Fatalf("go build %s: %v\n%s", pkg, err, out)
		}
	}
	if r.set, err = lab.Machines(ctx, lab.Options{Names: matrixNodes, Dir: filepath.Join(dir, "lab")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.set.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	r.write(t)
	// The plan of these very machines: on a fresh one some facts hold already.
	if err := r.killed(ctx, nil); err != nil {
		t.Fatalf("the plan of fresh machines: %v", err)
	}
	r.plan = readPlan(t, r.planFile)
	fresh := &killStage{name: "fresh machines", left: map[string]bool{}}
	for _, s := range r.plan.Steps {
		fresh.left[s.ID] = true
	}
	r.stages = []*killStage{fresh}
	return r
}

// write writes the spec and what ssh has to know of the lab.
func (r *killRig) write(t *testing.T) {
	t.Helper()
	spec := fmt.Sprintf(`cluster "matrix" {
  defaults   = 1
  kubernetes = "1.37.2"
  network {
    cni "bridge" {}
  }
  ssh {
    user = %q
  }
  firewall {
    admins = ["%v/32"]
  }
  node "cp-1" {
    role    = "control-plane"
    address = "%v"
  }
  node "w-1" {
    role    = "worker"
    address = "%v"
    labels  = { zone = "a" }
  }
}
`, lab.User, r.set.Admin, r.set.Machine("cp-1").Address, r.set.Machine("w-1").Address)
	config := fmt.Sprintf("Host *\n  IdentityFile %s\n  IdentitiesOnly yes\n  UserKnownHostsFile %s\n", r.set.Key, r.set.KnownHosts)
	if err := errors.Join(os.MkdirAll(r.spec, 0o755),
		os.WriteFile(filepath.Join(r.spec, "cluster.hcl"), []byte(spec), 0o644),
		os.WriteFile(r.sshConfig, []byte(config), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func readPlan(t *testing.T, path string) *plan.Plan {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var p plan.Plan
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return &p
}

// command runs one of the two programs, which applies the spec, and answers
// with all it said.
func (r *killRig) command(ctx context.Context, program string, env ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, "apply", r.spec, "--overlay", r.overlay, "--ssh-config", r.sshConfig, "--auto-approve")
	cmd.Env = append(os.Environ(), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return out.String(), err
}

// errNotReached is a run that ended otherwise than by the kill.
var errNotReached = errors.New("the run did not come to that step")

// killed runs until the kill of a cut, which it is an error to miss. Without one
// it is killed before the first step.
func (r *killRig) killed(ctx context.Context, c cut) error {
	var at []string
	for _, row := range c {
		at = append(at, row.String())
	}
	out, err := r.command(ctx, r.kill, "BULWARK_KILL_AT="+strings.Join(at, "\n"), "BULWARK_KILL_PLAN="+r.planFile)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ProcessState.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL && context.Cause(ctx) == nil {
		return nil
	}
	if err != nil && context.Cause(ctx) != nil {
		return err
	}
	return fmt.Errorf("%w: %w\n%s", errNotReached, err, lastLines(out, 12))
}

// addStage goes on from the last stage to the kill of a row, and keeps what
// the machines have then.
func (r *killRig) addStage(t *testing.T, ctx context.Context, name string, at killRow) {
	t.Helper()
	started := time.Now()
	if err := r.killed(ctx, cut{at}); err != nil {
		t.Fatalf("stage %s: %v", name, err)
	}
	if err := r.killed(ctx, nil); err != nil { // also waits for what still runs
		t.Fatalf("what is left at stage %s: %v", name, err)
	}
	s := &killStage{name: name, left: map[string]bool{}, kept: true}
	for _, step := range readPlan(t, r.planFile).Steps {
		s.left[step.ID] = true
	}
	var err error
	if s.key, err = r.key(ctx); err != nil {
		t.Fatal(err)
	}
	if err := r.set.Snapshot(ctx, stageName(len(r.stages))); err != nil {
		t.Fatal(err)
	}
	r.stages = append(r.stages, s)
	t.Logf("stage %q: %d of %d steps left, made in %.0fs", name, len(s.left), len(r.plan.Steps), time.Since(started).Seconds())
}

func stageName(i int) string { return fmt.Sprintf("stage-%d", i) }

// addStages makes the states near which rows start: everything is on the
// machines and nothing runs; the API answers; every node has joined.
func (r *killRig) addStages(t *testing.T, ctx context.Context) {
	t.Helper()
	var firstPhase, firstWait, lastPhase string
	for _, s := range r.plan.Steps {
		switch {
		case s.Kind == plan.KindPhase && firstPhase == "":
			firstPhase = s.ID
		case s.Kind == plan.KindPhase:
			lastPhase = s.ID
		case s.Kind == plan.KindWait && firstWait == "":
			firstWait = s.ID
		}
	}
	r.addStage(t, ctx, "files staged", killRow{killBefore, firstPhase})
	r.addStage(t, ctx, "API answers", killRow{killAfter, firstWait})
	r.addStage(t, ctx, "nodes joined", killRow{killAfter, lastPhase})
}

// restore puts the machines into a stage.
func (r *killRig) restore(ctx context.Context, i int) error {
	if r.stages[i].kept {
		return r.set.Restore(ctx, stageName(i))
	}
	var errs []error
	for _, m := range r.set.Machines {
		errs = append(errs, m.Renew(ctx))
	}
	return errors.Join(errs...)
}

// key is the digest of the encryption file, "" where there is none.
func (r *killRig) key(ctx context.Context) (string, error) {
	out, err := r.set.Machine("cp-1").Shell(ctx, `f=/etc/kubernetes/bulwark/apiserver/encryption.yaml; [ ! -e $f ] || sha256sum <$f`)
	return strings.TrimSpace(out), err
}

// notReady are the nodes that kubectl does not call Ready.
func (r *killRig) notReady(ctx context.Context) ([]string, error) {
	out, err := r.set.Machine("cp-1").Exec(ctx, nil, "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "get", "nodes", "--no-headers")
	if err != nil {
		return nil, err
	}
	missing := slices.Clone(matrixNodes)
	for line := range strings.Lines(out) {
		if f := strings.Fields(line); len(f) > 1 && f[1] == "Ready" {
			missing = slices.DeleteFunc(missing, func(name string) bool { return name == f[0] })
		}
	}
	return missing, nil
}

// leftovers is what a cut run could have left behind and must not: files that
// are there for a moment only, secrets of joining, results of runs, timers.
func (r *killRig) leftovers(ctx context.Context) (string, error) {
	var all strings.Builder
	for _, m := range r.set.Machines {
		out, err := m.Shell(ctx, `
			find /etc /var/lib/bulwark /var/lib/kubelet /run/bulwark -xdev -name '.bulwark-new.*' 2>/dev/null || true
			for f in /etc/kubernetes/super-admin.conf /etc/kubernetes/bootstrap-kubelet.conf; do
				[ ! -e $f ] || echo $f
			done
			find /etc/kubernetes /run/bulwark -type f -name 'discovery*' 2>/dev/null || true
			[ ! -d /run/bulwark/run ] || find /run/bulwark/run -mindepth 1
			find /run/systemd/transient -name 'bulwark-*' 2>/dev/null || true
			systemctl --failed --plain --no-legend`)
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(out) {
			if strings.TrimSpace(line) != "" {
				fmt.Fprintf(&all, "%s: %s\n", m.Name, strings.TrimSpace(line))
			}
		}
	}
	return all.String(), nil
}

// lastLines is the end of a text.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
