package cli

import (
	"context"

	"github.com/bulwark-k8s/bulwark/cmd/view"
	"github.com/bulwark-k8s/bulwark/provision"
)

// realProvision is package provision itself.
type realProvision struct{}

var _ Provision = realProvision{}

// Load reads and resolves a spec.
func (realProvision) Load(ctx context.Context, in provision.Input) (Loaded, error) {
	l, err := provision.Validate(ctx, in)
	if err != nil {
		return Loaded{}, err
	}
	return Loaded{Cluster: l.Cluster, Warnings: view.Diagnosis{Diags: l.Warnings, Files: l.Files}}, nil
}

// Render computes every file of a spec.
func (realProvision) Render(ctx context.Context, in provision.Input) (*provision.Rendered, error) {
	return provision.Render(ctx, in)
}

// Audit asks all controls.
func (realProvision) Audit(ctx context.Context, in provision.Input, rendered bool) (*Audited, error) {
	if rendered {
		return provision.AuditRendered(ctx, in)
	}
	return provision.Audit(ctx, in)
}

// Profiles are all that there are.
func (realProvision) Profiles(ctx context.Context, in provision.Input) (*provision.Standards, error) {
	return provision.Profiles(ctx, in)
}

// Explain says why a setting has its value.
func (realProvision) Explain(ctx context.Context, in provision.Input, setting string) (*Explained, error) {
	return provision.Explain(ctx, in, setting)
}

// Snapshot is what checks see.
func (realProvision) Snapshot(ctx context.Context, in provision.Input, rendered bool) (*provision.Recorded, error) {
	return provision.Snapshot(ctx, in, rendered)
}

// AuditSnapshots asks of what was recorded.
func (realProvision) AuditSnapshots(ctx context.Context, in provision.Input, files []provision.SnapshotFile) ([]*Audited, error) {
	return provision.AuditSnapshots(ctx, in, files)
}

// CompareAudits says what changed between two audits.
func (realProvision) CompareAudits(oldName string, older []byte, newName string, newer []byte) (*AuditDiff, error) {
	return provision.CompareAudits(oldName, older, newName, newer)
}

// Open connects to the machines and looks.
func (realProvision) Open(ctx context.Context, in provision.Input) (Session, error) {
	s, err := provision.Open(ctx, in)
	if err != nil {
		return nil, err
	}
	return realSession{s}, nil
}

// OpenSaved opens the cluster of a saved plan.
func (realProvision) OpenSaved(ctx context.Context, in provision.Input, plan []byte) (Session, error) {
	s, err := provision.OpenSaved(ctx, in, plan, buildVersion().Bulwark)
	if err != nil {
		return nil, err
	}
	return realSession{s}, nil
}

// Watch looks again and again.
func (realProvision) Watch(ctx context.Context, in provision.Input, o provision.WatchOptions) error {
	return provision.Watch(ctx, in, o)
}

// Reset takes a cluster off its machines.
func (realProvision) Reset(ctx context.Context, in provision.Input, confirm func([]string) bool, events func(Event)) (*Plan, Result, error) {
	return provision.Reset(ctx, in, confirm, events)
}

// KindCreate makes kind nodes.
func (realProvision) KindCreate(ctx context.Context, in provision.Input, image string, events func(Event)) (bool, error) {
	return provision.KindCreate(ctx, in, image, events)
}

// KindDelete removes kind nodes.
func (realProvision) KindDelete(ctx context.Context, in provision.Input) error {
	return provision.KindDelete(ctx, in)
}

// Import describes a cluster that somebody else made.
func (realProvision) Import(ctx context.Context, in provision.ImportInput) (*provision.Adoption, error) {
	return provision.Import(ctx, in)
}

// MergeKubeconfig puts a kubeconfig into the operator's own.
func (realProvision) MergeKubeconfig(ctx context.Context, kubeconfig []byte, paths []string, use bool) ([]string, error) {
	return provision.MergeKubeconfig(ctx, kubeconfig, paths, use)
}

// Format brings text into the standard format.
func (realProvision) Format(src []byte, filename string) ([]byte, error) {
	return provision.Format(src, filename)
}

// Starter is a first spec.
func (realProvision) Starter() []byte { return provision.Starter() }

// realSession is a session of package provision.
type realSession struct{ *provision.Session }

// Look is what opening it found.
func (s realSession) Look() Look {
	return Look{Cluster: s.Cluster, Plan: s.Plan, Problems: s.Problems, Notes: s.Notes, Verified: s.Verified()}
}

// Save is its plan as a file.
func (s realSession) Save(in provision.Input) ([]byte, error) {
	return s.Session.Save(in, buildVersion().Bulwark)
}

// Verify asks the cluster.
func (s realSession) Verify(ctx context.Context) ([]Check, error) { return s.Session.Verify(ctx) }

// Kubeconfig makes a kubeconfig.
func (s realSession) Kubeconfig(ctx context.Context, o provision.KubeconfigOptions) ([]byte, error) {
	return s.Session.Kubeconfig(ctx, o)
}
