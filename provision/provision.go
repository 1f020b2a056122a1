// Package provision is the facade: one Go call for every verb of the command
// line. It opens specs and machines, and hands values to the rooms below it.
package provision

import (
	"log/slog"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// Input is what every verb is told: the spec and how to read it.
type Input struct {
	// Path is a file or a folder with one cluster in it.
	Path string
	// Hosts are machines of a cluster that has no spec, which an audit looks at; Path is
	// not read then.
	Hosts []ImportHost
	// Vars are values for the spec's variables.
	Vars map[string]string
	// LookupEnv answers for environment variables, BULWARK_VAR_x and env("X").
	LookupEnv func(string) (string, bool)
	// Overlay is a file of deviations, or "".
	Overlay string
	// OnKind means the kind nodes of the cluster instead of its machines.
	OnKind bool
	// Nodes are those whose steps are planned for, or that an audit is of; none means
	// all. All machines are looked at.
	Nodes []string
	// Profiles are those that an audit asks, instead of the spec's; "all" means every
	// control that there is.
	Profiles []string
	// Controls are the ids that an audit asks, "CIS-1.2.*" for many; none means all of its
	// profiles.
	Controls []string
	// Remove means that nodes of the cluster that the spec does not name leave it.
	Remove bool
	// ReadOnly means that nothing is written on a machine, not even to put away
	// what an earlier run left.
	ReadOnly bool
	// TakeLock means that locks which others hold on machines are taken away from
	// them.
	TakeLock bool
	// Version is this bulwark's, for whoever is told who holds a lock.
	Version string
	// SSHConfig replaces the operator's own SSH configuration when set.
	SSHConfig string
	// Parallelism bounds how many machines are worked on at a time; 0 means 10.
	Parallelism int
	// Log receives debug lines; nil drops them.
	Log *slog.Logger
	// again is set by who looks again and again.
	again *memories
}

// RenderedFile is one file of a rendering. Path is relative to the folder the
// rendering is written to: "cp-1/files/etc/kubernetes/…".
type RenderedFile struct {
	Path string
	// Content is nil of the plan, which would be as large as all other files: see
	// [RenderedFile.Write].
	Content []byte
	plan    *plan.Plan
}

// Rendered is what a spec comes to without looking at any machine.
type Rendered struct {
	Cluster *cluster.Cluster
	Files   []RenderedFile
	// Plan is the plan for machines that have nothing yet.
	Plan *plan.Plan
}

// Problem is one reason why a node cannot be worked on, from preflight.
type Problem = plan.Problem

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
