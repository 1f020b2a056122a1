package provision

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/ssh"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/provision/verify"
)

// Session is one cluster whose machines were reached and looked at.
type Session struct {
	Cluster *cluster.Cluster
	// Plan is what is unmet, Problems what speaks against doing it.
	Plan     *plan.Plan
	Problems []Problem
	// Notes are for people: what was waited for, what will be said of kind.
	Notes []string

	hosts map[string]host.Host
	have  *state.Cluster
	mark  []byte
}

// Open connects to every node, looks once, and computes problems and plan. It
// changes nothing.
func Open(ctx context.Context, in Input) (*Session, error) {
	c, wants, err := intended(ctx, in)
	if err != nil {
		return nil, err
	}
	s := &Session{Cluster: c, Plan: &plan.Plan{Cluster: c.Name}, mark: mark(wants)}
	var failed map[string]error
	s.hosts, failed = connect(ctx, in, c)
	l := looker{in: in, cluster: c, hosts: s.hosts, wants: wants, failed: failed}
	if s.have, s.Notes, err = l.look(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if in.OnKind {
		s.Notes = append(s.Notes, fmt.Sprintf("kind's nodes stand in for the machines; Kubernetes is their image's, %s", c.Kubernetes))
	}
	s.Notes = append(s.Notes, verify.NotAsked(c)...)
	s.Problems = append(notSeen(c, l.failed), plan.Preflight(c, wants, s.have)...)
	if len(l.failed) == 0 { // a plan needs every machine: what was not seen is not absent
		s.Plan = plan.Compute(c, wants, s.have, kube.Missing)
		s.Problems = append(s.Problems, plan.Unpropagated(s.Plan, s.have)...)
	}
	return s, nil
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

// Apply runs the plan of the session. It refuses while a problem stands.
func (s *Session) Apply(ctx context.Context, o ApplyOptions) (apply.Result, error) {
	for _, p := range s.Problems {
		if !p.Warning {
			return apply.Result{}, &PreflightError{Problems: s.Problems}
		}
	}
	if err := s.forgetVerified(ctx); err != nil {
		return apply.Result{}, err
	}
	r := apply.Runner{Cluster: s.Cluster, Hosts: s.hosts, Have: s.have, Events: o.Events}
	return r.Run(ctx, s.Plan)
}

// defaultParallelism is how many machines are connected to at a time.
const defaultParallelism = 10

// connect opens every machine, and says of those that could not be reached why.
func connect(ctx context.Context, in Input, c *cluster.Cluster) (map[string]host.Host, map[string]error) {
	var mu sync.Mutex
	hosts := map[string]host.Host{}
	failed := map[string]error{}
	var g errgroup.Group
	g.SetLimit(parallelism(in))
	for _, n := range c.Nodes {
		g.Go(func() error {
			h, err := open(ctx, in, c, n)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed[n.Name] = err
				return nil
			}
			hosts[n.Name] = h
			return nil
		})
	}
	_ = g.Wait() // errors are gathered, so that all of them are seen
	return hosts, failed
}

func open(ctx context.Context, in Input, c *cluster.Cluster, n cluster.Node) (host.Host, error) {
	if in.OnKind {
		return connectToKind(ctx, c, n)
	}
	h, err := ssh.Connect(ctx, ssh.TargetOf(c, n), ssh.Options{ConfigFile: in.SSHConfig, Log: in.Log})
	if err != nil {
		return nil, err
	}
	return host.NewLasting(h), nil
}

func parallelism(in Input) int {
	if in.Parallelism > 0 {
		return in.Parallelism
	}
	return defaultParallelism
}
