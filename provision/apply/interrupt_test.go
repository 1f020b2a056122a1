package apply

import (
	"context"
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Waits and approvals change nothing: Ctrl-C does not wait for them.
func TestACancelEndsWhatOnlyWaits(t *testing.T) {
	for _, s := range []plan.Step{
		{ID: "a/wait", Node: "a", Kind: plan.KindWait, Wait: &state.Wait{For: state.WaitNodeReady, Subject: "a", Seconds: 600}},
		{ID: "a/approval", Node: "a", Kind: plan.KindApproval, Approval: &state.Approval{Node: "a"}},
	} {
		t.Run(s.ID, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			why := errors.New("somebody pressed Ctrl-C")
			c := &cluster.Cluster{Nodes: []cluster.Node{{Name: "a", Role: cluster.ControlPlane}}}
			ru := &run{Runner: &Runner{Access: Access{Cluster: c}, Events: func(e Event) {
				if e.Kind == Started {
					time.AfterFunc(100*time.Millisecond, func() { cancel(why) })
				}
			}}, outcomes: map[string]*outcome{s.ID: {ended: make(chan struct{})}}, failed: map[string]bool{}}
			ru.api = &api{Access: Access{Cluster: c}, client: (&tokenAPI{secrets: map[string]*corev1.Secret{}}).client(t)}
			began := time.Now()
			ru.queue(ctx, []plan.Step{s})
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			if err := errors.Join(ru.errs...); !errors.Is(err, why) || !ru.failed[s.ID] {
				t.Errorf("%v", err)
			}
		})
	}
}
