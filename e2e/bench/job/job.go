// Package job is what a benchmark tells a controller, the process whose time
// and memory are measured, and what that one answers.
package job

import (
	"io/fs"
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// What is what a controller does.
type What string

// What there is to do.
const (
	// Check looks at all machines with bulwark, and computes what is unmet.
	Check What = "check"
	// Repair does the same, and applies the plan.
	Repair What = "repair"
	// Floor connects and executes with x/crypto alone, reads what comes, and
	// compares no more than lines: what no tool on x/crypto can be faster than.
	Floor What = "floor"
	// Render renders Spec, and writes nothing.
	Render What = "render"
	// Audit asks Profiles of Snapshot.
	Audit What = "audit"
)

// Job is one run, as JSON on a controller's standard input.
type Job struct {
	What What
	// Parallel bounds how many machines are talked to at a time. Batch makes the
	// floor wait for all of a batch before it begins the next one.
	Parallel int
	Batch    bool
	// TimeoutSeconds bounds one login; 0 means bulwark's own bound.
	TimeoutSeconds int
	User           string
	// SSHConfig is the operator's configuration, Key what the floor logs in with.
	SSHConfig, Key string
	Nodes          []Node
	Files          []File
	// Ask is what a look asks besides the files, with paths below a node's root.
	Ask observe.Ask
	// Command, on all nodes, is what the floor executes; its %s is the node's
	// root. Empty means that it sends what a look sends, for a fleet that answers it.
	Command string
	// Expected are the lines that Command prints on a node without drift.
	Expected string
	// Spec is what Render renders, and an audit finds no profile of its own in.
	Spec string
	// Snapshot is the file that Audit reads.
	Snapshot string
	Profiles []string
}

// Node is one machine, and the folder of its own in which it has the files.
type Node struct {
	Name, Host    string
	Port          uint16
	HostKey, Root string
}

// File is one that every node should have.
type File struct {
	// Path is below the node's root, and begins with a slash.
	Path    string
	Mode    fs.FileMode
	Owner   string
	Content []byte
	// Text is asked for with the content.
	Text bool
}

// Report is what came of a job, as JSON.
type Report struct {
	// Drift is "node path" for each file that is not as it should be, sorted.
	Drift []string
	// Repaired are the steps that were done.
	Repaired []string
	// Failed are machines that could not be looked at, and why.
	Failed map[string]string
	// Done is after how many seconds each machine had answered.
	Done map[string]float64
	// Seconds is what the job took from the process' own start.
	Seconds float64
	// Start is the processor time that went before main began.
	Start float64
	// PeakKiB is the most memory the process ever had resident.
	PeakKiB int64
	// Digest is the SHA-256 of what was rendered.
	Digest string
	// Verdicts are how many findings of an audit have which one.
	Verdicts map[string]int
}

// Wants are a job's files as facts of its nodes.
func (j Job) Wants() []state.Want {
	var out []state.Want
	for _, n := range j.Nodes {
		w := state.Want{Node: n.Name}
		for _, f := range j.Files {
			w.Facts = append(w.Facts, state.Fact{
				ID: n.Name + "/file" + f.Path,
				File: &state.File{
					Path: n.Root + f.Path, Origin: state.Written, Mode: state.Mode(f.Mode), Owner: f.Owner, Content: f.Content,
				},
			})
		}
		out = append(out, w)
	}
	return out
}

// AskOf is what a look asks of one node.
func (j Job) AskOf(n Node) observe.Ask {
	a := j.Ask
	a.Node, a.Files, a.Dirs = n.Name, nil, nil
	for _, f := range j.Ask.Files {
		a.Files = append(a.Files, observe.AskFile{Path: n.Root + f.Path, Text: f.Text})
	}
	for _, f := range j.Files {
		a.Files = append(a.Files, observe.AskFile{Path: n.Root + f.Path, Text: f.Text})
	}
	for _, d := range j.Ask.Dirs {
		a.Dirs = append(a.Dirs, n.Root+d)
	}
	a.Runs = slices.Clone(j.Ask.Runs)
	for i, r := range a.Runs { // "node/phase/name"
		_, rest, _ := strings.Cut(r, "/")
		a.Runs[i] = n.Name + "/" + rest
	}
	return a
}

// Nonce stands in a recorded answer for the one that is asked with.
const Nonce = "<nonce-of-the-look>"

// Fleet is what a process that stands for many machines is told, as one line.
type Fleet struct {
	Nodes int
	// UserKey may log in, in authorized_keys form.
	UserKey string
	// Answer is a recorded look's, with [Nonce] in it; Root is where it looked.
	Answer []byte
	Root   string
	// Silent, counted from one, takes connections and says nothing; Drifted answers
	// with another digest in place of Digest. 0 is none.
	Silent, Drifted int
	Digest          string
}
