package plan

import (
	"io/fs"
	"net/netip"
	"slices"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

func small() *cluster.Cluster {
	return &cluster.Cluster{
		Name: "small", Kubernetes: cluster.Version{Major: 1, Minor: 37, Patch: 2},
		Endpoint: cluster.Endpoint{Host: "192.0.2.11", Port: 6443},
		SSH:      cluster.SSH{User: "ops", Port: 22},
		Firewall: cluster.Firewall{Admins: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
		Audit:    cluster.Audit{MaxAge: 366, MaxBackup: 10, MaxSize: 100},
		Network:  cluster.Network{CNI: cluster.CNI{Kind: cluster.CNIBridge}},
		Nodes: []cluster.Node{
			{Name: "cp-1", Role: cluster.ControlPlane, Address: netip.MustParseAddr("192.0.2.11")},
			{Name: "w-1", Role: cluster.Worker, Address: netip.MustParseAddr("192.0.2.21")},
		},
		Origins: map[string]cluster.Origin{"firewall.admins": {File: "cluster.hcl", Line: 7}},
	}
}

// never says that nothing is missing of any object.
func never(state.Object, state.HaveObject) bool { return false }

// only computes the plan of one fact on cp-1.
func only(f state.Fact, n *state.Node, api state.API) *Plan {
	n.Name = "cp-1"
	have := &state.Cluster{Nodes: map[string]*state.Node{"cp-1": n}, API: api}
	return Compute(small(), []state.Want{{Node: "cp-1", Facts: []state.Fact{f}}}, have, never)
}

func TestEachFactIsUnmetUntilItHolds(t *testing.T) {
	text := []byte("hello\n")
	file := func(h state.HaveFile) *state.Node {
		h.Path = "/etc/x"
		return &state.Node{Files: map[string]state.HaveFile{"/etc/x": h}}
	}
	want := state.File{Path: "/etc/x", Origin: state.Written, Mode: 0o600, Owner: "root:root", Content: text}
	good := state.HaveFile{Type: "file", Mode: 0o600, Owner: "root:root", SHA256: state.SHA256(text)}
	with := func(change func(*state.HaveFile)) state.HaveFile { h := good; change(&h); return h }

	adopted := want
	adopted.Origin = state.Adopted
	forbidden := state.File{Path: "/etc/x", Origin: state.Forbidden}
	dir := state.File{Path: "/etc/x", Origin: state.Written, Mode: 0o700 | state.Mode(fs.ModeDir), Owner: "root:root"}
	copied := state.File{Path: "/etc/x", CopyOf: "/etc/y", Origin: state.Adopted, Mode: 0o600, Owner: "root:root"}
	withSource := func(digest string) *state.Node {
		n := file(good)
		n.Files["/etc/y"] = state.HaveFile{Path: "/etc/y", Type: "file", SHA256: digest}
		return n
	}
	table := &state.Table{Text: state.Text("table inet bulwark {}\n"), Revert: 60}
	confirmed := func(text state.Text, live string) *state.Node {
		return &state.Node{Table: "live", Files: map[string]state.HaveFile{state.ConfirmedTablePath: {
			Path: state.ConfirmedTablePath, Type: "file", Text: state.ConfirmedTable(text, live)}}}
	}
	phase := &state.Phase{Args: []string{"init"}, Makes: []string{"/etc/x"}}
	answering := state.API{Status: state.Answering}

	cases := []struct {
		name string
		fact state.Fact
		have *state.Node
		api  state.API
		want Action // "" when the fact holds
	}{
		{"an absent file is added", state.Fact{File: &want}, file(state.HaveFile{Type: "absent"}), state.API{}, Add},
		{"a file as wanted holds", state.Fact{File: &want}, file(good), state.API{}, ""},
		{"other bytes are changed", state.Fact{File: &want}, file(with(func(h *state.HaveFile) { h.SHA256 = "00" })), state.API{}, Change},
		{"a wider mode is changed", state.Fact{File: &want}, file(with(func(h *state.HaveFile) { h.Mode = 0o644 })), state.API{}, Change},
		{"another owner is changed", state.Fact{File: &want}, file(with(func(h *state.HaveFile) { h.Owner = "ops:ops" })), state.API{}, Change},
		{"a symlink in its place is changed", state.Fact{File: &want}, file(with(func(h *state.HaveFile) { h.Type = "symlink" })), state.API{}, Change},
		{"adopted bytes are never compared", state.Fact{File: &adopted}, file(with(func(h *state.HaveFile) { h.SHA256 = "00" })), state.API{}, ""},
		{"a copy holds with the bytes of its source", state.Fact{File: &copied}, withSource(good.SHA256), state.API{}, ""},
		{"a copy follows its source", state.Fact{File: &copied}, withSource("11"), state.API{}, Change},
		{"a forbidden file is removed", state.Fact{File: &forbidden}, file(good), state.API{}, Remove},
		{"a forbidden file that is absent holds", state.Fact{File: &forbidden}, file(state.HaveFile{}), state.API{}, ""},
		{"a file where a folder is wanted is changed", state.Fact{File: &dir}, file(good), state.API{}, Change},
		{"a sysctl with another value is changed", state.Fact{Sysctl: &state.Sysctl{Key: "k", Value: "1"}}, &state.Node{Sysctls: map[string]string{"k": "0"}}, state.API{}, Change},
		{"a sysctl in force holds", state.Fact{Sysctl: &state.Sysctl{Key: "k", Value: "1"}}, &state.Node{Sysctls: map[string]string{"k": "1"}}, state.API{}, ""},
		{"a module that is not loaded is added", state.Fact{Module: &state.Module{Name: "m"}}, &state.Node{}, state.API{}, Add},
		{"an unknown unit is added", state.Fact{Unit: &state.WantUnit{Name: "u.service", Enabled: true}}, &state.Node{}, state.API{}, Add},
		{"a stopped unit is started", state.Fact{Unit: &state.WantUnit{Name: "u.service", Active: true}}, &state.Node{Units: map[string]state.Unit{"u.service": {Active: "failed"}}}, state.API{}, Change},
		{"an active unit holds", state.Fact{Unit: &state.WantUnit{Name: "u.service", Active: true, Follows: []string{"/etc/u"}}}, &state.Node{Units: map[string]state.Unit{"u.service": {Active: "active"}}}, state.API{}, ""},
		{"no table is added", state.Fact{Table: table}, &state.Node{}, state.API{}, Add},
		{"a confirmed table holds", state.Fact{Table: table}, confirmed(table.Text, "live"), state.API{}, ""},
		{"a table with another text is changed", state.Fact{Table: table}, confirmed(state.Text("other"), "live"), state.API{}, Change},
		{"a table that somebody edited is changed", state.Fact{Table: table}, confirmed(table.Text, "before the edit"), state.API{}, Change},
		{"a phase runs while what it makes is missing", state.Fact{Phase: phase}, &state.Node{}, state.API{}, Run},
		{"a phase whose files are there holds", state.Fact{Phase: phase}, file(good), state.API{}, ""},
		{"an object that must not exist is removed before an API can be asked", state.Fact{Object: &state.Object{}}, &state.Node{}, state.API{Status: state.NoAPI}, Remove},
		{"an object that must not exist and does not holds", state.Fact{Object: &state.Object{}}, &state.Node{}, answering, ""},
		{"a join token is removed", state.Fact{Object: &state.Object{Tokens: true}}, &state.Node{}, state.API{Status: state.Answering, Tokens: map[string]string{"abcdef": state.TokenDescription + "w-1"}}, Remove},
		{"a person's token is left alone", state.Fact{Object: &state.Object{Tokens: true}}, &state.Node{}, state.API{Status: state.Answering, Tokens: map[string]string{"abcdef": "mine"}}, ""},
		{"a kubelet without a serving certificate gets one", state.Fact{Approval: &state.Approval{Node: "cp-1", Makes: "/etc/x"}}, &state.Node{}, answering, Run},
		{"a kubelet that asks again is answered", state.Fact{Approval: &state.Approval{Node: "cp-1", Makes: "/etc/x"}}, file(good), state.API{Status: state.Answering, Requests: []state.CertificateRequest{{User: "system:node:cp-1"}}}, Run},
		{"another node's request is not this one's", state.Fact{Approval: &state.Approval{Node: "cp-1", Makes: "/etc/x"}}, file(good), state.API{Status: state.Answering, Requests: []state.CertificateRequest{{User: "system:node:w-1"}}}, ""},
		{"a node that is not Ready is waited for", state.Fact{Wait: &state.Wait{For: state.WaitNodeReady, Subject: "cp-1"}}, &state.Node{}, answering, Check},
		{"a Ready node holds", state.Fact{Wait: &state.Wait{For: state.WaitNodeReady, Subject: "cp-1"}}, &state.Node{}, state.API{Status: state.Answering, Nodes: map[string]state.NodeObject{"cp-1": {Ready: true}}}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := only(c.fact, c.have, c.api)
			switch {
			case c.want == "" && !p.Empty():
				t.Fatalf("a step although the fact holds: %+v", p.Steps[0])
			case c.want != "" && (len(p.Steps) != 1 || p.Steps[0].Action != c.want):
				t.Fatalf("steps %+v, want one %q", p.Steps, c.want)
			}
		})
	}
}

func TestReferencesAreComparedOnceTheyAreKnown(t *testing.T) {
	want := state.File{Path: "/etc/x", Origin: state.Written, Mode: 0o600, Owner: "root:root", Content: []byte("subnet " + state.Ref("pod-cidr/cp-1")), Holds: []string{"pod-cidr"}}
	n := &state.Node{Files: map[string]state.HaveFile{"/etc/x": {Type: "file", Mode: 0o600, Owner: "root:root", SHA256: state.SHA256([]byte("subnet 10.244.0.0/24"))}}}
	if p := only(state.Fact{File: &want}, n, state.API{}); p.Empty() {
		t.Error("without the pod prefix nobody can say that the file is right")
	}
	known := state.API{Status: state.Answering, Nodes: map[string]state.NodeObject{"cp-1": {PodCIDRs: []string{"10.244.0.0/24"}}}}
	if p := only(state.Fact{File: &want}, n, known); !p.Empty() {
		t.Errorf("the file is right: %+v", p.Steps)
	}
	want.Holds = nil
	if p := only(state.Fact{File: &want}, n, known); p.Empty() {
		t.Error("a reference that the file may not hold was resolved")
	}
}

func TestWhatAStepMakesOnTheWayIsRemovedInTheSamePlan(t *testing.T) {
	facts := []state.Fact{
		{ID: "cp-1/phase/kubeconfig", Phase: &state.Phase{Makes: []string{"/etc/admin.conf"}}},
		{ID: "cp-1/file/super", File: &state.File{Path: "/etc/super.conf", Origin: state.Forbidden, MadeBy: "cp-1/phase/kubeconfig"}},
	}
	p := Compute(small(), []state.Want{{Node: "cp-1", Facts: facts}}, &state.Cluster{}, never)
	ids := func() (out []string) {
		for _, s := range p.Steps {
			out = append(out, s.ID)
		}
		return out
	}()
	if !slices.Equal(ids, []string{"cp-1/phase/kubeconfig", "cp-1/file/super"}) {
		t.Fatalf("steps %v", ids)
	}
	// What a run that was cut left there is not what will be there then.
	n := &state.Node{Name: "cp-1", Files: map[string]state.HaveFile{"/etc/super.conf": {Type: "file", SHA256: state.SHA256(nil)}}}
	p = Compute(small(), []state.Want{{Node: "cp-1", Facts: facts}}, &state.Cluster{Nodes: map[string]*state.Node{"cp-1": n}}, never)
	if len(p.Steps) != 2 || p.Steps[1].File.Had != AnyBytes {
		t.Errorf("steps %+v", p.Steps)
	}
}

func TestWhatAPhaseOfThisPlanWritesIsLeftToIt(t *testing.T) {
	facts := []state.Fact{
		{ID: "cp-1/phase/start", Phase: &state.Phase{Makes: []string{"/etc/config"}}},
		{ID: "cp-1/file/config", File: &state.File{Path: "/etc/config", Origin: state.Derived, Mode: 0o600, Owner: "root:root", MadeBy: "cp-1/phase/start"}},
	}
	n := &state.Node{Name: "cp-1", Derived: map[string][]byte{"/etc/config": []byte("new")},
		Files: map[string]state.HaveFile{"/etc/config": {Type: "file", Mode: 0o600, Owner: "root:root", SHA256: state.SHA256(nil)}}}
	for text, want := range map[string]string{"": "cp-1/phase/start", "old": "cp-1/file/config"} {
		f := n.Files["/etc/config"]
		f.SHA256 = state.SHA256([]byte(text))
		n.Files["/etc/config"] = f
		p := Compute(small(), []state.Want{{Node: "cp-1", Facts: facts}}, &state.Cluster{Nodes: map[string]*state.Node{"cp-1": n}}, never)
		if len(p.Steps) != 1 || p.Steps[0].ID != want {
			t.Errorf("with %q there: %+v, want %s alone", text, p.Steps, want)
		}
	}
}

func TestAUnitStartsAgainWhenItsFileIsWritten(t *testing.T) {
	file := state.File{Path: "/etc/u", Origin: state.Written, Mode: 0o600, Owner: "root:root"}
	facts := []state.Fact{
		{ID: "cp-1/file/etc/u", File: &file},
		{ID: "cp-1/unit/u.service", Unit: &state.WantUnit{Name: "u.service", Active: true, Follows: []string{"/etc/u"}}},
	}
	n := &state.Node{Name: "cp-1", Units: map[string]state.Unit{"u.service": {Active: "active"}}}
	p := Compute(small(), []state.Want{{Node: "cp-1", Facts: facts}}, &state.Cluster{Nodes: map[string]*state.Node{"cp-1": n}}, never)
	if len(p.Steps) != 2 || !slices.Equal(p.Steps[1].Unit.Verbs, []string{"daemon-reload", "restart"}) {
		t.Fatalf("steps %+v", p.Steps)
	}
}

func TestAfterNamesOnlyStepsOfThePlan(t *testing.T) {
	facts := []state.Fact{
		{ID: "cp-1/sysctl/a", Sysctl: &state.Sysctl{Key: "a", Value: "1"}},
		{ID: "cp-1/sysctl/b", Sysctl: &state.Sysctl{Key: "b", Value: "1"}, After: []string{"cp-1/sysctl/a", "cp-1/sysctl/gone"}},
	}
	p := Compute(small(), []state.Want{{Node: "cp-1", Facts: facts}}, &state.Cluster{}, never)
	if got := p.Steps[1].After; !slices.Equal(got, []string{"cp-1/sysctl/a"}) {
		t.Fatalf("after %v", got)
	}
}

func TestAPhaseThatWasCutRunsWithWhatResumesIt(t *testing.T) {
	join := &state.Phase{Args: []string{"join"}, Again: []string{"join", "--skip-phases", "preflight"}, Makes: []string{"/etc/a", "/etc/b"}}
	fresh := only(state.Fact{Phase: join}, &state.Node{}, state.API{})
	if got := fresh.Steps[0].Phase.Args; len(got) != 1 {
		t.Errorf("on a fresh machine: %v", got)
	}
	cut := only(state.Fact{Phase: join}, &state.Node{Files: map[string]state.HaveFile{"/etc/a": {Type: "file"}}}, state.API{})
	if got := cut.Steps[0].Phase.Args; len(got) != 3 {
		t.Errorf("after a cut: %v", got)
	}
}

// Of an API that does not answer nothing is known: nothing of it is planned, and
// what only it could tell is taken to be as it was. What is wrong on the machine is.
func TestAnAPIThatDoesNotAnswerIsUnknown(t *testing.T) {
	n := livingNode("cp-1", manifest("--a=2"))
	n.Files["/etc/cidr"] = state.HaveFile{Path: "/etc/cidr", Type: "file", Mode: 0o600, Owner: "root:root", SHA256: state.SHA256([]byte("old"))}
	facts := append(livingFacts("cp-1"),
		state.Fact{ID: "cp-1/file/etc/cidr", Why: "defaults", File: &state.File{Path: "/etc/cidr", Origin: state.Written, Mode: 0o600, Owner: "root:root", Content: []byte(state.Ref("pod-cidr/cp-1")), Holds: []string{"pod-cidr"}}},
		state.Fact{ID: "cp-1/phase/x", Why: "defaults", Phase: &state.Phase{Makes: []string{"/etc/p"}, Objects: []state.ObjectRef{{Kind: "ConfigMap", Name: "x"}}, Registered: true, Label: "l"}},
		state.Fact{ID: "cp-1/approval/serving", Why: "defaults", Approval: &state.Approval{Node: "cp-1", Makes: "/none"}},
		state.Fact{ID: "cluster/object/x", Why: "defaults", Object: &state.Object{Ref: state.ObjectRef{Kind: "ConfigMap", Name: "x"}, JSON: []byte("{}")}},
		state.Fact{ID: "cluster/encryption/rewrite", Why: "defaults", Encryption: &state.Encryption{}})
	wants := []state.Want{{Node: "cp-1", Facts: facts}}
	nodes := map[string]*state.Node{"cp-1": n}
	got := steps(Compute(small(), wants, &state.Cluster{Nodes: nodes, API: state.API{Status: state.Unreachable}}, never))
	if want := []string{"cp-1/file" + apiManifest + " restarts kube-apiserver guarded"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := steps(Compute(small(), wants, &state.Cluster{Nodes: nodes, API: state.API{Status: state.Answering}}, never)); len(got) < 5 {
		t.Errorf("of one that answers: %q", got)
	}
}
