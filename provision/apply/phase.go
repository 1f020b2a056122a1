package apply

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/bulwark-k8s/bulwark/provision/apply/machine"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// phase runs one kubeadm command, with the files it needs for just that long,
// and sets the modes of what it wrote before anything else happens.
func (ru *run) phase(ctx context.Context, s plan.Step) (err error) {
	h := ru.Hosts[s.Node]
	var sets []machine.Op
	// Armed before anything is resolved, since resolving makes a token: neither
	// file nor token outlives an attempt, wherever it ended.
	defer func() { err = errors.Join(err, ru.leave(ctx, s, sets)) }()
	var before []machine.Op
	for _, stale := range s.Phase.Clear {
		before = append(before, machine.Op{Kind: machine.Remove, Path: stale, Had: machine.AnyDigest})
	}
	before = append(before, room(s.Phase.Makes)...)
	for _, f := range s.Phase.Transient {
		text, err := ru.values.resolve(ctx, f)
		if err != nil {
			return err
		}
		before = append(before, machine.Op{Kind: machine.PutFile, Path: f.Path, Mode: fs.FileMode(f.Mode), Owner: f.Owner, Content: text, Had: machine.AnyDigest})
	}
	do := machine.Do
	if s.Guarded {
		do = machine.DoGuarded
		for _, p := range s.Phase.Makes {
			before = append(before, machine.Op{Kind: machine.WillMake, Path: p})
		}
	}
	if _, err := do(ctx, h, before); err != nil {
		return err
	}
	timeout := phaseTimeout
	if s.Guarded { // it must have ended when the node puts back what was before
		timeout = guardTime / 2
	}
	result, err := machine.Run(ctx, h, s.ID, command(*s.Phase), machine.RunOptions{Timeout: timeout, Keep: true})
	if err != nil {
		return err
	}
	// Nothing of the cluster depends on it, so the next step does not wait.
	ru.tidying.start(func() error {
		ctx, cancel := cleaning(ctx, s)
		defer cancel()
		if err := machine.Forget(ctx, h, s.ID); err != nil {
			ru.note(s, "its result could not be put away, which the next run does: %v", err)
		}
		return nil
	})
	if result.Exit != 0 {
		return &host.CommandError{Host: h.String(), Program: "kubeadm " + strings.Join(s.Phase.Args, " "), Exit: result.Exit, Stderr: tail(result.Output)}
	}
	for _, f := range s.Phase.Sets {
		sets = append(sets, attributes(f))
	}
	for _, p := range s.Phase.Makes {
		if s.Guarded {
			sets = append(sets, machine.Op{Kind: machine.HasMade, Path: p})
		}
	}
	return nil
}

// command is what a phase runs. kubeadm leaves it to the kernel when what it wrote
// is on the disk; a shell has it there before the phase has ended. Where kubeadm
// prints what it makes, the shell puts it into the file: it may be a key, and must
// pass through nothing else.
func command(p state.Phase) []string {
	kubeadm := append([]string{"kubeadm"}, p.Args...)
	if p.Into != "" {
		return append([]string{"sh", "-c", into, p.Into}, kubeadm...)
	}
	script := synced
	if p.Awaits != "" {
		script = awaited + synced
	}
	return append([]string{"sh", "-c", script, strings.Join(written(p), " "), p.Awaits}, kubeadm...)
}

// The scripts around kubeadm, each one line, as all that is run is given. $0 is what
// it writes; of those with words behind them the first is what it waits for.
const (
	awaited = `n=30; until [ -e "$1" ] || [ "$((n -= 1))" = 0 ]; do sleep 1; done; `
	synced  = `shift; "$@" || exit; set --; for f in $0; do [ ! -e "$f" ] || set -- "$@" "$f"; done; [ "$#" = 0 ] || sync "$@" 2>/dev/null || sync`
	into    = `umask 077 && rm -f "$0.part" && "$@" >"$0.part" && { sync "$0.part" 2>/dev/null || sync; } && mv -f "$0.part" "$0" && { sync "${0%/*}" 2>/dev/null || sync; }`
)

// written are the files that a phase may have written, and the folders they are in.
func written(p state.Phase) []string {
	files := slices.Concat(p.Makes, p.Besides, slices.Collect(maps.Keys(p.Lacks)))
	for _, f := range slices.Clone(files) {
		files = append(files, path.Dir(f))
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// leave ends an attempt at a phase: its files and tokens go, and what it wrote
// gets its modes. None of these waits for another, and the node waits for all.
func (ru *run) leave(ctx context.Context, s plan.Step, sets []machine.Op) error {
	ctx, cancel := cleaning(ctx, s)
	defer cancel()
	var ops []machine.Op
	for _, f := range s.Phase.Transient {
		ops = append(ops, machine.Op{Kind: machine.Remove, Path: f.Path, Had: machine.AnyDigest})
	}
	ops = append(ops, sets...)
	var rest tasks
	rest.start(func() error { _, err := machine.Do(ctx, ru.Hosts[s.Node], ops); return err })
	if len(s.Phase.Transient) > 0 {
		rest.start(func() error { return ru.api.forget(ctx, s.Node) })
	}
	return rest.wait()
}

// cleaning is for what is done after a phase, also when the phase took all of
// its own time.
func cleaning(ctx context.Context, s plan.Step) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(context.WithoutCancel(ctx), opsTimeout,
		fmt.Errorf("cleaning up after %s took more than %s: see whether machine and API answer, and apply again; a token that is left ends by itself within %s", s.ID, opsTimeout, tokenTTL))
}

// mostOfKubeadm bounds what kubeadm writes to one file. The largest, a static
// pod manifest or a kubeconfig, has some 6 KiB; the bound leaves room for the
// arguments of a spec and for what it writes beside a file before it renames it.
const mostOfKubeadm = 16 << 10

// room asks for space in each folder that kubeadm is about to write to. Without
// it kubeadm would stop halfway, and say neither what is free nor what is needed.
func room(makes []string) []machine.Op {
	var ops []machine.Op
	for _, file := range makes {
		i := slices.IndexFunc(ops, func(o machine.Op) bool { return path.Dir(o.Path) == path.Dir(file) })
		if i < 0 {
			i = len(ops)
			ops = append(ops, machine.Op{Kind: machine.NeedRoom, Path: file})
		}
		ops[i].Files++
		ops[i].Bytes += mostOfKubeadm
	}
	return ops
}

// tasks are things done at the same time.
type tasks struct {
	group sync.WaitGroup
	mu    sync.Mutex
	errs  []error
}

func (t *tasks) start(f func() error) {
	t.group.Go(func() {
		err := f()
		t.mu.Lock()
		defer t.mu.Unlock()
		t.errs = append(t.errs, err)
	})
}

func (t *tasks) wait() error {
	t.group.Wait()
	return errors.Join(t.errs...)
}

// tailLines is how much of a command's output an error shows.
const tailLines = 15

func tail(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if len(lines) > tailLines {
		lines = append([]string{"…"}, lines[len(lines)-tailLines:]...)
	}
	return strings.Join(lines, "\n")
}

// stepOperations are the machine's side of one file, sysctl, module or unit step.
func (ru *run) stepOperations(ctx context.Context, s plan.Step) ([]machine.Op, error) {
	switch s.Kind {
	case plan.KindFile:
		return ru.fileOperations(ctx, *s.File)
	case plan.KindSysctl:
		return []machine.Op{{Kind: machine.WriteSysctl, Key: s.Sysctl.Key, Value: s.Sysctl.Value}}, nil
	case plan.KindModule:
		return []machine.Op{{Kind: machine.LoadModule, Key: s.Module.Name}}, nil
	case plan.KindUnit:
		var ops []machine.Op
		for _, verb := range s.Unit.Verbs {
			ops = append(ops, machine.Op{Kind: machine.DoUnit, Key: s.Unit.Name, Value: verb})
		}
		return ops, nil
	default:
		return nil, fmt.Errorf("no operation for a step of kind %q", s.Kind)
	}
}

// fileOperations are what one file takes: where a symbolic link is, that goes first,
// since nothing is ever written through one.
func (ru *run) fileOperations(ctx context.Context, f plan.FileStep) ([]machine.Op, error) {
	op, err := ru.fileOperation(ctx, f)
	switch {
	case err != nil:
		return nil, err
	case f.Want.Tree && f.Want.Origin != state.Forbidden:
		return []machine.Op{op, ownTree(f.Want)}, nil
	case f.Link == "":
		return []machine.Op{op}, nil
	}
	return []machine.Op{{Kind: machine.Remove, Path: f.Want.Path, Had: f.Link}, op}, nil
}

func (ru *run) fileOperation(ctx context.Context, f plan.FileStep) (machine.Op, error) {
	want := f.Want
	op := machine.Op{Path: want.Path, Mode: want.Mode.Perm(), Owner: want.Owner, Had: f.Had}
	switch {
	case want.Origin == state.Forbidden:
		op.Kind = machine.Remove
		if want.Tree {
			op.Kind = machine.RemoveTree
		}
	case want.Mode.IsDir():
		op.Kind = machine.MakeDir
	case f.Attributes:
		return attributes(want), nil
	case want.Origin == state.Derived:
		op.Kind, op.Content = machine.PutFile, want.Content
	case want.CopyOf != "":
		op.Kind, op.From = machine.CopyFile, want.CopyOf
	case f.CopyFrom != "":
		text, err := ru.read(ctx, f.CopyFrom, want.Path)
		if err != nil {
			return op, err
		}
		op.Kind, op.Content = machine.PutFile, text
	default:
		text, err := ru.values.resolve(ctx, want)
		if err != nil {
			return op, err
		}
		op.Kind, op.Content = machine.PutFile, text
	}
	return op, nil
}

// read is a file of another node, in memory only. Control planes share keys that
// nobody else may have, so nothing is written on the way.
func (ru *run) read(ctx context.Context, node, path string) (state.Secret, error) {
	h := ru.Hosts[node]
	if h == nil {
		return nil, fmt.Errorf("%s is to be copied from %s, which was not connected to", path, node)
	}
	n, err := observe.Node(ctx, h, observe.Ask{Node: node, Files: []observe.AskFile{{Path: path, Text: true}}})
	if err != nil {
		return nil, err
	}
	f := n.Files[path]
	if f.Type != "file" || len(f.Text) == 0 {
		return nil, fmt.Errorf("%s: %s is to be copied from here, and is not a file with anything in it", h, path)
	}
	return f.Text, nil
}

// ownTree gives all that lies under a folder the folder's owner.
func ownTree(f state.File) machine.Op {
	return machine.Op{Kind: machine.OwnTree, Path: f.Path, Owner: f.Owner}
}

// attributes gives a path its mode and owner and nothing else.
func attributes(f state.File) machine.Op {
	return machine.Op{Kind: machine.SetAttributes, Path: f.Path, Mode: f.Mode.Perm(), Owner: f.Owner}
}
