package provision

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision/adopt"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/desired"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

var errAway = errors.New("connection refused")

// visiting is an audit of a recorded cluster by hosts that are named. Machines are reached
// at the addresses of their Nodes, but for those that are away.
func visiting(t *testing.T, seen *adopt.Seen, in Input, away ...string) *visitor {
	t.Helper()
	if in.Hosts == nil {
		in.Hosts = []ImportHost{{Address: seen.API.Nodes["cp-1"].Internal[0]}}
	}
	v := newVisitor(in, check.Needs{Node: true, Paths: []string{"/etc/kubernetes/admin.conf"}})
	v.open = func(context.Context, ImportHost) (host.Host, error) { return nil, errAway }
	v.read = func(_ context.Context, asks []observe.Ask) (map[string]*state.Node, error) {
		out := map[string]*state.Node{}
		for _, a := range asks {
			v.failed[a.Node] = errAway
			for _, m := range seen.Machines {
				if !slices.Contains(away, m.Name) && (slices.Contains(seen.API.Nodes[m.Name].Internal, a.Node) || a.Node == m.Name) {
					out[a.Node] = m.Look
					delete(v.failed, a.Node)
				}
			}
		}
		return out, nil
	}
	v.api = func(context.Context, map[string]*state.Node) (state.API, []state.Agent, error) {
		return seen.API, seen.Agents, nil
	}
	return v
}

func recordedStock(t *testing.T) *adopt.Seen {
	t.Helper()
	text, err := os.ReadFile("adopt/testdata/stock.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := &adopt.Seen{}
	if err := json.Unmarshal(text, seen); err != nil {
		t.Fatal(err)
	}
	return seen
}

// judge asks the CIS benchmark, and answers verdicts by control and node.
func judge(t *testing.T, v *visitor) (*Audited, map[string]profiles.Verdict) {
	t.Helper()
	q, err := questions(v.in, nil, []string{unspecified}, cluster.Version{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := v.audit(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]profiles.Verdict{}
	for _, f := range a.Findings {
		out[f.Control.ID+" "+f.Node] = f.Verdict
	}
	return a, out
}

// A cluster as kubeadm makes it is judged by what was seen of it, by one control plane's
// address alone.
func TestAForeignClusterIsAudited(t *testing.T) {
	seen := recordedStock(t)
	var workers []string
	for name := range seen.API.Nodes {
		if name != "cp-1" {
			workers = append(workers, name)
		}
	}
	if len(workers) != 1 {
		t.Fatalf("the recording has changed: %q", workers)
	}
	w := workers[0]
	a, got := judge(t, visiting(t, seen, Input{}))
	for of, want := range map[string]profiles.Verdict{
		"CIS-1.2.15 cp-1": profiles.Fail, // --profiling is on by default
		"CIS-1.2.16 cp-1": profiles.Fail, // nothing is written of requests
		"CIS-1.2.6 cp-1":  profiles.Pass, // kubeadm gives --authorization-mode
		"CIS-4.2.1 " + w:  profiles.Pass, // and a kubelet without anonymous requests
		"CIS-1.2.15 " + w: profiles.NotApplicable,
	} {
		if got[of] != want {
			t.Errorf("%s is %q, want %s", of, got[of], want)
		}
	}
	if a.Cluster.Name == "" || a.Cluster.Kubernetes.Minor == 0 || a.Looked.IsZero() || len(a.Cluster.Nodes) != 2 || !slices.Equal(a.Profiles, []string{"cis"}) || len(a.Notes) > 0 {
		t.Errorf("%+v of %+v", a, a.Cluster)
	}
	if d := a.Report(); d.Spec != nil || d.Time == "" || d.Cluster != a.Cluster.Name {
		t.Errorf("the document has spec %v, time %q", d.Spec, d.Time)
	} else {
		for _, format := range []string{"csv", "sarif", "junit", "oscal", "html"} {
			if text, err := d.Render(format); err != nil || !strings.Contains(string(text), "CIS-1.2.15") {
				t.Errorf("%s: %v", format, err)
			}
		}
	}
}

// What is missing is a note, and unknown; it keeps nothing else from being judged.
func TestAForeignClusterIsJudgedAsFarAsItIsSeen(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*adopt.Seen, *visitor)
		in     Input
		away   []string
		note   string
		want   map[string]profiles.Verdict
	}{
		"a worker that is away": {away: []string{"w-1"}, note: "w-1 was not looked at: connection refused; name it with --host w-1=",
			want: map[string]profiles.Verdict{"CIS-4.2.1 w-1": profiles.Unknown, "CIS-1.2.6 cp-1": profiles.Pass}},
		"an API that does not answer": {change: func(_ *adopt.Seen, v *visitor) {
			v.api = func(context.Context, map[string]*state.Node) (state.API, []state.Agent, error) {
				return state.API{}, nil, errors.New("certificate has expired")
			}
		}, note: "the API was not asked", want: map[string]profiles.Verdict{"CIS-5.3.2 ": profiles.Unknown, "CIS-1.2.6 cp-1": profiles.Pass}},
		"no kubeadm": {change: func(s *adopt.Seen, _ *visitor) { clear(s.API.Objects) }, note: "the cluster has no ",
			want: map[string]profiles.Verdict{"CIS-1.2.6 cp-1": profiles.Pass}},
		"a Node without an address": {change: func(s *adopt.Seen, _ *visitor) {
			n := s.API.Nodes["w-1"]
			n.Internal = nil
			s.API.Nodes["w-1"] = n
		}, in: Input{Hosts: []ImportHost{{Address: "cp-1"}}}, note: "w-1 was not looked at: its Node has no InternalIP", want: map[string]profiles.Verdict{"CIS-4.2.1 w-1": profiles.Unknown}},
		"another machine at its address": {change: func(s *adopt.Seen, _ *visitor) {
			for _, m := range s.Machines {
				if m.Name == "w-1" {
					m.Look.Facts.Hostname, m.Look.Facts.Addresses = "db-1", nil
				}
			}
		}, note: "that machine is db-1", want: map[string]profiles.Verdict{"CIS-4.2.1 w-1": profiles.Unknown}},
		"one that was named is away": {in: Input{Hosts: []ImportHost{{Address: "cp-1"}, {Address: "gone"}}}, note: "--host gone was not looked at, and which node it is is not known",
			want: map[string]profiles.Verdict{"CIS-4.2.1 w-1": profiles.Pass}},
		"one that was named with its Node is away": {in: Input{Hosts: []ImportHost{{Address: "cp-1"}, {Name: "w-1", Address: "gone"}}}, note: "w-1 was not looked at: connection refused",
			want: map[string]profiles.Verdict{"CIS-4.2.1 w-1": profiles.Unknown}},
	} {
		t.Run(name, func(t *testing.T) {
			seen := recordedStock(t)
			v := visiting(t, seen, c.in, c.away...)
			if c.change != nil {
				c.change(seen, v)
			}
			a, got := judge(t, v)
			if !strings.Contains(strings.Join(a.Notes, "\n"), c.note) {
				t.Errorf("%q is not among %q", c.note, a.Notes)
			}
			for of, want := range c.want {
				if got[of] != want {
					t.Errorf("%s is %q, want %s", of, got[of], want)
				}
			}
		})
	}
}

// What nobody can audit says why.
func TestForeignHostsThatAreNoCluster(t *testing.T) {
	for name, c := range map[string]struct {
		in   Input
		away []string
		says string
	}{
		"away":            {Input{Hosts: []ImportHost{{Address: "cp-1"}}}, []string{"cp-1"}, "no control plane of the cluster was looked at: connection refused"},
		"a worker":        {Input{Hosts: []ImportHost{{Address: "w-1"}}}, nil, "none of these machines is a control plane"},
		"another's name":  {Input{Hosts: []ImportHost{{Name: "w-1", Address: "cp-1"}}}, nil, "that machine is cp-1"},
		"a node of none":  {Input{Hosts: []ImportHost{{Address: "cp-1"}}, Nodes: []string{"cp-9"}}, nil, "--node cp-9: there is no such node, only cp-1, w-1"},
		"one named twice": {Input{Hosts: []ImportHost{{Address: "cp-1"}, {Name: "cp-1", Address: recordedStock(t).API.Nodes["cp-1"].Internal[0]}}}, nil, "are one machine, node cp-1"},
	} {
		t.Run(name, func(t *testing.T) {
			v := visiting(t, recordedStock(t), c.in, c.away...)
			if _, err := v.audit(t.Context(), question{}); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
	if _, err := Audit(t.Context(), Input{Hosts: []ImportHost{{Address: "a"}}, Profiles: []string{"csi"}}); err == nil || !strings.Contains(err.Error(), "csi") {
		t.Errorf("a profile that is none: %v", err)
	}
}

// Nodes that nobody named are reached as the first machine is.
func TestOtherNodesAreReachedAsTheFirst(t *testing.T) {
	seen := recordedStock(t)
	v := visiting(t, seen, Input{Hosts: []ImportHost{{Address: "cp-1", User: "ops", Port: 2222}}})
	got := v.others(seen.API.Nodes, map[string]string{"cp-1:2222": "cp-1"})
	if want := (ImportHost{Name: "w-1", Address: seen.API.Nodes["w-1"].Internal[0], User: "ops", Port: 2222}); len(got) != 1 || got[0] != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// Nothing is asked of bulwark's own runs, no program is started, and where the API
// server's files lie is read.
func TestAVisitAsksForWhatIsThere(t *testing.T) {
	a := visitAsk("[fd00::1]:2222", check.Needs{Paths: []string{desired.APIServerManifest, "/etc/x"}})
	if a.Software || len(a.Runs) > 0 {
		t.Errorf("%+v", a)
	}
	n := 0
	for _, f := range a.Files {
		if f.Path == desired.APIServerManifest && f.Text {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the manifest is asked for %d times in %+v", n, a.Files)
	}
}
