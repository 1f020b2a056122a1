package cli

import (
	"context"
	"io"

	"github.com/bulwark-k8s/bulwark/cmd/view"
	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/report"
	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// The types that the facade's signatures name. The rooms they live in are
// imported here and where errors become exit codes, and nowhere else in this
// package: a verb knows the facade and the view.
type (
	// Cluster is a resolved spec.
	Cluster = cluster.Cluster
	// Plan is the steps that would be done.
	Plan = plan.Plan
	// Event is one thing that happened while a plan ran.
	Event = apply.Event
	// Result is how a run of a plan ended.
	Result = apply.Result
	// Audited is what controls say of a cluster.
	Audited = provision.Audited
	// Explained is why a setting has its value.
	Explained = cluster.Explained
	// Control is one rule of a standard.
	Control = profiles.Control
	// Report is the document of an audit, AuditDiff what changed between two.
	Report    = report.Document
	AuditDiff = report.Diff
	// Check is one thing that was verified.
	Check = apply.Check
)

// Provision is what the verbs need of package provision.
type Provision interface {
	Load(ctx context.Context, in provision.Input) (Loaded, error)
	Render(ctx context.Context, in provision.Input) (*provision.Rendered, error)
	// Audit asks all controls, of what a spec comes to or of the living cluster.
	Audit(ctx context.Context, in provision.Input, rendered bool) (*Audited, error)
	// Profiles are all that there are, with those of the spec where one is named.
	Profiles(ctx context.Context, in provision.Input) (*provision.Standards, error)
	// Explain says why a setting of a spec has its value.
	Explain(ctx context.Context, in provision.Input, setting string) (*Explained, error)
	// Snapshot is what checks see, of what a spec comes to or of the living cluster.
	Snapshot(ctx context.Context, in provision.Input, rendered bool) (*provision.Recorded, error)
	// AuditSnapshots asks a spec's profiles of what was recorded.
	AuditSnapshots(ctx context.Context, in provision.Input, files []provision.SnapshotFile) ([]*Audited, error)
	// CompareAudits reads two documents of audits; the names are for errors.
	CompareAudits(oldName string, older []byte, newName string, newer []byte) (*AuditDiff, error)
	// Open connects to every node, looks, and computes problems and plan.
	Open(ctx context.Context, in provision.Input) (Session, error)
	// OpenSaved is Open for a saved plan, which must still be the plan.
	OpenSaved(ctx context.Context, in provision.Input, plan []byte) (Session, error)
	// Watch looks again and again, and repairs where asked.
	Watch(ctx context.Context, in provision.Input, o provision.WatchOptions) error
	// Reset asks confirm with the names of the nodes before it changes any.
	Reset(ctx context.Context, in provision.Input, confirm func(nodes []string) bool, events func(Event)) (*Plan, Result, error)
	// KindCreate makes the kind nodes of a cluster and nothing on them, and says
	// whether it made them or they were there already.
	KindCreate(ctx context.Context, in provision.Input, image string, events func(Event)) (made bool, err error)
	KindDelete(ctx context.Context, in provision.Input) error
	// Import describes a living cluster that somebody else made.
	Import(ctx context.Context, in provision.ImportInput) (*provision.Adoption, error)
	// MergeKubeconfig puts a kubeconfig into the operator's own, whose files are
	// paths in kubectl's order, and answers which were written.
	MergeKubeconfig(ctx context.Context, kubeconfig []byte, paths []string, use bool) ([]string, error)
	Format(src []byte, filename string) ([]byte, error)
	Starter() []byte
}

// Loaded is an accepted spec with what is worth a second look.
type Loaded struct {
	Cluster  *Cluster
	Warnings view.Diagnosis
}

// Session is one cluster whose machines were reached and looked at.
type Session interface {
	Look() Look
	// Save is the plan as a file for OpenSaved.
	Save(in provision.Input) ([]byte, error)
	Apply(ctx context.Context, o provision.ApplyOptions) (Result, error)
	Verify(ctx context.Context) ([]Check, error)
	Kubeconfig(ctx context.Context, o provision.KubeconfigOptions) ([]byte, error)
	Close() error
}

// Look is what opening a session found.
type Look struct {
	Cluster  *Cluster
	Plan     *Plan
	Problems []provision.Problem
	Notes    []string
	// Verified says that the cluster passed verification as it is wanted now.
	Verified bool
}

// View is what the verbs need of package view.
type View interface {
	Valid(c *Cluster)
	Diagnostics(d view.Diagnosis)
	Rendered(dir string, r *provision.Rendered)
	Profiles(s *provision.Standards, controls bool)
	Control(c Control, in *provision.Standards)
	Explained(e *Explained)
	Audited(r *Report)
	// Tested is the audit of a recorded snapshot.
	Tested(snapshot string, r *Report)
	// AuditNotes are what an audit could not look at, where its report is data.
	AuditNotes(r *Report)
	AuditDiff(d *AuditDiff)
	Formatted(path string)
	Diff(name string, before, after []byte)
	Data(b []byte)
	Wrote(path, what string)
	Problems(all []provision.Problem)
	Plan(p *Plan, notes []string)
	Targets(intro string, names []string)
	Ask(ctx context.Context, in io.Reader, question string) (bool, error)
	Begin(p *Plan)
	Event(e Event)
	Finish()
	Applied(r Result)
	Checks(all []Check)
	// Looked is what a pass of a watch found, Passed what it came to.
	Looked(p provision.Pass)
	Passed(p provision.Pass)
	Findings(all []provision.Finding)
	Next(steps []view.NextStep)
	Version(v view.VersionInfo)
	Say(format string, args ...any)
	Warn(format string, args ...any)
	Debug(line string)
	Close(err error, code int) error
}

var (
	_ View = (*view.Human)(nil)
	_ View = (*view.JSON)(nil)
)
