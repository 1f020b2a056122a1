package plan

import (
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Process makes a component start again with what its files say.
type Process struct {
	Name string `json:"name"`
	// Seen is what it runs with instead, for people.
	Seen string `json:"seen"`
}

// startSlack is how many seconds two clocks of one machine may differ: the
// kernel's, which says when a process began, and the file system's.
const startSlack = 2

// restart names that a plan restarts a component of a node.
func restart(node, component string) string { return node + "/restart/" + component }

// processStep says whether a component runs with what its files say. Nothing is
// said where another step restarts it anyway, of a machine that is no node yet, and
// of a component that does not run, which is the kubelet's to start.
func (r rules) processStep(s Step, want state.WantProcess, n *state.Node) (Step, bool) {
	s.Kind, s.Action, s.Restarts = KindProcess, Run, []string{want.Name}
	s.Process = &Process{Name: want.Name}
	got, runs := n.Processes[want.Name]
	if !runs || !n.Files[kubeletConf].Exists() || r.planned[restart(n.Name, want.Name)] {
		return s, false
	}
	if text, known := n.Derived[want.Manifest]; known {
		if args := Command(text); args != nil && !slices.Equal(args, got.Args) {
			s.Process.Seen = strings.Join(differing(args, got.Args), " ")
			return s, true
		}
	}
	for _, read := range want.Reads {
		if f := n.Files[read]; f.Type == "file" && got.Started > 0 && f.Changed > got.Started+startSlack && f.Changed <= n.Clock {
			s.Process.Seen = path.Base(read) + " is newer than the process"
			return s, true
		}
	}
	return s, false
}

// differing are arguments that a process has and should not, or lacks.
func differing(want, have []string) []string {
	var out []string
	for _, a := range have {
		if !slices.Contains(want, a) {
			out = append(out, a)
		}
	}
	for _, a := range want {
		if !slices.Contains(have, a) {
			out = append(out, "without "+a)
		}
	}
	return out
}

// Command is what the first container of a pod's manifest runs, or nil.
func Command(manifest []byte) []string {
	var pod struct {
		Spec struct {
			Containers []struct {
				Command []string `json:"command"`
				Args    []string `json:"args"`
			} `json:"containers"`
		} `json:"spec"`
	}
	if yaml.Unmarshal(manifest, &pod) != nil || len(pod.Spec.Containers) == 0 {
		return nil
	}
	c := pod.Spec.Containers[0]
	return append(c.Command, c.Args...)
}

// samePod says whether two manifests say the same in other words.
func samePod(a, b []byte) bool {
	var x, y any
	return yaml.Unmarshal(a, &x) == nil && yaml.Unmarshal(b, &y) == nil && x != nil && reflect.DeepEqual(x, y)
}

// strays are files in a folder that may hold only what is named. Names that begin
// with a dot are nobody's orders.
func (r rules) strays(f state.Fact, n *state.Node) []Step {
	var out []Step
	for _, p := range slices.Sorted(maps.Keys(n.Files)) {
		got := n.Files[p]
		name := path.Base(p)
		if path.Dir(p) != f.Folder.Path || !got.Exists() || got.Type == "dir" || strings.HasPrefix(name, ".") || slices.Contains(f.Folder.Names, name) {
			continue
		}
		s := Step{ID: n.Name + "/file" + p, Node: n.Name, Kind: KindFile, Action: Remove, Title: p, Why: r.why(f.Why), After: f.After,
			File: &FileStep{Want: state.File{Path: p, Origin: state.Forbidden, Why: f.Why}, Had: got.Seen()}}
		if s.File.Had == "" {
			s.File.Had = AnyBytes // it has none
		}
		out = append(out, s)
		r.planned[s.ID] = true
	}
	return out
}
