package apply

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// walled is a machine that may be cut off from others: connections to some addresses
// are never answered.
type walled struct {
	host.Host
	cut    func(address string) bool
	tables *[]string
}

func (w walled) Exec(_ context.Context, p host.Program, stdin []byte) (host.Result, error) {
	_, rest, _ := strings.Cut(string(stdin), "\n")
	switch p.Name {
	case "table":
		action, _, _ := strings.Cut(rest, "\n")
		*w.tables = append(*w.tables, action)
		return answers(stdin, "done", ""), nil
	case "change":
		return answers(stdin, "done", "changed"), nil
	}
	return answers(stdin, "table", ""), nil
}

func (w walled) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	if w.cut(address) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	a, b := net.Pipe()
	_ = b.Close()
	return a, nil
}
func (w walled) Fresh(context.Context) (host.Host, error) { return w, nil }
func (w walled) String() string                           { return "walled" }
func (w walled) Close() error                             { return nil }

func TestATableThatCutsOffEtcdIsNotConfirmed(t *testing.T) {
	const one, two = "10.0.0.1:2380", "10.0.0.2:2380"
	for what, c := range map[string]struct {
		// cut is what the other control plane cannot connect to, and when.
		cut  func(address string, loaded bool, since time.Duration) bool
		etcd bool
		want []string
	}{
		"nothing is cut":         {func(string, bool, time.Duration) bool { return false }, true, []string{"load", "confirm"}},
		"the way in is cut":      {func(a string, loaded bool, _ time.Duration) bool { return loaded && a == one }, true, []string{"load"}},
		"the way out is cut":     {func(a string, loaded bool, _ time.Duration) bool { return loaded && a == two }, true, []string{"load"}},
		"it was cut before":      {func(a string, _ bool, _ time.Duration) bool { return a == one }, true, []string{"load", "confirm"}},
		"it was cut, and ends":   {func(a string, loaded bool, _ time.Duration) bool { return !loaded && a == one }, true, []string{"load", "confirm"}},
		"for a moment":           {func(a string, loaded bool, s time.Duration) bool { return loaded && a == one && s < 5*time.Second }, true, []string{"load", "confirm"}},
		"only after a moment":    {func(a string, loaded bool, s time.Duration) bool { return loaded && a == one && s > 2*time.Second }, true, []string{"load"}},
		"cut, and no etcd there": {func(a string, loaded bool, _ time.Duration) bool { return loaded && a == one }, false, []string{"load", "confirm"}},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var tables []string
				var since time.Time
				cut := func(a string) bool {
					if len(tables) > 0 && since.IsZero() {
						since = time.Now()
					}
					return c.cut(a, len(tables) > 0, time.Since(since))
				}
				h := walled{cut: cut, tables: &tables}
				members := &cluster.Cluster{Nodes: []cluster.Node{
					{Name: "cp-1", Role: cluster.ControlPlane, Address: netip.MustParseAddr("10.0.0.1")},
					{Name: "cp-2", Role: cluster.ControlPlane, Address: netip.MustParseAddr("10.0.0.2")}}}
				have := &state.Node{Name: "cp-1"}
				if c.etcd {
					have.Processes = map[string]state.Process{"etcd": {PID: 1}}
				}
				r := &Runner{Access: Access{Cluster: members, Hosts: map[string]host.Host{"cp-1": h, "cp-2": walled{cut: cut, tables: new([]string)}}},
					Have: &state.Cluster{Nodes: map[string]*state.Node{"cp-1": have}}}
				_, err := r.Run(t.Context(), &plan.Plan{Steps: []plan.Step{{ID: "cp-1/table/bulwark", Node: "cp-1", Kind: plan.KindTable,
					Table: &state.Table{Text: state.Text("table inet bulwark {\n}\n"), Revert: 60}}}})
				if !slices.Equal(tables, c.want) || (err == nil) != slices.Contains(c.want, "confirm") {
					t.Errorf("%q, %v", tables, err)
				}
				if err != nil && !strings.Contains(err.Error(), "cuts off etcd; the machine takes it away again within 60 s") {
					t.Error(err)
				}
			})
		})
	}
}

func TestWhatAMomentLacksOfAnother(t *testing.T) {
	was := peers{alive: []string{"cp-1", "cp-2"}, links: []link{{"cp-2", "cp-1"}, {"cp-1", "cp-2"}}}
	now := peers{alive: []string{"cp-2", "cp-3"}, links: []link{{"cp-1", "cp-2"}}}
	if err := was.lost(now); err == nil || err.Error() != "cp-2 cannot connect to port 2380 of cp-1, the member of cp-1 does not answer" {
		t.Error(err)
	}
	if err := errors.Join(was.lost(was), peers{}.lost(now)); err != nil {
		t.Error(err)
	}
}
