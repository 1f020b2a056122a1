// Package bench times what a user waits for, on the lab's machines.
package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
)

// BenchmarkBootstrap times the way from prepared machines to a cluster of one
// control plane and two workers: with bulwark, and with a shell script that does
// by hand what an administrator would do with the same files. Both are observed
// alike, in turns, in one run. It writes docs/benchmarks.md.
func BenchmarkBootstrap(b *testing.B) {
	lab.Require(b)
	a := newArena(b)
	var bulwark, byHand []run
	for i := range rounds(b) {
		// In turns, so that neither always has the warmer machine.
		if i%2 == 0 {
			bulwark = append(bulwark, a.race(b, a.bulwark))
			byHand = append(byHand, a.race(b, a.byHand))
		} else {
			byHand = append(byHand, a.race(b, a.byHand))
			bulwark = append(bulwark, a.race(b, a.bulwark))
		}
		b.Logf("round %d: bulwark Ready %.1f s, end %.1f s; by hand Ready %.1f s, end %.1f s", i+1,
			bulwark[i].ready.Seconds(), bulwark[i].end.Seconds(), byHand[i].ready.Seconds(), byHand[i].end.Seconds())
	}
	r := report{bulwark: bulwark, byHand: byHand}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(readyTimes(bulwark)).Seconds(), "bulwark-ready-s")
	b.ReportMetric(median(readyTimes(byHand)).Seconds(), "byhand-ready-s")
	b.ReportMetric(r.ratio(), "ready-ratio")
	b.ReportMetric(median(afterTimes(bulwark)).Seconds(), "bulwark-after-s")
	write(b, r.section())
}

// rounds is how often each contestant runs: BULWARK_BENCH_ROUNDS, or five times.
func rounds(b *testing.B) int { return number(b, "BULWARK_BENCH_ROUNDS", 5) }

// number is what an environment variable says, or otherwise.
func number(b *testing.B, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("%s is %q, not a number above 0", name, text)
	}
	return n
}

// patience is how long one run may take.
const patience = 10 * time.Minute

// arena is the machines and what both contestants are given.
type arena struct {
	set                            *lab.Set
	dir                            string
	program, spec, config, overlay string
}

func newArena(b *testing.B) *arena {
	ctx := b.Context()
	// Not b.TempDir: the path of a control socket may have 108 bytes.
	dir, err := os.MkdirTemp("", "bw-bench-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	a := &arena{dir: dir, program: filepath.Join(dir, "bulwark"), spec: filepath.Join(dir, "cluster.hcl"), config: filepath.Join(dir, "ssh_config")}
	if a.overlay, err = filepath.Abs("../lab/overlay.hcl"); err != nil {
		b.Fatal(err)
	}
	if another := os.Getenv("BULWARK_BENCH_PROGRAM"); another != "" { // to compare two builds
		a.program = another
	} else {
		command(b, exec.CommandContext(ctx, "go", "build", "-o", a.program, "../../cmd/bulwark"))
	}

	a.set, err = lab.Machines(ctx, lab.Options{Names: []string{"cp-1", "w-1", "w-2"}, Dir: filepath.Join(dir, "lab")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := a.set.Close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	for path, text := range map[string]string{a.spec: a.specText(), a.config: a.configText()} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for _, d := range []string{"home", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			b.Fatal(err)
		}
	}
	command(b, exec.CommandContext(ctx, a.program, "render", a.spec, "--overlay", a.overlay, "-o", filepath.Join(dir, "rendered")))
	return a
}

// command runs what the benchmark itself needs.
func command(b *testing.B, cmd *exec.Cmd) {
	b.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

func (a *arena) specText() string {
	var s bytes.Buffer
	fmt.Fprintf(&s, "cluster \"bench\" {\n  defaults   = 1\n  kubernetes = \"1.37.2\"\n  network {\n    cni \"bridge\" {}\n  }\n")
	fmt.Fprintf(&s, "  ssh {\n    user = %q\n  }\n  firewall {\n    admins = [\"%s/32\"]\n  }\n", lab.User, a.set.Admin)
	for i, m := range a.set.Machines {
		role := "worker"
		if i == 0 {
			role = "control-plane"
		}
		fmt.Fprintf(&s, "  node %q {\n    role    = %q\n    address = %q\n  }\n", m.Name, role, m.Address)
	}
	return s.String() + "}\n"
}

func (a *arena) configText() string {
	return fmt.Sprintf("Host *\n  User %s\n  IdentityFile %s\n  IdentitiesOnly yes\n  UserKnownHostsFile %s\n"+
		"  GlobalKnownHostsFile none\n  StrictHostKeyChecking yes\n  BatchMode yes\n", lab.User, a.set.Key, a.set.KnownHosts)
}

// bulwark is the one contestant.
func (a *arena) bulwark(ctx context.Context) *exec.Cmd {
	return a.contestant(exec.CommandContext(ctx, a.program, "apply", a.spec, "--overlay", a.overlay, "--ssh-config", a.config, "--auto-approve", "-o", "json"))
}

// byHand is the other.
func (a *arena) byHand(ctx context.Context) *exec.Cmd {
	args := []string{filepath.Join(a.dir, "rendered"), a.config}
	for _, m := range a.set.Machines {
		args = append(args, m.Name+"="+m.Address.String())
	}
	return a.contestant(exec.CommandContext(ctx, "./byhand.sh", args...))
}

func (a *arena) contestant(cmd *exec.Cmd) *exec.Cmd {
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(a.dir, "home"), "TMPDIR=" + filepath.Join(a.dir, "tmp")}
	cmd.WaitDelay = 5 * time.Second
	return cmd
}
