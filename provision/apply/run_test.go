package apply

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/hosttest"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// bench is a runner whose nodes are folders of this machine, changed by the
// real program under a real shell.
type bench struct {
	*Runner
	dir string

	mu     sync.Mutex
	events []string
}

func newBench(t *testing.T, nodes ...string) *bench {
	b := &bench{dir: t.TempDir()}
	hosts := map[string]host.Host{}
	for _, n := range nodes {
		hosts[n] = hosttest.NewShell(t, "sh")
		// As machines have: one program at a time works in a folder.
		if err := os.Mkdir(filepath.Join(b.dir, n), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	b.Runner = &Runner{
		Access: Access{Cluster: &cluster.Cluster{Name: "bench", Nodes: []cluster.Node{{Name: "a", Role: cluster.ControlPlane}}}, Hosts: hosts},
		Have:   &state.Cluster{},
		Events: func(e Event) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.events = append(b.events, fmt.Sprintf("%s %s", e.Kind, e.Step.ID))
		},
	}
	return b
}

// file is a step that writes a file of the bench.
func (b *bench) file(node, name, content string, after ...string) plan.Step {
	return plan.Step{
		ID: node + "/" + name, Node: node, Kind: plan.KindFile, Action: plan.Add, After: after,
		File: &plan.FileStep{Want: state.File{
			Path: filepath.Join(b.dir, node, name), Origin: state.Written, Mode: 0o600,
			Owner: fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid()), Content: []byte(content)}},
	}
}

// broken is a step that cannot be done: its folder does not exist.
func (b *bench) broken(node, name string, after ...string) plan.Step {
	s := b.file(node, name, "x", after...)
	s.File.Want.Path = filepath.Join(b.dir, "missing", name)
	return s
}

func TestStepsOfANodeRunInOrderAndWaitForOthers(t *testing.T) {
	b := newBench(t, "a", "b")
	steps := []plan.Step{b.file("a", "one", "1", "b/two"), b.file("a", "three", "3"), b.file("b", "two", "2")}
	res, err := b.Run(t.Context(), &plan.Plan{Steps: steps})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a/one", "a/three", "b/two"}; !slices.Equal(res.Done, want) {
		t.Errorf("done %v, want %v", res.Done, want)
	}
	done := func(id string) int { return slices.Index(b.events, "done "+id) }
	started := func(id string) int { return slices.Index(b.events, "started "+id) }
	if done("b/two") > started("a/one") {
		t.Errorf("a/one began before b/two was done: %v", b.events)
	}
	for _, name := range []string{"a/one", "b/two", "a/three"} {
		if _, err := os.Stat(filepath.Join(b.dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestAFailureEndsItsNodeAndWhoWaitsForIt(t *testing.T) {
	b := newBench(t, "a", "b", "c")
	steps := []plan.Step{
		b.file("a", "before", "1"), b.broken("a", "bad"), b.file("a", "behind", "1"),
		b.file("b", "waits", "1", "a/bad"), b.file("c", "free", "1"),
	}
	res, err := b.Run(t.Context(), &plan.Plan{Steps: steps})
	var partial *PartialError
	if !errors.As(err, &partial) || !strings.Contains(err.Error(), "a/bad") {
		t.Fatalf("error %v", err)
	}
	if !strings.Contains(err.Error(), "run apply again") {
		t.Errorf("%v", err)
	}
	if !slices.Equal(res.Done, []string{"a/before", "c/free"}) || !slices.Equal(res.Failed, []string{"a/bad"}) ||
		!slices.Equal(res.NotReached, []string{"a/behind", "b/waits"}) {
		t.Errorf("%+v", res)
	}
	if slices.Contains(b.events, "done a/bad") || !slices.Contains(b.events, "failed a/bad") {
		t.Errorf("events %v", b.events)
	}
}

func TestAFailedResetAsksForAReset(t *testing.T) {
	b := newBench(t, "a")
	b.Verb = "reset"
	_, err := b.Run(t.Context(), &plan.Plan{Steps: []plan.Step{b.broken("a", "bad")}})
	if err == nil || !strings.Contains(err.Error(), "run reset again") {
		t.Errorf("%v", err)
	}
}

func TestACancelledRunBeginsNothing(t *testing.T) {
	b := newBench(t, "a")
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("somebody pressed Ctrl-C")
	cancel(why)
	res, err := b.Run(ctx, &plan.Plan{Steps: []plan.Step{b.file("a", "one", "1")}})
	if !errors.Is(err, why) || len(res.Done) != 0 || len(b.events) != 0 {
		t.Errorf("%+v, %v, %v", res, err, b.events)
	}
}

func TestACancelFinishesTheStepUnderWay(t *testing.T) {
	b := newBench(t, "a", "b")
	ctx, cancel := context.WithCancel(t.Context())
	inner := b.Events
	b.Runner.Events = func(e Event) {
		inner(e)
		if e.Kind == Started && e.Step.ID == "a/one" {
			cancel()
		}
	}
	res, err := b.Run(ctx, &plan.Plan{Steps: []plan.Step{b.file("a", "one", "1"), b.file("b", "two", "2", "a/one")}})
	if err == nil || !slices.Equal(res.Done, []string{"a/one"}) || !slices.Equal(res.NotReached, []string{"b/two"}) {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestAKnownReferenceIsResolvedOnTheWay(t *testing.T) {
	b := newBench(t, "a")
	b.Have.API = state.API{Nodes: map[string]state.NodeObject{"a": {PodCIDRs: []string{"10.244.0.0/24"}}}}
	step := b.file("a", "cni", "subnet "+state.Ref("pod-cidr/a"))
	step.File.Want.Holds = []string{"pod-cidr"}
	if _, err := b.Run(t.Context(), &plan.Plan{Steps: []plan.Step{step}}); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(filepath.Join(b.dir, "a", "cni")); string(got) != "subnet 10.244.0.0/24" {
		t.Errorf("wrote %q", got)
	}
}

func TestAReferenceNobodyMakesWritesNothing(t *testing.T) {
	b := newBench(t, "a")
	step := b.file("a", "x", state.Ref("no-such-thing"))
	step.File.Want.Holds = []string{"no-such-thing"}
	_, err := b.Run(t.Context(), &plan.Plan{Steps: []plan.Step{step}})
	if err == nil || !strings.Contains(err.Error(), "no-such-thing") {
		t.Fatalf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(b.dir, "a", "x")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
}

// Text of a spec that looks like a reference is not one: the key belongs in
// its own file, and in no other.
func TestAReferenceThatNoTemplateMadeIsRefused(t *testing.T) {
	b := newBench(t, "a")
	step := b.file("a", "x", "external-hostname: "+state.Ref("encryption-key")+" "+state.Ref("pod-cidr/a"))
	step.File.Want.Holds = []string{"pod-cidr"}
	_, err := b.Run(t.Context(), &plan.Plan{Steps: []plan.Step{step}})
	if err == nil || !strings.Contains(err.Error(), state.Ref("encryption-key")+", which is not a reference this file may hold") {
		t.Fatalf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(b.dir, "a", "x")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
}

func TestOneKeyForOneRun(t *testing.T) {
	v := newValues(&state.Cluster{}, nil)
	file := state.File{Content: []byte(state.Ref("encryption-key")), Holds: []string{"encryption-key"}}
	one, err := v.resolve(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	two, _ := v.resolve(t.Context(), file)
	other, _ := newValues(&state.Cluster{}, nil).resolve(t.Context(), file)
	if string(one) != string(two) || string(one) == string(other) || len(one) != 44 {
		t.Errorf("keys of %d, %d and %d bytes", len(one), len(two), len(other))
	}
}
