// Package provision is the facade: one Go call for every verb of the command
// line. It opens specs and machines, and hands values to the rooms below it.
package provision

import (
	"context"
	"io/fs"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// Input is what every verb is told: the spec and how to read it.
type Input struct {
	// Path is a file or a folder with one cluster in it.
	Path string
	// Vars are values for the spec's variables.
	Vars map[string]string
	// LookupEnv answers for environment variables, BULWARK_VAR_x and env("X").
	LookupEnv func(string) (string, bool)
	// Overlay is a file of deviations, or "".
	Overlay string
	// OnKind means the kind nodes of the cluster instead of its machines.
	OnKind bool
	// KnownHosts and SSHConfig replace the operator's own files when set.
	KnownHosts, SSHConfig string
	// Parallelism bounds how many machines are worked on at a time; 0 means 10.
	Parallelism int
	// Logf receives debug lines; nil drops them.
	Logf func(format string, args ...any)
}

// RenderedFile is one file of a rendering. Path is relative to the folder the
// rendering is written to: "cp-1/files/etc/kubernetes/…".
type RenderedFile struct {
	Path    string
	Content []byte
}

// Rendered is what a spec comes to without looking at any machine.
type Rendered struct {
	Cluster *cluster.Cluster
	Files   []RenderedFile
	// Plan is the plan for machines that have nothing yet.
	Plan *plan.Plan
}

// Problem is one reason why a node cannot be worked on, from preflight.
type Problem struct {
	Node  string `json:"node"`
	Check string `json:"check"`
	// Seen is what the machine has, Remedy what a person does about it.
	Seen   string `json:"seen"`
	Remedy string `json:"remedy"`
	// Warning problems are shown and do not stop a run.
	Warning bool `json:"warning,omitempty"`
}

// Mode is the permission bits a written file of the operator's gets.
const privateMode fs.FileMode = 0o600

// ApplyOptions are the choices of one apply.
type ApplyOptions struct {
	Events func(apply.Event)
}

// KubeconfigOptions are the choices of one kubeconfig.
type KubeconfigOptions struct {
	// TTLSeconds is how long the client certificate is valid; 0 means 24 hours.
	TTLSeconds int
	// User is the name in the certificate; "" means "bulwark-admin".
	User string
}

var _ = context.Background
