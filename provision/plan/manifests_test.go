package plan

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

const (
	evil    = "/file/etc/kubernetes/manifests/evil.yaml"
	ourVIP  = "/etc/kubernetes/manifests/kube-vip.yaml"
	kubeadm = "/etc/kubernetes/bulwark/kubeadm.yaml"
)

// folder is that static pods may be those that are named and no others.
func folder(node string, after ...string) state.Fact {
	return state.Fact{ID: node + "/folder/etc/kubernetes/manifests", After: after,
		Folder: &state.Folder{Path: manifestsDir, Names: []string{"kube-apiserver.yaml", "kube-vip.yaml"}}}
}

// stray puts a manifest of somebody's on a machine.
func stray(n *state.Node, name string) {
	p := manifestsDir + "/" + name
	n.Files[p] = state.HaveFile{Path: p, Type: "file", SHA256: strings.Repeat("a", 64)}
}

// planes are so many control planes and a worker, of which those that are said run
// with other arguments than they should.
func planes(many int, changing ...string) (*cluster.Cluster, *state.Cluster) {
	c := small()
	have := &state.Cluster{Nodes: map[string]*state.Node{}, API: state.API{Status: state.Answering}}
	for i := 2; i <= many; i++ {
		c.Nodes = append(c.Nodes, cluster.Node{Name: "cp-" + strconv.Itoa(i), Role: cluster.ControlPlane, Address: netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + i)})})
	}
	for _, n := range c.Nodes {
		runs := "--a=1"
		if slices.Contains(changing, n.Name) {
			runs = "--a=2"
		}
		have.Nodes[n.Name] = livingNode(n.Name, manifest(runs))
	}
	return c, have
}

// comesToItsEnd wants a plan to come to its end, each node's steps in their order: no two wait
// for each other.
func comesToItsEnd(t *testing.T, p *Plan) {
	t.Helper()
	ended := map[string]bool{}
	for before := -1; before != len(ended); {
		before = len(ended)
		stands := map[string]bool{} // nodes whose next step waits
		for _, s := range p.Steps {
			if ended[s.ID] || stands[s.Node] {
				continue
			}
			if slices.ContainsFunc(s.After, func(id string) bool { return !ended[id] }) {
				stands[s.Node] = true
				continue
			}
			ended[s.ID] = true
		}
	}
	if len(ended) != len(p.Steps) {
		t.Errorf("it comes to %d of %d steps", len(ended), len(p.Steps))
	}
}

// What a static pod does ends on one control plane after the other, in the turn of
// each: where one does not come back, the others keep theirs.
func TestStrayManifestsGoOneControlPlaneAfterTheOther(t *testing.T) {
	end := "/file" + apiManifest
	for what, c := range map[string]struct {
		changing []string
		strays   []string
		change   func(*state.Cluster)
		want     []string
	}{
		"one":   {nil, []string{"cp-2"}, nil, []string{"cp-2" + evil}},
		"three": {nil, []string{"cp-1", "cp-2", "cp-3"}, nil, []string{"cp-1" + evil, "cp-2" + evil + " after cp-1" + evil, "cp-3" + evil + " after cp-2" + evil}},
		"not of a machine that is none yet": {nil, []string{"cp-1", "cp-2", "cp-3"}, func(have *state.Cluster) { delete(have.Nodes["cp-2"].Files, apiServerManifest) },
			[]string{"cp-1" + evil, "cp-2" + evil, "cp-3" + evil + " after cp-1" + evil}},
		"among changes": {[]string{"cp-1", "cp-2", "w-1"}, []string{"cp-2", "cp-3"}, nil, []string{
			"cp-1" + end + " restarts kube-apiserver guarded",
			"w-1" + end + " restarts kube-apiserver guarded after cp-3" + evil,
			"cp-2" + evil + " after cp-1" + end, "cp-2" + end + " restarts kube-apiserver guarded",
			"cp-3" + evil + " after cp-2" + end}},
		"of a worker that changes": {[]string{"w-1"}, []string{"cp-1"}, nil, []string{"cp-1" + evil, "w-1" + end + " restarts kube-apiserver guarded after cp-1" + evil}},
	} {
		spec, have := planes(3, c.changing...)
		var wants []state.Want
		for _, n := range spec.Nodes {
			if slices.Contains(c.strays, n.Name) {
				stray(have.Nodes[n.Name], "evil.yaml")
			}
			wants = append(wants, state.Want{Node: n.Name, Facts: append(livingFacts(n.Name)[2:3], folder(n.Name))})
		}
		if c.change != nil {
			c.change(have)
			wants[2].Facts = wants[2].Facts[1:]
		}
		p := Compute(spec, wants, have, never)
		if got := steps(p); !slices.Equal(got, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
		comesToItsEnd(t, p)
	}
}

// vipFacts are what kubeadm makes of its configuration for a kube-vip, and all that a
// control plane has behind it.
func vipFacts(node string) []state.Fact {
	file := func(path string, feeds bool) state.Fact {
		return state.Fact{ID: node + "/file" + path, File: &state.File{Path: path, Origin: state.Written, Mode: 0o600, Owner: "root:root", Content: []byte("ours"), Feeds: feeds}}
	}
	return slices.Concat([]state.Fact{file(kubeadm, true)}, livingFacts(node)[2:3], []state.Fact{
		{ID: node + "/phase/kubeconfig-kube-vip", Phase: &state.Phase{Args: []string{"kubeconfig", "user", "--config", kubeadm}, Makes: []string{"/etc/kubernetes/bulwark/kube-vip.conf"}}},
		file(ourVIP, false),
		{ID: node + "/approval/serving", Approval: &state.Approval{Node: node, Makes: "/pki/serving.pem"}},
		folder(node, node+"/file"+ourVIP),
	})
}

// A kube-vip of somebody else's goes once ours is written there, which is when kubeadm
// has the configuration that it makes its kubeconfig of, and one control plane
// after the other: some of them hold the address at any time.
func TestAForeignKubeVIPGoesAfterOursIsWritten(t *testing.T) {
	end := "/file" + apiManifest + " restarts kube-apiserver guarded"
	for what, c := range map[string]struct {
		name string
		last string // what a control plane's turn ends with
	}{"under another name": {"vip.yaml", "/file/etc/kubernetes/manifests/vip.yaml"}, "under ours": {"kube-vip.yaml", "/file" + ourVIP}} {
		spec, have := planes(2, "cp-1", "cp-2")
		var wants []state.Want
		var want []string
		for _, n := range spec.ControlPlanes() {
			stray(have.Nodes[n.Name], c.name)
			wants = append(wants, state.Want{Node: n.Name, Facts: vipFacts(n.Name)})
			first := n.Name + "/file" + kubeadm + " guarded"
			if n.Name != "cp-1" {
				first += " after cp-1" + c.last
			}
			want = append(want, first, n.Name+end, n.Name+"/phase/kubeconfig-kube-vip", n.Name+"/file"+ourVIP, n.Name+"/approval/serving")
			if c.name != "kube-vip.yaml" {
				want = append(want, n.Name+c.last+" after "+n.Name+"/file"+ourVIP)
			}
		}
		p := Compute(spec, wants, have, never)
		if got := steps(p); !slices.Equal(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		comesToItsEnd(t, p)
	}
}

// Where kubeadm has its configuration already, what it makes of it is not put off; and
// of a manifest whose mode alone is another nothing ends.
func TestAKubeVIPOfOursChangesInTurn(t *testing.T) {
	spec, have := planes(3, "cp-1")
	var wants []state.Want
	for _, n := range spec.ControlPlanes() {
		got := have.Nodes[n.Name]
		stray(got, "kube-vip.yaml")
		got.Files[kubeadm] = state.HaveFile{Path: kubeadm, Type: "file", Mode: 0o600, Owner: "root:root", SHA256: state.SHA256([]byte("before"))}
		wants = append(wants, state.Want{Node: n.Name, Facts: vipFacts(n.Name)[:4]})
	}
	have.Nodes["cp-2"].Files[ourVIP] = state.HaveFile{Path: ourVIP, Type: "file", Mode: 0o644, Owner: "root:root", SHA256: state.SHA256([]byte("ours"))}
	want := []string{
		"cp-1/phase/kubeconfig-kube-vip", "cp-1/file" + ourVIP, "cp-1/file" + kubeadm + " guarded", "cp-1/file" + apiManifest + " restarts kube-apiserver guarded",
		"cp-2/file" + kubeadm, "cp-2/phase/kubeconfig-kube-vip", "cp-2/file" + ourVIP,
		"cp-3/file" + kubeadm, "cp-3/phase/kubeconfig-kube-vip", "cp-3/file" + ourVIP + " after cp-1/file" + apiManifest,
	}
	if got := steps(Compute(spec, wants, have, never)); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Workers whose kubelets are not trusted come before control planes that change, and a
// static pod that only goes does not wait for them.
func TestAStrayWaitsForNoWorkerWhereNoControlPlaneChanges(t *testing.T) {
	spec, have := planes(1, "w-1")
	stray(have.Nodes["cp-1"], "evil.yaml")
	approval := state.Fact{ID: "w-1/approval/serving", Approval: &state.Approval{Node: "w-1", Makes: "/pki/serving.pem"}}
	wants := []state.Want{{Node: "cp-1", Facts: []state.Fact{folder("cp-1")}}, {Node: "w-1", Facts: append(livingFacts("w-1")[2:3], approval)}}
	want := []string{"cp-1" + evil, "w-1/file" + apiManifest + " restarts kube-apiserver guarded", "w-1/approval/serving"}
	if got := steps(Compute(spec, wants, have, never)); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
