package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

const (
	packagedDropIn = packagedKubeletUnit + ".d/" + kubeadmDropIn
	ownDropIn      = adminsKubeletUnit + ".d/" + kubeadmDropIn
	stockDropIn    = `# Note: This dropin only works with kubeadm and kubelet v1.11+
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/b --kubeconfig=/k"
Environment="KUBELET_CONFIG_ARGS=--config=/c"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`
)

// kubeletNode is a worker of a cluster of the small spec, whose package brought its unit,
// and what is wanted of it.
func kubeletNode() (*state.Cluster, []state.Want) {
	wants := wantedImages()
	wants[1].Kubelet = []string{"--bootstrap-kubeconfig=/b", "--kubeconfig=/k", "--config=/c", "--node-ip=192.0.2.21"}
	have := fitCluster()
	n := have.Nodes["w-1"]
	n.Clock = 2000
	flags := []byte(`KUBELET_KUBEADM_ARGS="--node-ip=192.0.2.21"`)
	n.Files[kubeletConf], n.Files[kubeletConfig] = text(""), text("")
	n.Files[kubeletFlags] = state.HaveFile{Type: "file", SHA256: state.SHA256(flags), Changed: 900}
	n.Files[packagedKubeletUnit] = text("[Service]\nExecStart=/usr/bin/kubelet\n")
	n.Files[packagedDropIn] = text(stockDropIn)
	n.Derived = map[string][]byte{kubeletFlags: flags}
	n.Units = map[string]state.Unit{kubeletUnit: {Fragment: packagedKubeletUnit, DropIns: []string{packagedDropIn}}}
	n.Processes = map[string]state.Process{"kubelet": {PID: 7, Started: 1000, Args: append([]string{"/usr/bin/kubelet"}, wants[1].Kubelet...)}}
	return have, wants
}

// lacking is a kubelet that runs without some of its arguments.
func lacking(n *state.Node, args ...string) {
	p := n.Processes["kubelet"]
	p.Args = slices.DeleteFunc(slices.Clone(p.Args), func(a string) bool { return slices.Contains(args, a) })
	n.Processes["kubelet"] = p
}

func TestAKubeletHasItsArguments(t *testing.T) {
	dropIn := func(old, text string) func(*state.Node) {
		return func(n *state.Node) {
			n.Files[packagedDropIn] = state.HaveFile{Type: "file", Text: []byte(strings.ReplaceAll(stockDropIn, old, text))}
		}
	}
	for what, c := range map[string]struct {
		change func(*state.Node)
		says   string // "" is no row
	}{
		"as it should be":           {func(*state.Node) {}, ""},
		"its configuration is gone": {func(n *state.Node) { lacking(n, "--config=/c") }, "runs without --config=/c: its unit is " + packagedKubeletUnit + ", with " + packagedDropIn},
		"all of them are gone":      {func(n *state.Node) { lacking(n, "--bootstrap-kubeconfig=/b", "--kubeconfig=/k") }, "runs without --bootstrap-kubeconfig=/b --kubeconfig=/k"},
		"what kubeadm wrote is not used": {func(n *state.Node) { lacking(n, "--node-ip=192.0.2.21") },
			"runs without --node-ip=192.0.2.21"},
		"kubeadm would write another thing": {func(n *state.Node) {
			lacking(n, "--node-ip=192.0.2.21")
			n.Derived[kubeletFlags] = []byte(`KUBELET_KUBEADM_ARGS="--node-ip=192.0.2.21 --x"`)
		}, ""},
		"what kubeadm wrote is newer": {func(n *state.Node) {
			lacking(n, "--node-ip=192.0.2.21")
			f := n.Files[kubeletFlags]
			f.Changed = 1500
			n.Files[kubeletFlags] = f
		}, ""},
		"nothing runs":                 {func(n *state.Node) { n.Processes = nil }, ""},
		"no node yet":                  {func(n *state.Node) { lacking(n, "--config=/c"); delete(n.Files, kubeletConf) }, ""},
		"the next start loses it":      {dropIn(" $KUBELET_CONFIG_ARGS", ""), "will start without --config=/c"},
		"the next start has another":   {dropIn("--config=/c", "--config=/tmp/c"), "will start without --config=/c"},
		"the next start says nothing":  {dropIn(stockDropIn, ""), "will start without --bootstrap-kubeconfig=/b --kubeconfig=/k --config=/c"},
		"the drop-in is gone":          {func(n *state.Node) { delete(n.Files, packagedDropIn) }, "will start without"},
		"the drop-in was not read":     {func(n *state.Node) { n.Files[packagedDropIn] = state.HaveFile{Type: "symlink"} }, ""},
		"arguments of another file":    {dropIn(`Environment="KUBELET_CONFIG_ARGS=--config=/c"`, "EnvironmentFile=/etc/vendor/kubelet"), ""},
		"lines that go on, and quotes": {dropIn(`Environment="KUBELET_CONFIG_ARGS=--config=/c"`, "Environment=A=b \\\n 'KUBELET_CONFIG_ARGS=--config=/c'"), ""},
	} {
		have, wants := kubeletNode()
		c.change(have.Nodes["w-1"])
		got := Preflight(small(), wants, have)
		if c.says == "" && len(got) != 0 ||
			c.says != "" && (len(got) != 1 || got[0].Check != "kubelet-start" || got[0].Warning || got[0].Node != "w-1" || !strings.Contains(got[0].Seen, c.says)) {
			t.Errorf("%s: %+v", what, got)
		}
		kind := small()
		kind.Deviations = []cluster.Deviation{{KeepKubeletUnit: true}}
		if got := Preflight(kind, wants, have); len(got) != 0 {
			t.Errorf("%s, in kind's image: %+v", what, got)
		}
	}
}

// ownUnit is the same node with bulwark's own unit and drop-in.
func ownUnit() (*state.Cluster, []state.Want) {
	have, wants := kubeletNode()
	n := have.Nodes["w-1"]
	delete(n.Files, packagedKubeletUnit)
	delete(n.Files, packagedDropIn)
	var reads []string
	for _, path := range []string{adminsKubeletUnit, ownDropIn} {
		want := state.File{Path: path, Origin: state.Written, Mode: 0o600, Owner: "root:root", Content: []byte(path), Unless: []string{packagedKubeletUnit}, Restarts: []string{"kubelet"}}
		wants[1].Facts = append(wants[1].Facts, state.Fact{ID: "w-1/file" + path, Why: "defaults", File: &want})
		n.Files[path] = state.HaveFile{Path: path, Type: "file", Mode: 0o600, Owner: "root:root", SHA256: state.SHA256(want.Content), Changed: 900}
		reads = append(reads, path)
	}
	wants[1].Facts = append(wants[1].Facts,
		state.Fact{ID: "w-1/unit/kubelet.service/enabled", Why: "defaults", Unit: &state.WantUnit{Name: kubeletUnit, Enabled: true}},
		state.Fact{ID: "w-1/process/kubelet", Why: "defaults", Process: &state.WantProcess{Name: "kubelet", Unit: kubeletUnit, Reads: reads}})
	n.Units = map[string]state.Unit{kubeletUnit: {Load: "loaded", Enabled: "enabled", Active: "active", Fragment: adminsKubeletUnit, DropIns: []string{ownDropIn}}}
	return have, wants
}

// What bulwark wrote it puts back, and the kubelet starts again with it in the same
// plan. That what runs meanwhile lacks something does not stop the mending.
func TestTheKubeletStartsAgainWithItsUnit(t *testing.T) {
	set := func(path string, change func(*state.HaveFile)) func(*state.Node) {
		return func(n *state.Node) {
			f := n.Files[path]
			change(&f)
			n.Files[path] = f
		}
	}
	process := "w-1/process/kubelet restarts kubelet guarded"
	for what, c := range map[string]struct {
		change func(*state.Node)
		want   []string
		says   string // of preflight, once the running kubelet lacks --config
	}{
		"as it should be":    {func(*state.Node) {}, nil, "runs without --config=/c"},
		"another drop-in":    {set(ownDropIn, func(f *state.HaveFile) { f.SHA256 = "00" }), []string{"w-1/file" + ownDropIn + " restarts kubelet guarded"}, ""},
		"another unit":       {set(adminsKubeletUnit, func(f *state.HaveFile) { f.SHA256 = "00" }), []string{"w-1/file" + adminsKubeletUnit + " restarts kubelet guarded"}, ""},
		"a drop-in too open": {set(ownDropIn, func(f *state.HaveFile) { f.Mode = 0o644 }), []string{"w-1/file" + ownDropIn}, "runs without --config=/c"},
		"a drop-in put back by hand": {set(ownDropIn, func(f *state.HaveFile) { f.Changed = 1500 }),
			[]string{process}, ""},
		"systemd has not read it": {func(n *state.Node) { u := n.Units[kubeletUnit]; u.Stale = true; n.Units[kubeletUnit] = u }, []string{process}, ""},
		"no drop-in":              {func(n *state.Node) { delete(n.Files, ownDropIn) }, []string{"w-1/file" + ownDropIn, process}, ""},
		"no unit, which is put there before it is enabled": {func(n *state.Node) {
			delete(n.Files, adminsKubeletUnit)
			n.Units = map[string]state.Unit{kubeletUnit: {Load: "not-found", Active: "active"}}
		}, []string{"w-1/file" + adminsKubeletUnit, "w-1/unit/kubelet.service/enabled", process}, ""},
	} {
		have, wants := ownUnit()
		c.change(have.Nodes["w-1"])
		if got := steps(Compute(small(), wants[1:], have, never)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
		lacking(have.Nodes["w-1"], "--config=/c")
		got := Preflight(small(), wants, have)
		if c.says == "" && len(got) != 0 || c.says != "" && (len(got) != 1 || !strings.Contains(got[0].Seen, c.says)) {
			t.Errorf("%s: %+v", what, got)
		}
	}
}

// Systemd looks into more folders than the look does, and names what it found there.
func TestDropInsThatOnlySystemdKnows(t *testing.T) {
	for path, refused := range map[string]bool{
		"/usr/local/lib/systemd/system/kubelet.service.d/x.conf": true,
		"/etc/systemd/system.control/kubelet.service.d/x.conf":   true,
		"/lib/systemd/system/kubelet.service.d/10-kubeadm.conf":  false, // /lib is a link
		"/usr/lib/systemd/system/service.d/10-timeout.conf":      false, // the distribution's, for all services
	} {
		have, wants := kubeletNode()
		have.Nodes["w-1"].Units[kubeletUnit] = state.Unit{DropIns: []string{path}}
		got := Preflight(small(), wants, have)
		if !refused && len(got) != 0 || refused && (len(got) != 1 || got[0].Check != "kubelet-arguments" || !strings.Contains(got[0].Seen, path)) {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

// A unit that systemd has not read anew is read, in the plan that changed it too.
func TestSystemdReadsAUnitThatChanged(t *testing.T) {
	const path = unitFiles + "a.service"
	facts := []state.Fact{
		{ID: "cp-1/file" + path, Why: "defaults", File: &state.File{Path: path, Origin: state.Written, Mode: 0o600, Owner: "root:root", Content: []byte("a")}},
		{ID: "cp-1/unit/a.service", Why: "defaults", Unit: &state.WantUnit{Name: "a.service", Enabled: true, Active: true}},
	}
	for what, c := range map[string]struct {
		digest string
		mode   state.Mode
		stale  bool
		want   []string
	}{
		"as it should be":  {state.SHA256([]byte("a")), 0o600, false, nil},
		"another on disk":  {"00", 0o600, false, []string{"cp-1/file" + path, "cp-1/unit/a.service"}},
		"too open":         {state.SHA256([]byte("a")), 0o644, false, []string{"cp-1/file" + path}},
		"not read by then": {state.SHA256([]byte("a")), 0o600, true, []string{"cp-1/unit/a.service"}},
	} {
		n := &state.Node{Name: "cp-1", Files: map[string]state.HaveFile{path: {Path: path, Type: "file", Mode: c.mode.Perm(), Owner: "root:root", SHA256: c.digest}},
			Units: map[string]state.Unit{"a.service": {Load: "loaded", Enabled: "enabled", Active: "active", Stale: c.stale}}}
		p := Compute(small(), []state.Want{{Node: "cp-1", Facts: facts}}, &state.Cluster{Nodes: map[string]*state.Node{"cp-1": n}}, never)
		if got := steps(p); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
		for _, s := range p.Steps {
			if s.Unit != nil && !slices.Equal(s.Unit.Verbs, []string{"daemon-reload"}) {
				t.Errorf("%s: %q", what, s.Unit.Verbs)
			}
		}
	}
}
