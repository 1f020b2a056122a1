package apply

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
)

func TestALinkGoesAsThePlanSawIt(t *testing.T) {
	f := plan.FileStep{Link: "link:aa", Want: state.File{Path: "/etc/f", Origin: state.Derived, Mode: 0o600, Owner: "root:root"}}
	ops, err := new(run).fileOperations(t.Context(), f)
	if err != nil || len(ops) != 2 || ops[0].Kind != machine.Remove || ops[0].Had != f.Link || ops[1].Kind != machine.PutFile {
		t.Errorf("%+v, %v", ops, err)
	}
}

func TestRoomIsForEachFolder(t *testing.T) {
	got := room([]string{"/p/ca.crt", "/p/ca.key", "/p/etcd/ca.crt", "/p/sa.key"})
	want := []machine.Op{
		{Kind: machine.NeedRoom, Path: "/p/ca.crt", Bytes: 3 * mostOfKubeadm, Files: 3},
		{Kind: machine.NeedRoom, Path: "/p/etcd/ca.crt", Bytes: mostOfKubeadm, Files: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// On a disk that is too full kubeadm is not begun: the fake knows of nothing
// else than the question.
func TestKubeadmIsNotBegunWithoutRoom(t *testing.T) {
	h := hosttest.New(t, "ops@cp-1").Expect("change", func(stdin []byte) (host.Result, error) {
		nonce, asked, _ := strings.Cut(string(stdin), "\n")
		if want := fmt.Sprintf("remove\n/m/old.yaml\nany\nroom\n/m/etcd.yaml\n%d\n1\n", mostOfKubeadm); !strings.HasPrefix(asked, want) {
			t.Errorf("asked was %q", asked)
		}
		var out bytes.Buffer
		frame := func(kind, data string) { fmt.Fprintf(&out, "%s %s 0 %d\n%s\n", nonce, kind, len(data), data) }
		frame("done", "same")
		frame("failed", "full\n4096 20480")
		frame("end", "")
		return host.Result{Stdout: out.Bytes()}, nil
	})
	ru := &run{Runner: &Runner{Access: Access{Hosts: map[string]host.Host{"cp-1": h}}}}
	err := ru.phase(t.Context(), plan.Step{ID: "cp-1/phase/init-etcd", Node: "cp-1", Phase: &state.Phase{
		Name: "init-etcd", Args: []string{"init"}, Clear: []string{"/m/old.yaml"}, Makes: []string{"/m/etcd.yaml"}}})
	full, ok := errors.AsType[*machine.DiskFullError](err)
	if !ok || full.Path != "/m/etcd.yaml" || full.Free != 4096 || full.Needed != 20480 {
		t.Errorf("%v", err)
	}
}

// A shell stands around kubeadm, and takes nothing away from it: not its arguments,
// nor how it ended.
func TestWhatAPhaseRuns(t *testing.T) {
	bin, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "kubeadm"), []byte("#!/bin/sh\nfor a in \"$@\"; do echo \"<$a>\"; done\n[ \"$1\" != fail ] || exit 7\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	file := filepath.Join(dir, "made")
	for _, c := range []struct {
		phase      state.Phase
		out, wrote string
		exit       int
	}{
		{state.Phase{Args: []string{"a b", "$c"}}, "<a b>\n<$c>\n", "", 0},
		{state.Phase{Args: []string{"a"}, Makes: []string{file}}, "<a>\n", "", 0}, // it need not have made it
		{state.Phase{Args: []string{"fail"}, Makes: []string{file}}, "<fail>\n", "", 7},
		{state.Phase{Args: []string{"a"}, Awaits: filepath.Join(bin, "kubeadm"), Makes: []string{bin + "/kubeadm"}}, "<a>\n", "", 0},
		{state.Phase{Args: []string{"a"}, Into: file}, "", "<a>\n", 0},
		{state.Phase{Args: []string{"fail"}, Into: file}, "", "", 7},
	} {
		argv := command(c.phase)
		if slices.ContainsFunc(argv, func(a string) bool { return strings.Contains(a, "\n") }) {
			t.Errorf("%q cannot be handed over: one word is one line", argv)
		}
		cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
		out, err := cmd.Output()
		wrote, _ := os.ReadFile(file)
		_ = os.Remove(file)
		if string(out) != c.out || string(wrote) != c.wrote || cmd.ProcessState.ExitCode() != c.exit {
			t.Errorf("%q: exit %d (%v), it said %q and wrote %q", argv, cmd.ProcessState.ExitCode(), err, out, wrote)
		}
	}
}

// The connection is lost while kubeadm runs. The run is attached to over
// another one, and what follows it finds a connection too.
func TestAPhaseOutlivesItsConnection(t *testing.T) {
	ended := func(stdin []byte) (host.Result, error) {
		return answers(stdin, "run", script.RunUnit("cp-1/phase/init")+"\nended 0\n"), nil
	}
	attached := hosttest.New(t, "attached").Expect("run", ended)
	after := hosttest.New(t, "after").Expect("run", func(stdin []byte) (host.Result, error) {
		if !strings.Contains(string(stdin), "\nforget\n") {
			t.Errorf("%q", stdin)
		}
		return answers(stdin), nil
	})
	first := hosttest.New(t, "first").Expect("run", func([]byte) (host.Result, error) {
		return host.Result{}, fmt.Errorf("%w: the connection ended", host.ErrUnreachable)
	}).ExpectFresh(attached, nil).ExpectFresh(after, nil)
	ru := &run{Runner: &Runner{Access: Access{Hosts: map[string]host.Host{"cp-1": host.NewLasting(first)}}}}
	if err := ru.phase(t.Context(), plan.Step{ID: "cp-1/phase/init", Node: "cp-1", Phase: &state.Phase{Name: "init", Args: []string{"init"}}}); err != nil {
		t.Error(err)
	}
	_ = ru.tidying.wait()
}

// What is tidied up after a phase is done also after Ctrl-C and after the phase
// used up its time, and not for ever.
func TestCleaningUpHasATimeOfItsOwn(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	ctx, cancel := cleaning(over, plan.Step{ID: "w-1/phase/join"})
	defer cancel()
	if _, bounded := ctx.Deadline(); !bounded || ctx.Err() != nil {
		t.Errorf("bounded: %v, %v", bounded, ctx.Err())
	}
}
