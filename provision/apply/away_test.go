package apply

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

func TestWorkersThatAreAwayCount(t *testing.T) {
	set := func(names string) map[string]bool {
		out := map[string]bool{}
		for _, n := range strings.Fields(names) {
			out[n] = true
		}
		return out
	}
	for what, c := range map[string]struct {
		most                     int
		down, cordoned, changing string
		gone, new                string // who has no Node any more, and who had none yet
		fails, wait              bool
		says                     string // "" where w-1 may change
	}{
		"all are there":                  {most: 1},
		"another is not Ready":           {most: 1, down: "w-3", says: "w-3 is not Ready; with max_unavailable = 1 no more than 1 of 4 workers may be away at a time"},
		"another is drained":             {most: 1, cordoned: "w-2", says: "w-2 is drained; with"},
		"another has no Node any more":   {most: 1, gone: "w-2", says: "w-2 has no Node; with"},
		"it is not Ready itself":         {most: 1, down: "w-1 w-3"},
		"it was drained by a run before": {most: 1, down: "w-3", cordoned: "w-1"},
		"there is room for both":         {most: 2, down: "w-3"},
		"another takes that room":        {most: 2, down: "w-3", changing: "w-2", wait: true, says: "w-2 is changed, w-3 is not Ready; with max_unavailable = 2"},
		"who is changed counts once":     {most: 2, down: "w-2", changing: "w-2"},
		"another only joins":             {most: 1, down: "w-4", new: "w-4"},
		"a control plane is away":        {most: 1, down: "cp-1"},
		"nobody can tell":                {most: 1, fails: true, says: "which workers are away is not known"},
		"all may be away":                {most: 4, fails: true},
	} {
		t.Run(what, func(t *testing.T) {
			all := "cp-1 w-1 w-2 w-3 w-4"
			spec := &cluster.Cluster{MaxUnavailable: cluster.Share{Count: c.most}}
			known := &nodesAPI{down: set(c.down), cordoned: set(c.cordoned), fails: c.fails}
			have := &state.Cluster{API: state.API{Status: state.Answering, Nodes: map[string]state.NodeObject{}}}
			for _, n := range strings.Fields(all) {
				role := cluster.Worker
				if n == "cp-1" {
					role = cluster.ControlPlane
				}
				spec.Nodes = append(spec.Nodes, cluster.Node{Name: n, Role: role})
				if n != c.gone {
					known.names = append(known.names, n)
				}
				if n != c.new {
					have.API.Nodes[n] = state.NodeObject{Name: n}
				}
			}
			ru := &run{Runner: &Runner{Access: Access{Cluster: spec}, Have: have}, changing: set(c.changing)}
			ru.api = &api{client: clientOf(t, known)}
			wait, err := ru.takesTurn(t.Context(), "w-1")
			if wait != c.wait || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%t, %v", wait, err)
			}
			if took := ru.changing["w-1"]; took != (err == nil && c.most < 4) {
				t.Errorf("it is counted: %t", took)
			}
		})
	}
}

// What settles is waited for, changes of the same run for as long as they take, and not
// a moment longer once the run was ended.
func TestAWorkerWaitsForItsTurn(t *testing.T) {
	no := errors.New("w-3 is not Ready")
	for what, c := range map[string]struct {
		frees, settles, ended time.Duration // when other changes end, others are back, the run is ended
		took                  time.Duration
		says                  string
	}{
		"at once":                   {0, 0, 0, 0, ""},
		"another comes back":        {0, 20 * time.Second, 0, 20 * time.Second, ""},
		"another does not":          {0, time.Hour, 0, settleTime, "w-3 is not Ready"},
		"a change takes long":       {5 * time.Minute, 5 * time.Minute, 0, 5 * time.Minute, ""},
		"it ends, and it is no use": {5 * time.Minute, time.Hour, 0, 5*time.Minute + settleTime, "w-3 is not Ready"},
		"the run is ended":          {5 * time.Minute, time.Hour, 10 * time.Second, 10 * time.Second, "the run was ended"},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, told := time.Now(), 0
				ctx, cancel := context.WithCancel(t.Context())
				if c.ended > 0 {
					time.AfterFunc(c.ended, cancel)
				}
				defer cancel()
				ru := &run{Runner: &Runner{Events: func(Event) { told++ }}, ended: ctx.Done()}
				err := ru.turn(t.Context(), plan.Step{Node: "w-1"}, func(context.Context, string) (bool, error) {
					if time.Since(began) >= max(c.settles, c.frees) {
						return false, nil
					}
					return time.Since(began) < c.frees, no
				})
				took := time.Since(began)
				if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) || took < c.took || took > c.took+2*gatePause {
					t.Errorf("after %v: %v", took, err)
				}
				if told > 1 || told == 0 && c.took > 0 {
					t.Errorf("it told so %d times", told)
				}
			})
		})
	}
}

// A place is free again whatever became of a change, and control planes need none.
func TestAPlaceIsFreeAgain(t *testing.T) {
	spec := &cluster.Cluster{Nodes: []cluster.Node{{Name: "cp-1", Role: cluster.ControlPlane}, {Name: "w-1", Role: cluster.Worker}, {Name: "w-2", Role: cluster.Worker}}}
	ru := &run{Runner: &Runner{Access: Access{Cluster: spec}}, changing: map[string]bool{}}
	ru.api = &api{client: clientOf(t, &nodesAPI{names: []string{"w-1", "w-2"}})}
	fails := errors.New("it fails")
	for _, node := range []string{"w-1", "cp-1", "w-2"} {
		during := 0
		err := ru.inTurn(t.Context(), plan.Step{Node: node}, func() error { during = len(ru.changing); return fails })
		if !errors.Is(err, fails) || len(ru.changing) != 0 || (during == 1) != (node != "cp-1") {
			t.Errorf("%s: %v, %d", node, err, during)
		}
	}
}
