package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/ssh"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/provision/verify"
	"github.com/bulwark-k8s/bulwark/templates/policy"
)

// Session is one cluster whose machines were reached and looked at.
type Session struct {
	Cluster *cluster.Cluster
	// Plan is what is unmet, Problems what speaks against doing it.
	Plan     *plan.Plan
	Problems []Problem
	// Notes are for people: what was waited for, what will be said of kind.
	Notes []string

	in     Input
	hosts  map[string]host.Host
	access apply.Access
	wants  []state.Want
	have   *state.Cluster
	// missed are machines that could not be looked at, and why.
	missed map[string]error
	mark   []byte
	// looks are digests of what each node had.
	looks map[string]string
}

// Open connects to every node, looks once, and computes problems and plan. It
// changes nothing.
func Open(ctx context.Context, in Input) (*Session, error) {
	i, err := intended(ctx, in)
	if err != nil {
		return nil, err
	}
	return openIntent(ctx, in, i)
}

// openIntent is [Open] for what is meant already.
func openIntent(ctx context.Context, in Input, i *intent) (*Session, error) {
	c := i.cluster
	s := &Session{Cluster: c, Plan: &plan.Plan{Cluster: c.Name}, in: in}
	var err error
	s.hosts = connect(in, c)
	l := &looker{in: in, intent: i, hosts: s.hosts, failed: map[string]error{}}
	if s.have, s.Notes, err = l.look(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.wants, s.missed = withDerived(i.wants, l.derived), l.failed
	s.mark, s.access = mark(i.wants), l.access()
	if in.OnKind {
		s.Notes = append(s.Notes, fmt.Sprintf("kind's nodes stand in for the machines; Kubernetes is their image's, %s", c.Kubernetes))
	}
	s.Notes = append(s.Notes, waived(c, time.Now())...)
	s.Notes = append(s.Notes, verify.NotAsked(c)...)
	s.Problems = append(notSeen(c, l.failed), plan.Preflight(c, i.wants, s.have)...)
	if len(l.failed) == 0 { // a plan needs every machine: what was not seen is not absent
		s.Plan, s.looks = plan.Compute(c, s.wants, s.have, kube.Missing), looks(s.have)
		s.Problems = append(s.Problems, unreachable(l.first, s.have, s.Plan)...)
		s.leave(in)
		if err := s.only(in.Nodes); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		if err := l.texts(ctx, s.Plan, s.have); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// only keeps what is planned for some nodes.
func (s *Session) only(nodes []string) error {
	if len(nodes) == 0 {
		return nil
	}
	for _, name := range nodes {
		if _, ok := s.Cluster.Node(name); !ok {
			return fmt.Errorf("--node %s: the spec names no such node, only %s", name, strings.Join(s.names(), ", "))
		}
	}
	all := len(s.Plan.Steps)
	if waiting := s.Plan.Only(nodes); len(waiting) > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("steps of these nodes that wait for others, and are left out too: %d, from %s on", len(waiting), waiting[0]))
	}
	if left := all - len(s.Plan.Steps); left > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("steps that --node leaves out: %d", left))
	}
	return nil
}

func (s *Session) names() []string { return namesOf(s.Cluster) }

// leave plans for who left the spec where that is asked for, and says so where not.
func (s *Session) leave(in Input) {
	left := plan.Left(s.Cluster, s.have)
	if len(left) == 0 {
		return
	}
	names := strings.Join(left, ", ")
	if !in.Remove {
		s.Notes = append(s.Notes, fmt.Sprintf("the cluster has nodes that the spec does not name: %s; they are left as they are, --remove takes them out of it", names))
		return
	}
	s.Plan.AddLeaving(s.Cluster, s.have)
	s.Problems = append(s.Problems, plan.Quorum(s.Plan, s.have)...)
	s.Notes = append(s.Notes, fmt.Sprintf("machines that leave the cluster keep what they have on their disks: reset %s with a spec that names them, or never start them again", names))
}

// notSeen is a row for each machine that could not be looked at, so that it
// stands beside what was found on the others.
func notSeen(c *cluster.Cluster, failed map[string]error) []Problem {
	var out []Problem
	for _, n := range c.Nodes {
		err := failed[n.Name]
		if err == nil {
			continue
		}
		p := Problem{Node: n.Name, Check: "reach", Seen: observe.Printable(strings.ReplaceAll(err.Error(), "\n", " ")), Err: err,
			Remedy: "what was seen says what to do; ssh -v to the same machine shows the same way"}
		notRoot, isNotRoot := errors.AsType[*host.NotRootError](err)
		switch {
		case isNotRoot:
			p.Check, p.Seen, p.Remedy = "sudo", observe.Printable(strings.ReplaceAll(notRoot.Seen(), "\n", " ")), notRoot.Remedy()
		case errors.Is(err, host.ErrUntrusted):
			p.Check = "host-key"
			p.Remedy = "nothing was said to the machine: compare the key with the machine's own, then pin it as host_key or add it to known_hosts"
		}
		out = append(out, p)
	}
	return out
}

// unreachable is the row about an API that does not answer. What can be mended on
// the machines is, since that may be why; what the API holds stays unknown.
func unreachable(first string, have *state.Cluster, p *plan.Plan) []Problem {
	if have.API.Status != state.Unreachable {
		return nil
	}
	row := Problem{Node: first, Check: "api", Seen: "the API of a cluster that was made before does not answer, and what it holds was not compared: " + observe.Printable(have.API.Unread[kube.PartAPI]),
		Remedy: "see its pod with crictl ps -a and crictl logs on the control plane"}
	if !p.Empty() {
		row.Warning, row.Remedy = true, "do what is planned for the machines, and plan again"
	}
	return []Problem{row}
}

// Close ends all connections.
func (s *Session) Close() error {
	var errs []error
	for _, h := range s.hosts {
		errs = append(errs, h.Close())
	}
	return errors.Join(errs...)
}

// PreflightError is a cluster whose machines are not fit to be worked on.
type PreflightError struct{ Problems []Problem }

// Error counts; the table says the rest.
func (e *PreflightError) Error() string {
	var checks []string
	for _, p := range e.Problems {
		if !p.Warning {
			checks = append(checks, p.Node+" "+p.Check)
		}
	}
	what := "problems"
	if len(checks) == 1 {
		what = "problem"
	}
	return fmt.Sprintf("%d %s must be mended first, nothing was changed: %s", len(checks), what, strings.Join(checks, ", "))
}

// Unwrap gives the errors that rows stand for.
func (e *PreflightError) Unwrap() []error {
	var errs []error
	for _, p := range e.Problems {
		if p.Err != nil {
			errs = append(errs, p.Err)
		}
	}
	return errs
}

// blocked says whether a problem stands.
func (s *Session) blocked() bool {
	return slices.ContainsFunc(s.Problems, func(p Problem) bool { return !p.Warning })
}

// Apply runs the plan of the session, under the locks of the machines it works
// on. It refuses while a problem stands, while somebody else holds a lock
// ([*apply.LockError]), and where somebody worked on a machine since the look
// ([*StaleError]). An empty plan writes nothing.
func (s *Session) Apply(ctx context.Context, o ApplyOptions) (apply.Result, error) {
	if s.blocked() {
		return apply.Result{}, &PreflightError{Problems: s.Problems}
	}
	if s.Plan.Empty() {
		return apply.Result{}, nil
	}
	l := locker(s.in, s.hosts, o.Events)
	return underLock(ctx, l, touched(s.Cluster, s.Plan), "apply", s.Plan, func(ctx context.Context, locks *apply.Locks) (apply.Result, error) {
		if err := moved(locks, s.have); err != nil {
			return apply.Result{}, err
		}
		if err := s.forgetVerified(ctx); err != nil {
			return apply.Result{}, err
		}
		r := apply.Runner{Access: s.access, Have: s.have, Events: o.Events,
			EncryptionReads: func(encrypted []string) ([]byte, error) { return policy.EncryptionReads(s.Cluster, encrypted) }}
		return r.Run(ctx, s.Plan)
	})
}

// defaultParallelism is how many machines are connected to at a time.
const defaultParallelism = 10

// connect gives a way to every machine. Each is connected to when it is first
// looked at: one that cannot be reached keeps none of the others waiting.
func connect(in Input, c *cluster.Cluster) map[string]host.Host {
	hosts := map[string]host.Host{}
	shared := ssh.NewShared()
	for _, n := range c.Nodes {
		hosts[n.Name] = host.Later(n.Name, func(ctx context.Context) (host.Host, error) { return open(ctx, in, shared, c, n) })
	}
	return hosts
}

func open(ctx context.Context, in Input, shared *ssh.Shared, c *cluster.Cluster, n cluster.Node) (host.Host, error) {
	if in.OnKind {
		return connectToKind(ctx, c, n)
	}
	h, err := ssh.Connect(ctx, ssh.TargetOf(c, n), ssh.Options{ConfigFile: in.SSHConfig, Log: in.Log, Shared: shared})
	if err != nil {
		return nil, err // not a nil *ssh.Host, which would be no nil host.Host
	}
	return h, nil
}

func parallelism(in Input) int {
	if in.Parallelism > 0 {
		return in.Parallelism
	}
	return defaultParallelism
}

// withDerived puts what kubeadm would write into the API before what the cluster comes
// to by itself, which is the last of what is wanted: CoreDNS waits for a kube-proxy that
// has its rights, and a run that was cut between the two has to put those back first.
func withDerived(wants []state.Want, derived state.Want) []state.Want {
	return slices.Insert(slices.Clone(wants), len(wants)-1, derived)
}

// waived says what the spec does without, for everybody who sees a plan; what does so no
// more, too, since nothing else says so but an audit.
func waived(c *cluster.Cluster, now time.Time) []string {
	var out []string
	for _, w := range c.Waivers {
		about, end := "", ""
		if len(w.Nodes) > 0 {
			about = ", on " + strings.Join(w.Nodes, ", ")
		}
		if w.Expires != "" {
			end = ", until " + w.Expires
		}
		if w.Over(now) {
			out = append(out, fmt.Sprintf("the waiver of %s (%s)%s ended on %s, and waives nothing any more (%s): bulwark audit says whether it is met", w.ID, w.Origin, about, w.Expires, w.Reason))
			continue
		}
		out = append(out, fmt.Sprintf("%s is waived (%s): %s%s%s", w.ID, w.Origin, w.Reason, end, about))
	}
	return out
}
