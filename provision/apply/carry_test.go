package apply

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// planes are so many control planes.
func planes(many int) []cluster.Node {
	return []cluster.Node{
		{Name: "cp-1", Role: cluster.ControlPlane, Address: netip.MustParseAddr("10.0.0.1")},
		{Name: "cp-2", Role: cluster.ControlPlane, Address: netip.MustParseAddr("10.0.0.2")},
		{Name: "cp-3", Role: cluster.ControlPlane, Address: netip.MustParseAddr("10.0.0.3")},
	}[:many]
}

// asked is a cluster as the gate of cp-1 sees it: at each question, by its number, who is
// alive, whose API server is ready, and whether etcd runs on cp-1.
type asked struct {
	alive, ready func(probe int) string
	stopped      func(probe int) bool
	change       func([]state.Member) []state.Member
	fails        error
	many         int
}

// gate asks until it opens or settleTime is over, as a change does, and says after how many
// questions that was.
func (a asked) gate(t *testing.T) (probes int, err error) {
	t.Helper()
	nodes := planes(a.many)
	c := &carrying{node: nodes[0], others: nodes[1:], api: a.ready != nil}
	c.members = func(context.Context) ([]state.Member, error) {
		var out []state.Member
		for _, n := range nodes {
			out = append(out, state.Member{ID: n.Name, Name: n.Name, Peer: "https://" + n.Address.String() + ":2380", Alive: strings.Contains(a.alive(probes), n.Name)})
		}
		if a.change != nil {
			out = a.change(out)
		}
		return out, a.fails
	}
	c.runs = func(context.Context) (bool, error) { return a.stopped == nil || !a.stopped(probes), nil }
	c.ready = func(_ context.Context, n cluster.Node) error {
		if strings.Contains(a.ready(probes), n.Name) {
			return nil
		}
		return errors.New("its API server's /readyz is 500")
	}
	for deadline := time.Now().Add(settleTime); ; {
		probes++
		if err = c.ask(t.Context()); err == nil || time.Now().After(deadline) {
			return probes, err
		}
		time.Sleep(gatePause)
	}
}

func TestWithoutWhomTheOthersCouldNotDo(t *testing.T) {
	always := func(names string) func(int) string { return func(int) string { return names } }
	// stalls leaves cp-1 out of every fourth answer.
	stalls := func(rest string) func(int) string {
		return func(probe int) string {
			if probe%4 == 0 {
				return rest
			}
			return "cp-1 " + rest
		}
	}
	never := func(int) bool { return false }
	for what, c := range map[string]struct {
		asked
		opens int // after how many questions; 0 where it does not
		says  string
	}{
		"all is well":                   {asked{alive: always("cp-1 cp-2 cp-3")}, 1, ""},
		"another is gone":               {asked{alive: always("cp-1 cp-2")}, 0, "of 3 voting members of etcd 2 live (cp-1, cp-2), and without this one 1 would"},
		"another is gone and it stalls": {asked{alive: stalls("cp-2")}, 0, "bring the others back first"},
		"another is gone and it has another name": {asked{alive: stalls("cp-2"), change: func(all []state.Member) []state.Member {
			all[0].Name = "default"
			return all
		}}, 0, "bring the others back first"},
		"it is gone itself":         {asked{alive: always("cp-2 cp-3")}, 1, ""},
		"two do not answer":         {asked{alive: always("cp-2"), stopped: never}, certainProbes, ""},
		"two are gone":              {asked{alive: always("cp-2"), stopped: func(int) bool { return true }}, fewProbes, ""},
		"its process just restarts": {asked{alive: stalls("cp-2"), stopped: func(probe int) bool { return probe%4 == 0 }}, 0, "bring the others back first"},
		"it is no voter": {asked{alive: always("cp-1 cp-2"), change: func(all []state.Member) []state.Member {
			all[0].Learner = true
			return append(all, state.Member{Name: "cp-4"})
		}}, 1, ""},
		"the only one":                {asked{alive: always("cp-1"), many: 1, ready: always("")}, 1, ""},
		"the only one says nothing":   {asked{alive: always(""), many: 1, fails: errors.New("no answer")}, 1, ""},
		"one of two":                  {asked{alive: always("cp-1 cp-2"), many: 2}, 1, ""},
		"nobody says who the members": {asked{alive: always(""), fails: errors.New("no majority")}, 0, "no majority"},
		"an alarm": {asked{alive: always("cp-1 cp-2 cp-3"), change: func(all []state.Member) []state.Member {
			all[1].Alarms = []string{"NOSPACE"}
			return all
		}}, 0, "etcd's member on cp-2 raises the alarm NOSPACE; it writes nothing any more: make room"},
		"another server is ready":    {asked{alive: always("cp-1 cp-2 cp-3"), ready: always("cp-1 cp-3")}, 1, ""},
		"no other server is ready":   {asked{alive: always("cp-1 cp-2 cp-3"), ready: always("cp-1")}, 0, "no other API server is ready: cp-2: its API server's /readyz is 500"},
		"one question is lost":       {asked{alive: always("cp-1 cp-2 cp-3"), ready: stalls("")}, 0, "no other API server is ready"},
		"no server is ready":         {asked{alive: always("cp-1 cp-2 cp-3"), ready: always("")}, certainProbes, ""},
		"another server comes later": {asked{alive: always("cp-1 cp-2 cp-3"), ready: func(probe int) string { return []string{"cp-1", "cp-1 cp-2"}[min(probe/6, 1)] }}, 6, ""},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if c.many == 0 {
					c.many = 3
				}
				probes, err := c.gate(t)
				if (err == nil) != (c.opens > 0) || err == nil && probes != c.opens {
					t.Errorf("after %d: %v", probes, err)
				}
				if c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
					t.Errorf("it does not say %q: %v", c.says, err)
				}
			})
		})
	}
}

// Questions that take long need not be as many.
func TestWhenItIsCertainThatSomethingIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r row
		var got []int
		for _, pause := range []time.Duration{time.Second, 15 * time.Second, 31 * time.Second} {
			for r = (row{}); !r.certain(); time.Sleep(pause) {
				r.note(true)
			}
			got = append(got, r.probes)
		}
		if r.note(false); !slices.Equal(got, []int{10, 3, 3}) || r.certain() {
			t.Errorf("%d, %+v", got, r)
		}
	})
}
