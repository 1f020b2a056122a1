package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/spec"
)

func TestApplyShowsAsksAppliesVerifies(t *testing.T) {
	f := newFake()
	c := (&console{args: "apply prod --on kind --var region=eu", stdin: "yes\n", tty: true}).run(t, f)
	if c.code != 0 || !slices.Equal(f.calls, []string{"open", "apply", "verify", "close"}) {
		t.Fatalf("code %d after %v:\n%s", c.code, f.calls, c.stderr)
	}
	if f.in.Path != "prod" || !f.in.OnKind || f.in.Vars["region"] != "eu" || f.in.Parallelism != 10 || f.in.Log == nil {
		t.Errorf("the facade was told %+v", f.in)
	}
	says(t, "stdout", c.stdout, "+ file  write /a", "Plan: 1 to add", "Applied: 1 step done", "/version is closed  401")
	says(t, "stderr", c.stderr, "[1/1] cp-1: write /a", "bulwark kubeconfig prod --on kind --var ... --merge")
}

func TestPlanShowsAndChangesNothing(t *testing.T) {
	for args, want := range map[string]int{"plan prod": 0, "plan prod --detailed-exitcode": 2, "plan prod --detailed-exitcode -o json": 2} {
		f := newFake()
		c := (&console{args: args}).run(t, f)
		if c.code != want || !slices.Equal(f.calls, []string{"open", "close"}) || !f.in.ReadOnly {
			t.Errorf("%s: code %d after %v, read only %v:\n%s", args, c.code, f.calls, f.in.ReadOnly, c.stderr)
		}
		if strings.Contains(c.stderr, "rror") {
			t.Errorf("%s: what was asked for is no error:\n%s", args, c.stderr)
		}
	}
	f := newFake()
	f.look.Plan = &Plan{Cluster: "prod"}
	if c := (&console{args: "plan --detailed-exitcode"}).run(t, f); c.code != 0 {
		t.Errorf("an empty plan: code %d", c.code)
	}
	f.look.Problems = []provision.Problem{{Node: "w-1", Check: "swap", Seen: "on", Remedy: "off"}}
	if c := (&console{args: "plan --detailed-exitcode"}).run(t, f); c.code != 1 {
		t.Errorf("a machine that is not fit: code %d", c.code)
	}
}

func TestASavedPlanIsAppliedWithoutAQuestion(t *testing.T) {
	file := filepath.Join(t.TempDir(), "monday.plan")
	f := newFake()
	if c := (&console{args: "plan prod --out " + file}).run(t, f); c.code != 0 || !slices.Equal(f.calls, []string{"open", "save", "close"}) {
		t.Fatalf("code %d after %v:\n%s", c.code, f.calls, c.stderr)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	f = newFake()
	if c := (&console{args: "apply " + file}).run(t, f); c.code != 0 || !slices.Equal(f.calls, []string{"open saved", "apply", "verify", "close"}) {
		t.Errorf("code %d after %v:\n%s", c.code, f.calls, c.stderr)
	}
	f = newFake()
	if c := (&console{args: "apply " + file + " --var a=b"}).run(t, f); c.code != exitUsage || len(f.calls) != 0 {
		t.Errorf("code %d after %v:\n%s", c.code, f.calls, c.stderr)
	}
	f = newFake()
	f.openErr = &provision.StaleError{Moved: []string{"w-1"}}
	c := (&console{args: "apply " + file}).run(t, f)
	if c.code != exitStale {
		t.Errorf("code %d after %v", c.code, f.calls)
	}
	says(t, "stderr", c.stderr, "w-1 moved since", "plan again")
}

func TestApplyWithoutAYesChangesNothing(t *testing.T) {
	for _, answer := range []string{"", "y\n", "Yes\n", "no\n", "yes indeed\n"} {
		f := newFake()
		c := (&console{args: "apply", stdin: answer, tty: true}).run(t, f)
		if c.code != 1 || slices.Contains(f.calls, "apply") {
			t.Errorf("%q: code %d after %v", answer, c.code, f.calls)
		}
	}
}

func TestChangesNeedATerminalOrAFlag(t *testing.T) {
	for _, args := range []string{"apply", "reset", "apply -o json", "reset -o json"} {
		f := newFake()
		c := (&console{args: args, tty: strings.Contains(args, "json")}).run(t, f)
		if c.code != exitUsage || len(f.calls) > 0 {
			t.Errorf("%q: code %d after %v", args, c.code, f.calls)
		}
		says(t, "stderr", c.stderr, "--auto-approve")
	}
}

func TestNothingToDo(t *testing.T) {
	f := newFake()
	f.look.Plan = &Plan{Cluster: "prod"}
	c := (&console{args: "apply -y"}).run(t, f)
	if c.code != 0 || slices.Contains(f.calls, "apply") {
		t.Errorf("code %d after %v", c.code, f.calls)
	}
	says(t, "stdout", c.stdout, "Nothing to do: prod is as the spec wants it.")
}

func TestPreflightStopsBeforeTheQuestion(t *testing.T) {
	f := newFake()
	f.look.Problems = []provision.Problem{{Node: "w-1", Check: "swap", Seen: "on", Remedy: "swapoff -a"}}
	c := (&console{args: "apply", tty: true, stdin: "yes\n"}).run(t, f)
	if c.code != exitError || slices.Contains(f.calls, "apply") || !slices.Contains(f.calls, "close") {
		t.Errorf("code %d after %v", c.code, f.calls)
	}
	says(t, "stderr", c.stderr, "w-1", "swapoff -a")
	if strings.Contains(c.stdout, "Plan:") {
		t.Error("a plan was shown that cannot be run")
	}
}

func TestWarningsOfPreflightDoNotStop(t *testing.T) {
	f := newFake()
	f.look.Problems = []provision.Problem{{Node: "w-1", Check: "clock", Seen: "4 s", Remedy: "ntp", Warning: true}}
	if c := (&console{args: "apply -y"}).run(t, f); c.code != 0 || !strings.Contains(c.stderr, "clock") {
		t.Errorf("code %d:\n%s", c.code, c.stderr)
	}
}

func TestARunThatDidNotBeginHasNoResult(t *testing.T) {
	f := newFake()
	f.result, f.applyErr = Result{}, errors.New("another run holds the lock")
	c := (&console{args: "apply -y"}).run(t, f)
	if c.code != exitError || strings.Contains(c.stdout, "Applied") || slices.Contains(f.calls, "verify") {
		t.Errorf("code %d after %v:\n%s", c.code, f.calls, c.stdout)
	}
}

func TestAFailedOrUnansweredCheckIsAnError(t *testing.T) {
	for _, verdict := range []string{"fail", "unknown", "odd"} {
		f := newFake()
		f.checks[0].Verdict = verdict
		if c := (&console{args: "apply -y"}).run(t, f); c.code != exitError {
			t.Errorf("%s: code %d", verdict, c.code)
		}
	}
}

func TestExitCodes(t *testing.T) {
	command := &host.CommandError{Host: "w-1", Program: "kubeadm", Exit: 1}
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"nothing":             {nil, 0},
		"any error":           {errors.New("x"), 1},
		"a refused spec":      {fmt.Errorf("x: %w", &spec.Error{}), 3},
		"an unreachable host": {errors.Join(errors.New("y"), fmt.Errorf("w-1: %w", host.ErrUnreachable)), 4},
		"an untrusted host":   {fmt.Errorf("w-1: %w", host.ErrUntrusted), 4},
		"a failed command":    {fmt.Errorf("step: %w", command), 5},
		"applied in part":     {&apply.PartialError{Result: Result{Done: []string{"a"}}, Errs: []error{command}}, 8},
		"not even in part":    {&apply.PartialError{Result: Result{Failed: []string{"a"}}, Errs: []error{command}}, 5},
		"changes":             {errChanges, 2},
		"a lock of another":   {fmt.Errorf("x: %w", &apply.LockError{Node: "w-1"}), 7},
		"a stale plan":        {&provision.StaleError{}, 7},
		"usage":               {usagef("x"), 64},
		"interrupted in part": {errors.Join(errInterrupted, &apply.PartialError{Result: Result{Done: []string{"a"}}}), 130},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestJSONIsOneDocumentWhateverHappens(t *testing.T) {
	f := newFake()
	f.applyErr = &apply.PartialError{Result: f.result, Errs: []error{errors.New("disk full")}}
	c := (&console{args: "apply -y -o json"}).run(t, f)
	var doc struct {
		FormatVersion string `json:"format_version"`
		Command       string
		ExitCode      int `json:"exit_code"`
		Plan          struct{ Steps []any }
		Result        struct{ Done []string }
		Error         struct{ Message string }
	}
	if err := json.Unmarshal([]byte(c.stdout), &doc); err != nil {
		t.Fatalf("%v:\n%s", err, c.stdout)
	}
	if doc.FormatVersion != "1.0" || doc.Command != "apply" || doc.ExitCode != 8 || c.code != 8 || len(doc.Plan.Steps) != 1 || len(doc.Result.Done) != 1 || !strings.Contains(doc.Error.Message, "disk full") {
		t.Errorf("%+v, code %d", doc, c.code)
	}
	for line := range strings.Lines(c.stderr) {
		if !json.Valid([]byte(line)) {
			t.Errorf("standard error holds a line that is no JSON: %q", line)
		}
	}
}

func TestWhoHoldsTheLockIsSaid(t *testing.T) {
	f := newFake()
	f.result, f.applyErr = Result{}, &apply.LockError{Node: "w-1", Lock: machine.Lock{Owner: "ann@desk"}}
	c := (&console{args: "apply -y"}).run(t, f)
	if c.code != exitStale || strings.Contains(c.stdout, "Applied") || f.in.TakeLock || f.in.Version == "" {
		t.Errorf("code %d, told %+v:\n%s", c.code, f.in, c.stdout)
	}
	says(t, "stderr", c.stderr, "w-1 is locked by ann@desk", "nothing was changed", "--take-lock")
	for _, args := range []string{"apply -y --take-lock", "reset -y --take-lock"} {
		f := newFake()
		if (&console{args: args}).run(t, f); !f.in.TakeLock {
			t.Errorf("%s: the facade was told %+v", args, f.in)
		}
	}
}

func TestFirstSignalStopsInOrder(t *testing.T) {
	f := newFake()
	signals := make(chan os.Signal, 2)
	f.during = func(ctx context.Context) {
		signals <- syscall.SIGINT
		<-ctx.Done() // as apply does: no new step, and out
	}
	c := (&console{args: "apply -y", signals: signals}).run(t, f)
	if c.code != exitInterrupted || !slices.Contains(f.calls, "close") {
		t.Errorf("code %d after %v", c.code, f.calls)
	}
	says(t, "stderr", c.stderr, "stopping in order", "interrupted")
}

func TestSecondSignalStopsAtOnce(t *testing.T) {
	f := newFake()
	signals := make(chan os.Signal, 2)
	hang := make(chan struct{})
	defer close(hang)
	f.during = func(context.Context) {
		signals <- syscall.SIGINT
		signals <- syscall.SIGTERM
		<-hang
	}
	if c := (&console{args: "apply -y", signals: signals}).run(t, f); c.code != exitInterrupted {
		t.Errorf("code %d", c.code)
	}
}

func TestResetNamesEveryNode(t *testing.T) {
	for answer, want := range map[string]int{"yes\n": 0, "no\n": 1} {
		f := newFake()
		c := (&console{args: "reset", tty: true, stdin: answer}).run(t, f)
		if c.code != want || slices.Contains(f.calls, "wipe") != (want == 0) {
			t.Errorf("%q: code %d after %v", answer, c.code, f.calls)
		}
		says(t, "stderr", c.stderr, "cp-1", "w-1")
	}
}

// A program that reset sees what was done to which node, as after apply.
func TestResetAsJSONHasPlanAndResult(t *testing.T) {
	c := (&console{args: "reset -y -o json"}).run(t, newFake())
	var doc struct {
		Plan   struct{ Steps []struct{ ID, Node string } }
		Result struct{ Done []string }
	}
	if err := json.Unmarshal([]byte(c.stdout), &doc); err != nil {
		t.Fatalf("%v:\n%s", err, c.stdout)
	}
	if c.code != 0 || len(doc.Plan.Steps) != 1 || doc.Plan.Steps[0].Node != "cp-1" || len(doc.Result.Done) != 1 {
		t.Errorf("code %d, %+v", c.code, doc)
	}
}

// A command that is to be copied reaches the machines by the same way.
func TestNextCommandsKeepTheWayToTheMachines(t *testing.T) {
	c := (&console{args: "apply prod -y --ssh-config lab/ssh_config"}).run(t, newFake())
	says(t, "stderr", c.stderr, "bulwark kubeconfig prod --ssh-config lab/ssh_config --merge", "bulwark apply prod --ssh-config lab/ssh_config")
}

func TestKindCreateMakesNodesAndApplies(t *testing.T) {
	f := newFake()
	c := (&console{args: "kind create prod --image img"}).run(t, f)
	if c.code != 0 || !slices.Equal(f.calls, []string{"kind create img", "open", "apply", "verify", "close"}) || !f.in.OnKind {
		t.Errorf("code %d after %v:\n%s", c.code, f.calls, c.stderr)
	}
	says(t, "stderr", c.stderr, "bulwark kind delete prod", "bulwark kubeconfig prod --on kind --merge")
}

// A cluster that lives already is changed as by apply: not without a yes.
func TestKindCreateAsksWhereTheNodesWereThere(t *testing.T) {
	for _, c := range []struct {
		console
		code    int
		applied bool
	}{
		{console{args: "kind create"}, exitUsage, false},
		{console{args: "kind create -o json", tty: true}, exitUsage, false},
		{console{args: "kind create", tty: true, stdin: "no\n"}, exitError, false},
		{console{args: "kind create", tty: true, stdin: "yes\n"}, exitDone, true},
		{console{args: "kind create --auto-approve"}, exitDone, true},
	} {
		f := newFake()
		f.exists = true
		got := c.run(t, f)
		if got.code != c.code || slices.Contains(f.calls, "apply") != c.applied {
			t.Errorf("%q, answered %q: code %d after %v", c.args, c.stdin, got.code, f.calls)
		}
		if c.code == exitUsage {
			says(t, "it", got.stdout+got.stderr, "--auto-approve")
		}
	}
}

func TestKubeconfigGoesWhereItIsWanted(t *testing.T) {
	c := (&console{args: "kubeconfig"}).run(t, newFake())
	if c.code != 0 || c.stdout != "apiVersion: v1\nkind: Config\n" {
		t.Errorf("code %d: %q", c.code, c.stdout)
	}
	file := filepath.Join(t.TempDir(), "k")
	if err := os.WriteFile(file, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	c = (&console{args: "kubeconfig --file " + file}).run(t, newFake())
	info, err := os.Stat(file)
	if c.code != 0 || c.stdout != "" || err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("code %d: %q, %v, %v", c.code, c.stdout, info, err)
	}
	f := newFake()
	(&console{args: "kubeconfig --merge", env: map[string]string{"KUBECONFIG": "/a::/b", "HOME": "/root"}}).run(t, f)
	if !slices.Equal(f.merged, []string{"/a", "/b"}) {
		t.Errorf("merged into %v", f.merged)
	}
	f = newFake()
	(&console{args: "kubeconfig --merge --switch-context", env: map[string]string{"HOME": "/root"}}).run(t, f)
	if !slices.Equal(f.merged, []string{"/root/.kube/config"}) || !slices.Contains(f.calls, "use") {
		t.Errorf("merged into %v after %v", f.merged, f.calls)
	}
}

func TestLogFileIsPrivateAndPrintable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(file, []byte("before\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := newFake()
	f.during = func(context.Context) { f.in.Log.Debug("said", "by", "node \x1b[2J") }
	c := (&console{args: "apply -y -v --log-file " + file}).run(t, f)
	b, err := os.ReadFile(file)
	info, _ := os.Stat(file)
	if c.code != 0 || err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("code %d, %v, %v", c.code, info.Mode(), err)
	}
	says(t, "the log", string(b), "before\n", "level=DEBUG msg=said", `\x1b`)
	says(t, "stderr", c.stderr, "level=DEBUG msg=said")
	if strings.ContainsRune(string(b)+c.stderr, 0x1b) {
		t.Error("an escape came through")
	}
}
