package provision

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/desired"
	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// A machine that could not be looked at is a row, whose check says why, and
// keeps the error's kind.
func TestMachinesThatWereNotSeenAreRows(t *testing.T) {
	c := &cluster.Cluster{Nodes: []cluster.Node{{Name: "cp-1"}, {Name: "w-1"}, {Name: "w-2"}, {Name: "w-3"}}}
	rows := notSeen(c, map[string]error{
		"cp-1": fmt.Errorf("look: %w", &host.NotRootError{Host: "ops@cp-1", User: "ops", Said: "sudo: a password\nis required"}),
		"w-1":  fmt.Errorf("w-1: %w: unknown key", host.ErrUntrusted),
		"w-3":  fmt.Errorf("w-3: %w: connection refused", host.ErrUnreachable),
	})
	want := []struct{ node, check, seen, remedy string }{
		{"cp-1", "sudo", "ops may not become root", "ops ALL=(root) NOPASSWD: ALL"},
		{"w-1", "host-key", "unknown key", "known_hosts"},
		{"w-3", "reach", "connection refused", "ssh -v"},
	}
	if len(rows) != len(want) {
		t.Fatalf("%+v", rows)
	}
	for i, w := range want {
		r := rows[i]
		if r.Node != w.node || r.Check != w.check || !strings.Contains(r.Seen, w.seen) || !strings.Contains(r.Remedy, w.remedy) || strings.Contains(r.Seen, "\n") {
			t.Errorf("%+v", r)
		}
		if reached := !errors.Is(r.Err, host.ErrUnreachable); reached != (w.check == "host-key") {
			t.Errorf("%s is of another kind: %v", w.check, r.Err)
		}
	}
}

// An API that does not answer stops a run unless something else is to be done first.
func TestAnAPIThatDoesNotAnswerIsSaid(t *testing.T) {
	have := &state.Cluster{API: state.API{Status: state.Unreachable, Unread: map[string]string{kube.PartAPI: "connection refused\x1b[31m"}}}
	for what, c := range map[string]struct {
		plan    *plan.Plan
		warning bool
	}{"nothing to do": {&plan.Plan{}, false}, "something to do": {&plan.Plan{Steps: []plan.Step{{ID: "cp-1/file/etc/x"}}}, true}} {
		rows := unreachable("cp-1", have, c.plan)
		if len(rows) != 1 || rows[0].Node != "cp-1" || rows[0].Warning != c.warning || !strings.Contains(rows[0].Seen, "connection refused") || strings.Contains(rows[0].Seen, "\x1b") {
			t.Errorf("%s: %+v", what, rows)
		}
	}
	if rows := unreachable("cp-1", &state.Cluster{API: state.API{Status: state.Answering}}, &plan.Plan{}); len(rows) > 0 {
		t.Errorf("%+v", rows)
	}
}

// Who waits for an API server waits less where its file is why it does not answer.
func TestPatience(t *testing.T) {
	n := &state.Node{Files: map[string]state.HaveFile{desired.APIServerManifest: {SHA256: state.SHA256([]byte("a"))}}}
	for what, c := range map[string]struct {
		derived map[string][]byte
		want    time.Duration
	}{
		"not asked": {nil, restartTimeout}, "as it should be": {map[string][]byte{desired.APIServerManifest: []byte("a")}, restartTimeout},
		"otherwise": {map[string][]byte{desired.APIServerManifest: []byte("b")}, wrongTimeout},
	} {
		if n.Derived = c.derived; patience(n) != c.want {
			t.Errorf("%s: %v", what, patience(n))
		}
	}
}

// A run that was cut after kubeadm made kube-proxy and before it made its rights has to
// put those back before it waits for CoreDNS, which cannot come without them.
func TestWhatKubeadmPutsIntoTheAPIComesBeforeTheWaitForIt(t *testing.T) {
	s := planned(t, "../examples/quickstart")
	i, err := intended(t.Context(), Input{Path: "../examples/quickstart", LookupEnv: func(string) (string, bool) { return "", false }})
	if err != nil {
		t.Fatal(err)
	}
	rights := state.Object{Ref: state.ObjectRef{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "RoleBinding", Namespace: "kube-system", Name: "kube-proxy"}}
	s.Plan = plan.Compute(i.cluster, withDerived(i.wants, desired.Derived([]state.Object{rights})), s.have, kube.Missing)
	at := func(id string) int {
		return slices.IndexFunc(s.Plan.Steps, func(s plan.Step) bool { return strings.Contains(s.ID, id) })
	}
	if put, wait := at("object/rbac.authorization.k8s.io/v1/RoleBinding/kube-system/kube-proxy"), at("wait/coredns"); put < 0 || wait < 0 || put > wait {
		t.Errorf("the rights are step %d, the wait for CoreDNS is step %d of %d", put, wait, len(s.Plan.Steps))
	}
}

// A waiver is said while it counts, and when it does no more.
func TestWaiversAreSaid(t *testing.T) {
	at := cluster.Origin{File: "c.hcl", Line: 3}
	c := &cluster.Cluster{Waivers: []cluster.Waiver{
		{ID: "CIS-1.2.11", Reason: "no registry", Origin: at},
		{ID: "CIS-4.2.1", Reason: "old agent", Expires: "2027-06-30", Nodes: []string{"w-1", "w-2"}, Origin: at},
	}}
	for day, want := range map[string][]string{
		"2027-06-30": {"CIS-1.2.11 is waived (c.hcl:3): no registry", "CIS-4.2.1 is waived (c.hcl:3): old agent, until 2027-06-30, on w-1, w-2"},
		"2027-07-01": {"CIS-1.2.11 is waived (c.hcl:3): no registry",
			"the waiver of CIS-4.2.1 (c.hcl:3), on w-1, w-2 ended on 2027-06-30, and waives nothing any more (old agent): bulwark audit says whether it is met"},
	} {
		now, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := waived(c, now); !slices.Equal(got, want) {
			t.Errorf("on %s: %q, want %q", day, got, want)
		}
	}
}
