package apply

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
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

// Uids of the static pods of two manifests.
const (
	podBefore = "0123456789abcdef0123456789abcdef"
	podAfter  = "fedcba9876543210fedcba9876543210"
)

// server is a process that runs: none where it has no number.
type server struct {
	pid int
	pod string
	arg string
}

// living is a machine with one API server. What that does once its files changed,
// and once they were put back, is a matter of the time since.
type living struct {
	after, back func(since time.Duration) server
	changed     time.Time
	restored    time.Time
	// said is what the machine was told to do with a change, and guards answers it where
	// it does not just do so.
	said   []string
	guards func(action string) (string, error)
}

func (l *living) runs() server {
	switch {
	case !l.restored.IsZero():
		return l.back(time.Since(l.restored))
	case !l.changed.IsZero():
		return l.after(time.Since(l.changed))
	}
	return server{1, podBefore, "--a=1"}
}

func (l *living) Exec(_ context.Context, p host.Program, stdin []byte) (host.Result, error) {
	_, rest, _ := strings.Cut(string(stdin), "\n")
	switch p.Name {
	case "look":
		s := l.runs()
		if s.pid == 0 {
			return answers(stdin), nil
		}
		args := hex.EncodeToString([]byte("kube-apiserver\x00" + s.arg + "\x00"))
		return answers(stdin, "process", fmt.Sprintf("kube-apiserver %d 0 %s\n%s", s.pid, s.pod, args)), nil
	case "change":
		l.changed = time.Now()
		return answers(stdin, "done", "changed", "done", "same"), nil
	case "guard":
		action, _, _ := strings.Cut(rest, "\n")
		l.said = append(l.said, action)
		if l.guards != nil && action != "arm" {
			says, err := l.guards(action)
			return answers(stdin, "done", says), err
		}
		if action == "restore" {
			l.restored = time.Now()
		}
		return answers(stdin, "done", "1700000000"), nil
	}
	return host.Result{}, errors.ErrUnsupported
}

func (l *living) Dial(context.Context, string, string) (net.Conn, error) {
	return nil, errors.ErrUnsupported
}
func (l *living) Fresh(context.Context) (host.Host, error) { return l, nil }
func (l *living) String() string                           { return "living" }
func (l *living) Close() error                             { return nil }

// guardedStep changes the manifest of a node's API server. The nodes of these tests are workers:
// what is asked of control planes beside it needs a real one.
func guardedStep(node string, after ...string) plan.Step {
	return plan.Step{ID: node + "/file/m", Node: node, Kind: plan.KindFile, Guarded: true, Restarts: []string{"kube-apiserver"}, After: after,
		File: &plan.FileStep{Want: state.File{Path: "/m/kube-apiserver.yaml", Origin: state.Derived, Mode: 0o600, Owner: "root:root",
			Content: []byte("spec:\n  containers:\n  - command: [kube-apiserver, --a=2]\n")}}}
}

func runChange(t *testing.T, hosts map[string]host.Host, steps ...plan.Step) (Result, error, time.Duration) {
	t.Helper()
	c := &cluster.Cluster{MaxUnavailable: cluster.Share{Count: 2}, Nodes: []cluster.Node{{Name: "a", Role: cluster.Worker}, {Name: "b", Role: cluster.Worker}}}
	began := time.Now()
	res, err := (&Runner{Access: Access{Cluster: c, Hosts: hosts}, Have: &state.Cluster{}}).Run(t.Context(), &plan.Plan{Steps: steps})
	return res, err, time.Since(began)
}

func always(s server) func(time.Duration) server { return func(time.Duration) server { return s } }

// until is one server before a moment and another from then on.
func until(moment time.Duration, a, b server) func(time.Duration) server {
	return func(since time.Duration) server {
		if since < moment {
			return a
		}
		return b
	}
}

func TestAChangeStaysOrIsPutBack(t *testing.T) {
	fine, none := server{2, podAfter, "--a=2"}, server{}
	asBefore := server{9, podBefore, "--a=1"}
	for what, c := range map[string]struct {
		after, back func(time.Duration) server
		said        string
		// says is what the error says, none where the change stays; least is how long it takes.
		says  []string
		least time.Duration
	}{
		"it comes back and stays": {until(5*time.Second, none, fine), nil, "arm confirm", nil, 15 * time.Second},
		"it never comes back": {always(none), always(asBefore), "arm restore",
			[]string{"did not come back within 1m20s", "does not run", "put back what was at 22:13:20 UTC", "works again"}, gateTime},
		"it goes on as it was":                 {always(server{1, podBefore, "--a=1"}), always(asBefore), "arm restore", []string{"has not started again"}, gateTime},
		"it has other arguments":               {always(server{2, podAfter, "--a=3"}), always(asBefore), "arm restore", []string{"other arguments"}, gateTime},
		"it comes back and ends":               {until(8*time.Second, fine, server{3, podAfter, "--a=2"}), always(asBefore), "arm restore", []string{"came back, and then ended again"}, 7 * time.Second},
		"the old pod starts again":             {until(12*time.Second, server{2, podBefore, "--a=2"}, server{3, podAfter, "--a=2"}), nil, "arm confirm", nil, 22 * time.Second},
		"another manifest that means the same": {always(server{2, podBefore, "--a=2"}), nil, "arm confirm", nil, podTime + soakTime},
		"what was before is no better": {always(none), always(none), "arm restore",
			[]string{"and does not work with it", "does not run"}, gateTime + restoreTime},
		"the pod that is put back comes late": {always(none), until(20*time.Second, server{8, podAfter, "--a=1"}, asBefore), "arm restore",
			[]string{"works again"}, gateTime + 20*time.Second},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &living{after: c.after, back: c.back}
				_, err, took := runChange(t, map[string]host.Host{"a": l}, guardedStep("a"))
				if got := strings.Join(l.said, " "); got != c.said || (err == nil) != (c.says == nil) {
					t.Errorf("it was told %q: %v", got, err)
				}
				for _, says := range c.says {
					if err == nil || !strings.Contains(err.Error(), says) {
						t.Errorf("it does not say %q: %v", says, err)
					}
				}
				if took < c.least || took > c.least+5*time.Second {
					t.Errorf("it took %v, want %v", took, c.least)
				}
			})
		})
	}
}

// A connection that is lost while the node is told that all is well says nothing of what
// it did: it may have kept the change, or guard it still.
func TestAConfirmationWithoutAnAnswer(t *testing.T) {
	lost := fmt.Errorf("%w: the connection ended", host.ErrUnreachable)
	for what, c := range map[string]struct {
		// guards is what the node does with the calls that follow each other, after arming.
		guards []func(l *living) (string, error)
		said   string
		says   string // of the error, none where the change stays
	}{
		"it kept the change": {[]func(*living) (string, error){
			func(*living) (string, error) { return "", lost },
			func(*living) (string, error) { return "", nil },
		}, "arm confirm restore", ""},
		"it kept the change, and is asked twice": {[]func(*living) (string, error){
			func(*living) (string, error) { return "", lost },
			func(*living) (string, error) { return "", lost },
			func(*living) (string, error) { return "", nil },
		}, "arm confirm restore restore", ""},
		"it never heard of it": {[]func(*living) (string, error){
			func(*living) (string, error) { return "", lost },
			func(l *living) (string, error) { l.restored = time.Now(); return "1700000000", nil },
		}, "arm confirm restore", "put back what was at 22:13:20 UTC by its clock, and that works again"},
		"it put back, and that answer is lost too": {[]func(*living) (string, error){
			func(*living) (string, error) { return "", lost },
			func(l *living) (string, error) { l.restored = time.Now(); return "", lost },
			func(*living) (string, error) { return "", nil },
		}, "arm confirm restore restore", "put back what was before, and that works again"},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &living{after: always(server{2, podAfter, "--a=2"}), back: until(time.Second, server{2, podAfter, "--a=2"}, server{9, podBefore, "--a=1"})}
				calls := 0
				l.guards = func(string) (string, error) { calls++; return c.guards[calls-1](l) }
				res, err, took := runChange(t, map[string]host.Host{"a": l}, guardedStep("a"))
				if got := strings.Join(l.said, " "); got != c.said || (err == nil) != (c.says == "") || took > 30*time.Second {
					t.Errorf("it was told %q for %v: %v", got, took, err)
				}
				if c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
					t.Errorf("it does not say %q: %v", c.says, err)
				}
				if c.says == "" && len(res.Done) != 1 {
					t.Errorf("%+v", res)
				}
			})
		})
	}
}

// Who waits for a change that failed is not even looked at.
func TestNothingFollowsAChangeThatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &living{after: always(server{}), back: always(server{9, podBefore, "--a=1"})}
		next := &living{}
		res, err, _ := runChange(t, map[string]host.Host{"a": l, "b": next}, guardedStep("a"), guardedStep("b", "a/file/m"))
		if err == nil || !slices.Equal(res.Failed, []string{"a/file/m"}) || !slices.Equal(res.NotReached, []string{"b/file/m"}) || len(next.said) > 0 {
			t.Errorf("%+v, %v, %v", res, err, next.said)
		}
	})
}

// The events of a change tell how far it is.
func TestAChangeTellsHowFarItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &living{after: always(server{2, podAfter, "--a=2"})}
		var told []string
		r := &Runner{Access: Access{Cluster: &cluster.Cluster{Nodes: []cluster.Node{{Name: "a", Role: cluster.Worker}}}, Hosts: map[string]host.Host{"a": l}},
			Have: &state.Cluster{}, Events: func(e Event) { told = append(told, fmt.Sprintf("%s after %v %s", e.Kind, l.said, e.Text)) }}
		if _, err := r.Run(t.Context(), &plan.Plan{Steps: []plan.Step{guardedStep("a")}}); err != nil {
			t.Fatal(err)
		}
		want := []string{"started after [] ", "note after [arm] the node puts back what was before in 1m50s, unless all is well by then",
			"note after [arm] waiting for kube-apiserver", "note after [arm] back, and watched for 10s: kube-apiserver", "done after [arm confirm] "}
		if !slices.Equal(told, want) {
			t.Errorf("%q", told)
		}
	})
}

// An API server without its etcd keeps the kubelet from starting that again.
func TestWhatEndsForEtcdToBePutBack(t *testing.T) {
	for restarts, want := range map[string]string{
		"etcd": "etcd kube-apiserver", "etcd kubelet": "etcd kubelet kube-apiserver", "kube-apiserver etcd": "kube-apiserver etcd",
		"kubelet": "kubelet", "kube-apiserver": "kube-apiserver",
	} {
		if got := strings.Join(endedToo(strings.Fields(restarts)), " "); got != want {
			t.Errorf("%s: %s, want %s", restarts, got, want)
		}
	}
}
