package cli

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// fake is a Provision that answers what a test gives it. What it was not given
// is an error.
type fake struct {
	look     Look
	openErr  error
	applyErr error
	result   Result
	checks   []Check
	loadErr  error
	exists   bool                      // kind has the nodes already
	during   func(ctx context.Context) // runs while a plan is applied
	merged   []string
	passes   []provision.Pass // of a watch
	watch    provision.WatchOptions
	watchErr error
	// calls are what was asked of it, in order.
	calls []string
	in    provision.Input
	// imported is what an import was told, adoption what it answers.
	imported provision.ImportInput
	adoption *provision.Adoption
	audited  *Audited
	recorded *provision.Recorded
	// tested are the files that profiles were tried on.
	tested []provision.SnapshotFile
}

var _ Provision = (*fake)(nil)

func (f *fake) call(name string, in provision.Input) { f.calls, f.in = append(f.calls, name), in }

func (f *fake) Load(_ context.Context, in provision.Input) (Loaded, error) {
	f.call("load", in)
	return Loaded{Cluster: f.look.Cluster}, f.loadErr
}

func (f *fake) Render(_ context.Context, in provision.Input) (*provision.Rendered, error) {
	f.call("render", in)
	return &provision.Rendered{Cluster: f.look.Cluster, Files: []provision.RenderedFile{
		{Path: "cp-1/files/etc/a", Content: []byte("a")}, {Path: "plan.json", Content: []byte("{}")},
	}}, nil
}

func (f *fake) Profiles(_ context.Context, in provision.Input) (*provision.Standards, error) {
	f.call("profiles", in)
	return provision.Profiles(context.Background(), provision.Input{})
}

func (f *fake) Explain(_ context.Context, in provision.Input, setting string) (*Explained, error) {
	f.call("explain "+setting, in)
	return &Explained{Path: setting}, nil
}

func (f *fake) Audit(_ context.Context, in provision.Input, rendered bool) (*Audited, error) {
	f.call(map[bool]string{true: "audit rendered", false: "audit"}[rendered], in)
	return f.audited, nil
}

func (f *fake) Snapshot(_ context.Context, in provision.Input, rendered bool) (*provision.Recorded, error) {
	f.call(map[bool]string{true: "snapshot rendered", false: "snapshot"}[rendered], in)
	return f.recorded, nil
}

// AuditSnapshots answers its audit of every file.
func (f *fake) AuditSnapshots(_ context.Context, in provision.Input, files []provision.SnapshotFile) ([]*Audited, error) {
	f.call("audit snapshots", in)
	f.tested = files
	var out []*Audited
	for _, file := range files {
		one := *f.audited
		one.Snapshot = file.Name
		out = append(out, &one)
	}
	return out, f.openErr
}

func (f *fake) CompareAudits(oldName string, older []byte, newName string, newer []byte) (*AuditDiff, error) {
	f.calls = append(f.calls, "compare audits")
	return provision.CompareAudits(oldName, older, newName, newer)
}

func (f *fake) Open(_ context.Context, in provision.Input) (Session, error) {
	f.call("open", in)
	if f.openErr != nil {
		return nil, f.openErr
	}
	return fakeSession{f}, nil
}

func (f *fake) OpenSaved(_ context.Context, in provision.Input, _ []byte) (Session, error) {
	f.call("open saved", in)
	if f.openErr != nil {
		return nil, f.openErr
	}
	return fakeSession{f}, nil
}

func (f *fake) Watch(ctx context.Context, in provision.Input, o provision.WatchOptions) error {
	f.call("watch", in)
	f.watch = o
	for _, p := range f.passes {
		o.Looked(p)
		o.Ended(p)
	}
	if f.during != nil {
		f.during(ctx)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return f.watchErr
}

func (f *fake) Reset(ctx context.Context, in provision.Input, confirm func([]string) bool, events func(Event)) (*Plan, Result, error) {
	f.call("reset", in)
	if !confirm([]string{"cp-1", "w-1"}) {
		return nil, Result{}, provision.ErrDeclined
	}
	f.calls = append(f.calls, "wipe")
	events(Event{Kind: apply.Done, Step: plan.Step{ID: "w-1/phase/reset", Node: "w-1", Title: "kubeadm reset"}})
	return f.look.Plan, f.result, ctx.Err()
}

func (f *fake) KindCreate(_ context.Context, in provision.Input, image string, _ func(Event)) (bool, error) {
	f.call("kind create "+image, in)
	return !f.exists, nil
}

func (f *fake) KindDelete(_ context.Context, in provision.Input) error {
	f.call("kind delete", in)
	return nil
}

func (f *fake) Import(_ context.Context, in provision.ImportInput) (*provision.Adoption, error) {
	f.calls, f.imported = append(f.calls, "import"), in
	return f.adoption, f.openErr
}

func (f *fake) MergeKubeconfig(_ context.Context, _ []byte, paths []string, use bool) ([]string, error) {
	f.merged = paths
	if use {
		f.calls = append(f.calls, "use")
	}
	return paths[:1], nil
}

func (f *fake) Format(src []byte, name string) ([]byte, error) {
	if bytes.Contains(src, []byte("broken")) {
		return nil, errors.New(name + ": broken")
	}
	return bytes.ReplaceAll(src, []byte("a=1"), []byte("a = 1")), nil
}

func (f *fake) Starter() []byte { return []byte("# a first spec\n") }

type fakeSession struct{ f *fake }

func (s fakeSession) Look() Look { return s.f.look }

func (s fakeSession) Save(provision.Input) ([]byte, error) {
	s.f.calls = append(s.f.calls, "save")
	return []byte("{\n  \"format\": \"bulwark plan 1\"\n}\n"), nil
}

func (s fakeSession) Apply(ctx context.Context, o provision.ApplyOptions) (Result, error) {
	s.f.calls = append(s.f.calls, "apply")
	for _, step := range s.f.look.Plan.Steps {
		o.Events(Event{Kind: apply.Started, Step: step})
		o.Events(Event{Kind: apply.Done, Step: step})
	}
	if s.f.during != nil {
		s.f.during(ctx)
	}
	return s.f.result, errors.Join(s.f.applyErr, ctx.Err())
}

func (s fakeSession) Verify(context.Context) ([]Check, error) {
	s.f.calls = append(s.f.calls, "verify")
	return s.f.checks, nil
}

func (s fakeSession) Kubeconfig(context.Context, provision.KubeconfigOptions) ([]byte, error) {
	return []byte("apiVersion: v1\nkind: Config\n"), nil
}

func (s fakeSession) Close() error {
	s.f.calls = append(s.f.calls, "close")
	return nil
}

func newFake() *fake {
	return &fake{
		look: Look{
			Cluster: &cluster.Cluster{Name: "prod", Kubernetes: cluster.Version{Major: 1, Minor: 37, Patch: 2}},
			Plan:    &Plan{Cluster: "prod", Steps: []plan.Step{{ID: "cp-1/file/a", Node: "cp-1", Kind: plan.KindFile, Action: plan.Add, Title: "write /a"}}},
		},
		result: Result{Done: []string{"cp-1/file/a"}},
		checks: []Check{{ID: "anonymous/version", Title: "/version is closed", Seen: "401", Verdict: "pass"}},
	}
}

// console is a run of the command line as a test sees it.
type console struct {
	args    string
	stdin   string
	tty     bool
	env     map[string]string
	signals chan os.Signal

	stdout, stderr string
	code           int
}

func (c *console) run(t *testing.T, p Provision) *console {
	t.Helper()
	var out, err bytes.Buffer
	c.code = Run(context.Background(), System{
		Args: strings.Fields(c.args), Stdin: strings.NewReader(c.stdin), Stdout: &out, Stderr: &err, StdinTTY: c.tty,
		LookupEnv: func(k string) (string, bool) { v, ok := c.env[k]; return v, ok },
		Now:       func() time.Time { return time.Unix(0, 0) }, Divert: func(*slog.Logger) {}, Signals: c.signals,
	}, p)
	c.stdout, c.stderr = out.String(), err.String()
	return c
}

// says fails unless a text holds all these words.
func says(t *testing.T, what, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%s does not say %q:\n%s", what, w, text)
		}
	}
}
