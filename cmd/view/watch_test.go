package view

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// watches are what a watch can come to see, each shown by both views.
var watches = map[string]func(*provision.Pass){
	"in-sync": func(p *provision.Pass) { p.Drift = nil },
	"drift": func(p *provision.Pass) {
		p.Notes = []string{"the cluster has nodes that the spec does not name: w-9\x1b[2J"}
	},
	"unknown": func(p *provision.Pass) {
		p.Drift, p.NotReached, p.Unread, p.API, p.Verified = nil, []string{"w-2"}, 1, false, false
		p.Problems = []provision.Problem{
			{Node: "w-2", Check: "reach", Seen: "connection refused\x1b]0;x\a", Remedy: "ssh -v", Err: host.ErrUnreachable},
			{Node: "w-1", Check: "look", Seen: "/etc/x: permission denied", Remedy: "make it readable"},
			{Node: "w-1", Check: "clock", Seen: "4s off", Remedy: "synchronise it", Warning: true},
		}
	},
	"no-answer": func(p *provision.Pass) {
		p.Seen = provision.Seen{Plan: &plan.Plan{}}
		p.Err = fmt.Errorf("cp-1: the API does not answer\nreally")
	},
	"repaired": func(p *provision.Pass) {
		p.Repair = provision.Repair{Outcome: provision.RepairDone, Result: apply.Result{Done: []string{p.Drift[0].ID, p.Drift[1].ID}}}
		p.Checks = sampleChecks()
		p.Verified = false
	},
	"refused": func(p *provision.Pass) {
		p.Repair = provision.Repair{Outcome: provision.RepairRefused, Why: "2 changes are more than the 1 that one pass may make (--max-changes)"}
	},
	"in-part": func(p *provision.Pass) {
		p.Repair = provision.Repair{Outcome: provision.RepairFailed, Err: errors.New("1 of 2 steps were not done"),
			Result: apply.Result{Done: []string{p.Drift[0].ID}, Failed: []string{p.Drift[1].ID}}}
		p.Verified = false
	},
}

func TestWatches(t *testing.T) {
	for name, change := range watches {
		for _, kind := range []string{"text", "colour", "lines"} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				var out, err bytes.Buffer
				v := sampleView(kind, &out, &err)
				if kind == "lines" {
					v = NewLines(NewStream(&out, Terminal{}), NewStream(&err, Terminal{}), "watch", false)
				}
				began := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
				p := provision.Pass{Number: 7, Began: began, Looked: began.Add(1200 * time.Millisecond), Ended: began.Add(4 * time.Second),
					Seen: provision.Seen{Cluster: "prod", Nodes: []string{"cp-1", "w-1", "w-2"}, API: true, Verified: true, Plan: samplePlan(), Drift: samplePlan().Steps[:2]}}
				change(&p)
				if p.Err == nil {
					v.Looked(p)
				}
				v.Passed(p)
				if e := v.Close(p.Err, 2); e != nil {
					t.Fatal(e)
				}
				golden(t, "watch-"+name+"."+kind, "-- stdout --\n"+out.String()+"-- stderr --\n"+err.String())
			})
		}
	}
}
