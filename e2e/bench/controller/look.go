package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/bench/job"
	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/host/ssh"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// look is what bulwark does: connect, look, compare, and repair by a plan.
func look(ctx context.Context, j job.Job, began time.Time) (job.Report, error) {
	r := job.Report{Failed: map[string]string{}, Done: map[string]float64{}}
	var mu sync.Mutex
	done := func(node string) {
		mu.Lock()
		defer mu.Unlock()
		r.Done[node] = time.Since(began).Seconds()
	}
	o := ssh.Options{ConfigFile: j.SSHConfig, Timeout: time.Duration(j.TimeoutSeconds) * time.Second, Shared: ssh.NewShared()}
	hosts := map[string]host.Host{}
	var asks []observe.Ask
	for _, n := range j.Nodes {
		target := ssh.Target{Name: n.Name, Host: n.Host, Port: n.Port, User: j.User, HostKey: n.HostKey}
		open := func(ctx context.Context) (host.Host, error) {
			h, err := ssh.Connect(ctx, target, o)
			if err != nil {
				return nil, err
			}
			return h, nil
		}
		hosts[n.Name] = timed{host.Later(n.Name, open), func() { done(n.Name) }}
		asks = append(asks, j.AskOf(n))
	}
	defer func() {
		for _, h := range hosts {
			_ = h.Close()
		}
	}()
	nodes, failed := observe.All(ctx, hosts, asks, j.Parallel)
	for name, err := range failed {
		r.Failed[name] = err.Error()
	}
	have := &state.Cluster{Nodes: nodes}
	wants := slices.DeleteFunc(j.Wants(), func(w state.Want) bool { return nodes[w.Node] == nil })
	c := &cluster.Cluster{Name: "bench"}
	p := plan.Compute(c, wants, have, nil)
	for _, s := range p.Steps {
		r.Drift = append(r.Drift, strings.Replace(s.ID, "/file", " ", 1))
	}
	slices.Sort(r.Drift)
	if j.What == job.Repair {
		run := apply.Runner{Access: apply.Access{Cluster: c, Hosts: hosts}, Have: have}
		result, err := run.Run(ctx, p)
		if err != nil {
			return r, err
		}
		r.Repaired = result.Done
	}
	return r, nil
}

// timed notes when a machine had answered.
type timed struct {
	*host.Lasting
	done func()
}

func (t timed) Exec(ctx context.Context, p host.Program, stdin []byte) (host.Result, error) {
	defer t.done()
	return t.Lasting.Exec(ctx, p, stdin)
}

// render is what `bulwark render` computes.
func render(ctx context.Context, j job.Job) (job.Report, error) {
	out, err := provision.Render(ctx, provision.Input{Path: j.Spec})
	if err != nil {
		return job.Report{}, err
	}
	sum := sha256.New()
	for _, f := range out.Files {
		sum.Write([]byte(f.Path + "\x00"))
		if err := f.Write(sum); err != nil {
			return job.Report{}, err
		}
	}
	return job.Report{Digest: hex.EncodeToString(sum.Sum(nil))}, nil
}
