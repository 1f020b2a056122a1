package provision

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/profiles/report"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/desired"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Audited is what the controls of the catalogue say of a cluster.
type Audited struct {
	Cluster *cluster.Cluster
	// Dir is the folder of the spec, as the input names it.
	Dir string
	// Rendered says that no machine was looked at.
	Rendered bool
	// Snapshot names the file that was asked instead of machines, "" where none was.
	Snapshot string
	// Looked is when machines were looked at.
	Looked time.Time
	// Profiles are those that were asked.
	Profiles []string
	// Findings are in the order of the catalogue, and of the spec's nodes for each
	// control.
	Findings []profiles.Finding
	// Notes are for people: which machines could not be looked at, and why.
	Notes []string
}

// Report is the document of the audit, of which every format is made.
func (a *Audited) Report() *report.Document {
	return report.New(report.Audit{Cluster: a.Cluster, Dir: a.Dir, Rendered: a.Rendered, Looked: a.Looked, Profiles: a.Profiles, Notes: a.Notes, Findings: a.Findings})
}

// AuditRendered asks all controls of what a spec comes to, without looking at any
// machine. What only a machine can tell is unknown.
func AuditRendered(ctx context.Context, in Input) (*Audited, error) {
	i, err := intended(ctx, in)
	if err != nil {
		return nil, err
	}
	q, err := asked(in, i.loaded, i.cluster)
	if err != nil {
		return nil, err
	}
	have, err := desired.Rendered(i.cluster, i.wants)
	if err != nil {
		return nil, err
	}
	findings, err := q.ask(ctx, i.cluster, have, time.Now())
	if err != nil {
		return nil, err
	}
	return &Audited{Cluster: i.cluster, Dir: i.loaded.dir(), Rendered: true, Profiles: q.profiles, Findings: findings, Notes: q.notes}, nil
}

// Audit asks all controls of a living cluster, in one look at each machine. It writes
// nothing there. Of a machine that could not be looked at everything is unknown. Where
// the input names hosts, the cluster is theirs and there is no spec.
func Audit(ctx context.Context, in Input) (*Audited, error) {
	in.ReadOnly = true
	if len(in.Hosts) > 0 {
		return auditForeign(ctx, in)
	}
	i, err := intended(ctx, in)
	if err != nil {
		return nil, err
	}
	q, err := asked(in, i.loaded, i.cluster)
	if err != nil {
		return nil, err
	}
	looked := time.Now()
	have, notes, err := i.lookFor(ctx, in, q.needs())
	if err != nil {
		return nil, err
	}
	findings, err := q.ask(ctx, i.cluster, have, looked)
	if err != nil {
		return nil, err
	}
	return &Audited{Cluster: i.cluster, Dir: i.loaded.dir(), Looked: looked, Profiles: q.profiles, Findings: findings, Notes: append(notes, q.notes...)}, nil
}

// lookFor is one look at each machine and at the API for what controls need, with notes
// for people.
func (i *intent) lookFor(ctx context.Context, in Input, needs check.Needs) (_ *state.Cluster, notes []string, err error) {
	l := &looker{in: in, intent: i, hosts: connect(in, i.cluster), failed: map[string]error{}, also: needs}
	all := maps.Clone(l.hosts) // who is not reached is forgotten on the way
	defer func() {
		for _, h := range all {
			err = errors.Join(err, h.Close())
		}
	}()
	have, notes, err := l.look(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := l.unasked(ctx, have.Nodes); err != nil {
		return nil, nil, err
	}
	for _, n := range i.cluster.Nodes {
		if why := l.failed[n.Name]; why != nil {
			notes = append(notes, n.Name+" was not looked at: "+observe.Printable(why.Error()))
		}
	}
	return have, notes, nil
}

// ask answers a question of what a cluster has; now is what waivers end by.
func (q question) ask(ctx context.Context, c *cluster.Cluster, have *state.Cluster, now time.Time) ([]profiles.Finding, error) {
	return q.askOf(ctx, check.ClusterOf(c), have, c, now)
}

// askOf is the same of a cluster that is known as checks know it alone; what is waived is
// of the spec.
func (q question) askOf(ctx context.Context, c check.Cluster, have *state.Cluster, spec *cluster.Cluster, now time.Time) ([]profiles.Finding, error) {
	findings, err := profiles.Audit(ctx, q.controls, c, q.nodes, have)
	if err != nil {
		return nil, err
	}
	return waive(findings, spec, now), nil
}

// needs is what has to be read of machines and of the API for an answer.
func (q question) needs() check.Needs {
	var out check.Needs
	for _, c := range q.controls {
		out.Add(c.Needs())
	}
	return out
}
