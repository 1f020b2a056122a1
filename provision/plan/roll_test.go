package plan

import (
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

const apiManifest = "/etc/kubernetes/manifests/kube-apiserver.yaml"

func manifest(args ...string) []byte {
	return []byte("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - command: [kube-apiserver, " + strings.Join(args, ", ") + "]\n")
}

// livingNode is a node whose API server runs with what its manifest says.
func livingNode(name string, had []byte) *state.Node {
	return &state.Node{
		Name: name, Clock: 2000,
		Files: map[string]state.HaveFile{
			kubeletConf: {Type: "file"},
			apiManifest: {Path: apiManifest, Type: "file", Mode: 0o600, Owner: "root:root", SHA256: state.SHA256(had), Text: had},
			"/etc/p":    {Path: "/etc/p", Type: "file", Mode: 0o600, Owner: "root:root", SHA256: state.SHA256([]byte("p")), Changed: 900},
		},
		Processes: map[string]state.Process{"kube-apiserver": {PID: 7, Started: 1000, Args: Command(had)}},
		Derived:   map[string][]byte{apiManifest: manifest("--a=1")},
	}
}

func livingFacts(node string) []state.Fact {
	return []state.Fact{
		{ID: node + "/file/etc/p", Why: "defaults", File: &state.File{Path: "/etc/p", Origin: state.Written, Mode: 0o600, Owner: "root:root", Content: []byte("p"), Restarts: []string{"kube-apiserver"}}},
		{ID: node + "/wait/api", Why: "defaults", Wait: &state.Wait{For: state.WaitAPI, Subject: node, Seconds: 1}},
		{ID: node + "/file" + apiManifest, Why: "defaults", File: &state.File{Path: apiManifest, Origin: state.Derived, Mode: 0o600, Owner: "root:root", Optional: true, Restarts: []string{"kube-apiserver"}}},
		{ID: node + "/process/kube-apiserver", Why: "defaults", Process: &state.WantProcess{Name: "kube-apiserver", Manifest: apiManifest, Reads: []string{"/etc/p"}}},
	}
}

func steps(p *Plan) []string {
	var out []string
	for _, s := range p.Steps {
		line := s.ID
		if len(s.Restarts) > 0 {
			line += " restarts " + strings.Join(s.Restarts, ",")
		}
		if s.Guarded {
			line += " guarded"
		}
		if len(s.After) > 0 {
			line += " after " + strings.Join(s.After, ",")
		}
		out = append(out, line)
	}
	return out
}

func TestAComponentRunsWithWhatItsFilesSay(t *testing.T) {
	ready := state.API{Status: state.Answering, Ready: map[string]bool{"cp-1": true}}
	right := manifest("--a=1")
	for what, c := range map[string]struct {
		change func(*state.Node)
		want   []string
	}{
		"as it should be":         {func(*state.Node) {}, nil},
		"another manifest":        {func(n *state.Node) { *n = *livingNode("cp-1", manifest("--a=2")) }, []string{"cp-1/file" + apiManifest + " restarts kube-apiserver guarded"}},
		"the same in other words": {func(n *state.Node) { *n = *livingNode("cp-1", append([]byte("# a note\n"), right...)) }, []string{"cp-1/file" + apiManifest}},
		"a right file and an old process": {func(n *state.Node) {
			n.Processes["kube-apiserver"] = state.Process{PID: 7, Started: 1000, Args: []string{"kube-apiserver", "--a=2"}}
		}, []string{"cp-1/process/kube-apiserver restarts kube-apiserver guarded"}},
		"a file newer than the process": {func(n *state.Node) {
			f := n.Files["/etc/p"]
			f.Changed = 1500
			n.Files["/etc/p"] = f
		}, []string{"cp-1/process/kube-apiserver restarts kube-apiserver guarded"}},
		"a file of the future": {func(n *state.Node) {
			f := n.Files["/etc/p"]
			f.Changed = 9000
			n.Files["/etc/p"] = f
		}, nil},
		"a mode": {func(n *state.Node) {
			f := n.Files[apiManifest]
			f.Mode = 0o644
			n.Files[apiManifest] = f
		}, []string{"cp-1/file" + apiManifest}},
		"a manifest that is gone": {func(n *state.Node) { delete(n.Files, apiManifest) }, []string{"cp-1/file" + apiManifest + " restarts kube-apiserver guarded"}},
		"a file that it reads":    {func(n *state.Node) { n.Files["/etc/p"] = state.HaveFile{Type: "file", SHA256: "00"} }, []string{"cp-1/file/etc/p restarts kube-apiserver guarded"}},
		"nothing runs": {func(n *state.Node) {
			*n = *livingNode("cp-1", manifest("--a=2"))
			n.Processes = nil
		}, []string{"cp-1/file" + apiManifest + " restarts kube-apiserver guarded"}},
		"no answer of kubeadm": {func(n *state.Node) {
			*n = *livingNode("cp-1", manifest("--a=2"))
			n.Derived = nil
		}, nil},
	} {
		n := livingNode("cp-1", right)
		c.change(n)
		have := &state.Cluster{Nodes: map[string]*state.Node{"cp-1": n}, API: ready}
		got := steps(Compute(small(), []state.Want{{Node: "cp-1", Facts: livingFacts("cp-1")}}, have, never))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}

// An API server that is to be mended by a change is not waited for before it.
func TestOneControlPlaneChangesAfterTheOther(t *testing.T) {
	c := small()
	c.Nodes = append(c.Nodes, cluster.Node{Name: "cp-2", Role: cluster.ControlPlane, Address: netip.MustParseAddr("192.0.2.12")},
		cluster.Node{Name: "w-2", Role: cluster.Worker, Address: netip.MustParseAddr("192.0.2.22")})
	have := &state.Cluster{Nodes: map[string]*state.Node{}, API: state.API{Status: state.Answering}}
	var wants []state.Want
	for _, n := range c.Nodes {
		have.Nodes[n.Name] = livingNode(n.Name, manifest("--a=2"))
		wants = append(wants, state.Want{Node: n.Name, Facts: livingFacts(n.Name)[1:3]})
	}
	object := state.Fact{ID: "cluster/object/x", Why: "defaults", Object: &state.Object{Ref: state.ObjectRef{Kind: "ConfigMap", Name: "x"}, JSON: []byte("{}"), Derived: true}}
	wants = append(wants, state.Want{Facts: []state.Fact{object}})
	p := Compute(c, wants, have, never)
	end := func(node string) string { return node + "/file" + apiManifest }
	want := []string{
		end("cp-1") + " restarts kube-apiserver guarded", "cp-1/wait/api",
		end("w-1") + " restarts kube-apiserver guarded after " + end("cp-2"), "w-1/wait/api",
		end("cp-2") + " restarts kube-apiserver guarded after " + end("cp-1"), "cp-2/wait/api",
		end("w-2") + " restarts kube-apiserver guarded after " + end("cp-2") + "," + end("w-1"), "w-2/wait/api",
		"cluster/object/x after " + end("cp-2"),
	}
	if got := steps(p); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := p.Restarting(); len(got) != 4 || got[0].Node != "cp-1" || !slices.Equal(got[0].Components, []string{"kube-apiserver"}) {
		t.Errorf("restarts: %+v", got)
	}
}

// A kubelet that serves with a certificate of its own, as kubeadm has it, gets one of
// the cluster before API servers ask for that.
func TestWorkersComeFirstWhereTheirKubeletsAreNotTrusted(t *testing.T) {
	c := small()
	have := &state.Cluster{Nodes: map[string]*state.Node{}, API: state.API{Status: state.Answering}}
	var wants []state.Want
	for _, n := range c.Nodes {
		have.Nodes[n.Name] = livingNode(n.Name, manifest("--a=2"))
		approval := state.Fact{ID: n.Name + "/approval/serving", Why: "defaults", Approval: &state.Approval{Node: n.Name, Makes: "/pki/serving.pem"}}
		wants = append(wants, state.Want{Node: n.Name, Facts: append(livingFacts(n.Name)[2:3], approval)})
	}
	end := func(node string) string { return node + "/file" + apiManifest }
	want := []string{
		end("cp-1") + " restarts kube-apiserver guarded after w-1/approval/serving", "cp-1/approval/serving",
		end("w-1") + " restarts kube-apiserver guarded", "w-1/approval/serving",
	}
	if got := steps(Compute(c, wants, have, never)); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What etcd keeps belongs to the account that etcd runs as: where it does not, etcd
// runs as another one, and starts again.
func TestAllThatLiesUnderAFolderHasItsOwner(t *testing.T) {
	const data = "/var/lib/etcd"
	want := state.File{Path: data, Origin: state.Written, Mode: 0o700 | state.Mode(fs.ModeDir), Owner: state.EtcdOwner, Tree: true, Restarts: []string{"etcd"}}
	for what, c := range map[string]struct {
		have state.HaveFile
		want []string
	}{
		"all its own":    {state.HaveFile{Type: "dir", Mode: 0o700, Owner: state.EtcdOwner, Owners: []string{state.EtcdOwner}}, nil},
		"empty":          {state.HaveFile{Type: "dir", Mode: 0o700, Owner: state.EtcdOwner, Owners: []string{}}, nil},
		"something else": {state.HaveFile{Type: "dir", Mode: 0o700, Owner: state.EtcdOwner, Owners: []string{state.EtcdOwner, "root:root"}}, []string{"cp-1/file/var/lib/etcd restarts etcd guarded"}},
		"the folder":     {state.HaveFile{Type: "dir", Mode: 0o700, Owner: "root:root", Owners: []string{state.EtcdOwner}}, []string{"cp-1/file/var/lib/etcd"}},
		"gone":           {state.HaveFile{}, []string{"cp-1/file/var/lib/etcd"}},
	} {
		n := livingNode("cp-1", manifest("--a=1"))
		n.Processes["etcd"] = state.Process{PID: 9, Started: 1000}
		n.Files[data] = c.have
		facts := []state.Fact{{ID: "cp-1/file" + data, Why: "defaults", File: &want}}
		if got := steps(Compute(small(), []state.Want{{Node: "cp-1", Facts: facts}}, &state.Cluster{Nodes: map[string]*state.Node{"cp-1": n}}, never)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}

func TestStrayManifestsGo(t *testing.T) {
	n := livingNode("cp-1", manifest("--a=1"))
	for name, kind := range map[string]string{"evil.yaml": "file", "link.yaml": "symlink", ".hidden": "file", "folder": "dir"} {
		p := "/etc/kubernetes/manifests/" + name
		n.Files[p] = state.HaveFile{Path: p, Type: kind, SHA256: strings.Repeat("a", 64)}
		if kind == "symlink" {
			n.Files[p] = state.HaveFile{Path: p, Type: kind, LeadsTo: "link:b"}
		}
	}
	f := state.Fact{ID: "cp-1/folder/etc/kubernetes/manifests", Folder: &state.Folder{Path: "/etc/kubernetes/manifests", Names: []string{"kube-apiserver.yaml"}}}
	p := Compute(small(), []state.Want{{Node: "cp-1", Facts: []state.Fact{f}}}, &state.Cluster{Nodes: map[string]*state.Node{"cp-1": n}}, never)
	if got := steps(p); !slices.Equal(got, []string{"cp-1/file/etc/kubernetes/manifests/evil.yaml", "cp-1/file/etc/kubernetes/manifests/link.yaml"}) {
		t.Errorf("%q", got)
	}
	for _, s := range p.Steps {
		if s.Action != Remove || s.File.Had != n.Files[s.Title].Seen() || s.File.Had == "" {
			t.Errorf("%+v", s)
		}
	}
}

// Whatever worker takes longest, no more change at a time than the spec says, and so
// many do.
func TestNoMoreWorkersChangeAtATimeThanTheSpecSays(t *testing.T) {
	for _, c := range []struct {
		share cluster.Share
		most  int
	}{{cluster.Share{}, 1}, {cluster.Share{Count: 2}, 2}, {cluster.Share{Percent: 50}, 3}, {cluster.Share{Percent: 100}, 7}, {cluster.Share{Count: 100}, 7}} {
		spec := small()
		spec.MaxUnavailable = c.share
		spec.Nodes = spec.Nodes[:1]
		have := &state.Cluster{Nodes: map[string]*state.Node{}, API: state.API{Status: state.Answering}}
		var wants []state.Want
		for i := range 7 {
			spec.Nodes = append(spec.Nodes, cluster.Node{Name: "w-" + strconv.Itoa(i), Role: cluster.Worker})
		}
		for _, n := range spec.Nodes {
			have.Nodes[n.Name] = livingNode(n.Name, manifest("--a=2"))
			wants = append(wants, state.Want{Node: n.Name, Facts: livingFacts(n.Name)[2:3]})
		}
		p := Compute(spec, wants, have, never)
		most := 0
		for seed := range 50 {
			most = max(most, busiest(t, p, rand.New(rand.NewPCG(uint64(seed), 1))))
		}
		if most != c.most {
			t.Errorf("%s of 7: %d workers change at a time, want %d", c.share, most, c.most)
		}
	}
}

// busiest runs a plan in an order that chance decides, each step as soon as it may,
// and says how many workers changed at once.
func busiest(t *testing.T, p *Plan, chance *rand.Rand) int {
	t.Helper()
	ended, begun := map[string]bool{}, map[string]bool{}
	most := 0
	for len(ended) < len(p.Steps) {
		var running []Step
		workers := 0
		for _, s := range p.Steps {
			if !ended[s.ID] && !slices.ContainsFunc(s.After, func(id string) bool { return !ended[id] }) {
				begun[s.ID] = true
			}
			if begun[s.ID] && !ended[s.ID] {
				running = append(running, s)
				if s.Node != "cp-1" {
					workers++
				}
			}
		}
		if len(running) == 0 {
			t.Fatal("nothing can go on")
		}
		most = max(most, workers)
		ended[running[chance.IntN(len(running))].ID] = true
	}
	return most
}

// A table that cuts etcd off must not be on most of its members: where etcd runs,
// one control plane after the other gets it, and others when they please.
func TestTablesOfMembersOfEtcdComeOneAfterTheOther(t *testing.T) {
	c := small()
	for _, name := range []string{"cp-2", "cp-3", "cp-4"} {
		c.Nodes = append(c.Nodes, cluster.Node{Name: name, Role: cluster.ControlPlane})
	}
	have := &state.Cluster{Nodes: map[string]*state.Node{}}
	var wants []state.Want
	for _, n := range c.Nodes {
		have.Nodes[n.Name] = &state.Node{Name: n.Name, Table: "another", Processes: map[string]state.Process{"etcd": {PID: 1}}}
		wants = append(wants, state.Want{Node: n.Name, Facts: []state.Fact{{ID: n.Name + "/table/bulwark", Table: &state.Table{Text: state.Text("t")}}}})
	}
	have.Nodes["cp-2"].Processes = nil
	want := []string{"cp-1/table/bulwark", "w-1/table/bulwark", "cp-2/table/bulwark",
		"cp-3/table/bulwark after cp-1/table/bulwark", "cp-4/table/bulwark after cp-3/table/bulwark"}
	if got := steps(Compute(c, wants, have, never)); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// While one member of etcd starts again, no other machine may ask whether its new table
// lets all members reach each other.
func TestNoTableIsLoadedWhileAControlPlaneChanges(t *testing.T) {
	c := small()
	for _, name := range []string{"cp-2", "cp-3", "cp-new"} {
		c.Nodes = append(c.Nodes, cluster.Node{Name: name, Role: cluster.ControlPlane})
	}
	have := &state.Cluster{Nodes: map[string]*state.Node{}, API: state.API{Status: state.Answering}}
	var wants []state.Want
	for _, n := range c.Nodes {
		have.Nodes[n.Name] = livingNode(n.Name, manifest("--a=2"))
		have.Nodes[n.Name].Table = "another"
		have.Nodes[n.Name].Processes["etcd"] = state.Process{PID: 1}
		table := state.Fact{ID: n.Name + "/table/bulwark", Table: &state.Table{Text: state.Text("t")}}
		wants = append(wants, state.Want{Node: n.Name, Facts: append([]state.Fact{table}, livingFacts(n.Name)[2:3]...)})
	}
	delete(have.Nodes["cp-3"].Processes, "etcd") // no member follows another there, and all the same its table comes first
	have.Nodes["cp-new"] = &state.Node{Name: "cp-new"}
	p := Compute(c, wants, have, never)
	at := slices.IndexFunc(p.Steps, func(s Step) bool { return s.ID == "cp-1/file"+apiManifest })
	if got := p.Steps[at].After; !slices.Equal(got, []string{"cp-2/table/bulwark", "cp-3/table/bulwark"}) {
		t.Errorf("the first change waits for %q", got)
	}
	for seed := range 50 {
		chance := rand.New(rand.NewPCG(uint64(seed), 1))
		undone := map[string]bool{"cp-1": true, "cp-2": true, "cp-3": true}
		inOrder(t, p, chance, func(running []Step, ended Step) {
			if slices.ContainsFunc(running, func(s Step) bool { return s.Guarded && strings.HasPrefix(s.Node, "cp-") && s.Node != "cp-new" }) && len(undone) > 0 {
				t.Fatalf("a control plane changes, and %v have no table yet", undone)
			}
			if ended.Table != nil {
				delete(undone, ended.Node)
			}
		})
	}
}

// inOrder runs a plan as apply does, the steps of a node one by one, and those that may run
// ended by chance; each time it says what runs, and what of it ends.
func inOrder(t *testing.T, p *Plan, chance *rand.Rand, each func(running []Step, ended Step)) {
	t.Helper()
	ended := map[string]bool{}
	for len(ended) < len(p.Steps) {
		busy := map[string]bool{}
		var running []Step
		for _, s := range p.Steps {
			if ended[s.ID] || busy[s.Node] {
				continue
			}
			busy[s.Node] = true
			if !slices.ContainsFunc(s.After, func(id string) bool { return !ended[id] }) {
				running = append(running, s)
			}
		}
		if len(running) == 0 {
			t.Fatal("nothing can go on")
		}
		ends := running[chance.IntN(len(running))]
		each(running, ends)
		ended[ends.ID] = true
	}
}
