package plan

import (
	"slices"
	"strings"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Reset is the steps that make machines of nodes again: kubeadm's own reset,
// then everything that was wanted, last things first. Only what is there is
// taken away. What stays is in docs/reset.md.
func Reset(c *cluster.Cluster, wants []state.Want, have *state.Cluster) *Plan {
	p := &Plan{Cluster: c.Name}
	for _, w := range wants {
		n := have.Nodes[w.Node]
		if w.Node == "" || n == nil {
			continue
		}
		r := &resetter{node: n, cni: c.Network.CNI.Kind}
		r.kubeadm()
		r.units(w)
		r.step(Step{ID: w.Node + "/table/bulwark", Kind: KindTable, Action: Remove, Table: &state.Table{},
			Title: "firewall, tables, routes and bridge of pods, and what else they left in the kernel"})
		r.files(w)
		p.Steps = append(p.Steps, r.steps...)
	}
	return p
}

// ResetProblems are why machines must not be reset: what was not read cannot be
// taken for absent, a machine of another name is another machine, and a node of
// another cluster is somebody else's. Software is no reason: a containerd that is
// broken may be why there is a reset.
func ResetProblems(c *cluster.Cluster, nodes map[string]*state.Node) []Problem {
	var out []Problem
	for _, n := range c.Nodes {
		got := nodes[n.Name]
		if got == nil {
			continue // not looked at, and said so
		}
		p := &preflight{c: c, n: n, got: got, f: got.Facts}
		p.unread()
		p.problems = slices.DeleteFunc(p.problems, func(row Problem) bool {
			name, _, _ := strings.Cut(row.Seen, ":")
			return slices.Contains(software[:], name)
		})
		p.hostname()
		out = append(out, p.problems...)
	}
	// Control planes that a reset already took their CA from say nothing of who
	// belongs to them, and a reset that was cut must go on.
	if slices.ContainsFunc(c.ControlPlanes(), func(n cluster.Node) bool { return nodes[n.Name] != nil && nodes[n.Name].Files[clusterCA].Exists() }) {
		out = append(out, strangers(c, &state.Cluster{Nodes: nodes})...)
	}
	return out
}

// software are names of what the look asks of programs that a reset does not need.
var software = [...]string{"Containerd", "SandboxImage", "Runc", "Kubelet", "Kubeadm", "Images"}

// resetter gathers the steps of one node.
type resetter struct {
	node  *state.Node
	cni   cluster.CNIKind
	steps []Step
}

func (r *resetter) step(s Step) {
	s.Node = r.node.Name
	s.Why = "reset"
	r.steps = append(r.steps, s)
}

// joinMarks are files one of which is there as soon as kubeadm began.
var joinMarks = [...]string{"/etc/kubernetes/kubelet.conf", "/etc/kubernetes/pki/ca.crt", "/var/lib/kubelet/config.yaml", "/etc/kubernetes/bootstrap-kubelet.conf"}

func (r *resetter) kubeadm() {
	if !slices.ContainsFunc(joinMarks[:], func(path string) bool { return r.node.Files[path].Exists() }) {
		return
	}
	r.step(Step{ID: r.node.Name + "/phase/reset", Kind: KindPhase, Action: Run, Title: "stops and removes pods, kubelet state, certificates and etcd's data",
		Phase: &state.Phase{Name: "reset",
			// A whole cluster goes: no member of etcd has to be told of another.
			Args: []string{"reset", "--force", "--cri-socket", "unix:///run/containerd/containerd.sock", "--skip-phases", "remove-etcd-member"}}})
}

// units are stopped and no longer started, the last one first.
func (r *resetter) units(w state.Want) {
	for _, f := range slices.Backward(w.Facts) {
		if f.Unit == nil {
			continue
		}
		var verbs []string
		got := r.node.Units[f.Unit.Name]
		if got.Active == "active" {
			verbs = append(verbs, "stop")
		}
		if got.Enabled == "enabled" {
			verbs = append([]string{"disable"}, verbs...)
		}
		if len(verbs) > 0 && !slices.ContainsFunc(r.steps, func(s Step) bool { return s.Unit != nil && s.Unit.Name == f.Unit.Name }) {
			r.step(Step{ID: r.node.Name + "/unit/" + f.Unit.Name, Kind: KindUnit, Action: Remove, Title: f.Unit.Name,
				Unit: &UnitStep{Name: f.Unit.Name, Verbs: verbs}})
		}
	}
}

// trees are folders that are bulwark's, kubeadm's, the kubelet's or the CNI's alone.
var trees = [...]string{
	"/etc/kubernetes/bulwark", "/etc/kubernetes/pki", "/etc/kubernetes/tmp", "/etc/bulwark", "/var/lib/bulwark",
	"/var/lib/etcd", "/var/log/kubernetes", "/var/lib/cni", "/var/lib/kubelet", "/var/log/pods", "/var/log/containers",
	"/run/bulwark",
}

// manifested are what a pod network of a manifest left. Only flannel's end is
// known; what else lies beside its file may be somebody else's.
var manifested = [...]string{"/run/flannel", "/etc/cni/net.d/10-flannel.conflist"}

// shared are folders that others write to as well.
var shared = [...]string{"/etc/kubernetes", "/etc/kubernetes/manifests", "/etc/cni", "/etc/cni/net.d",
	"/etc/sysusers.d", "/etc/sysctl.d", "/etc/modules-load.d"}

func (r *resetter) files(w state.Want) {
	for _, path := range trees {
		r.remove(state.File{Path: path, Tree: true})
	}
	if r.cni == cluster.CNIManifest {
		for _, path := range manifested {
			r.remove(state.File{Path: path, Tree: true})
		}
	}
	for _, f := range slices.Backward(w.Facts) {
		if f.File == nil || slices.Contains(shared[:], f.File.Path) || f.File.Optional && f.File.Origin == state.Derived && f.File.Path[:5] == "/usr/" {
			continue
		}
		inTree := slices.ContainsFunc(trees[:], func(t string) bool {
			return f.File.Path == t || len(f.File.Path) > len(t) && f.File.Path[:len(t)+1] == t+"/"
		})
		unless := slices.ContainsFunc(f.File.Unless, func(path string) bool { return r.node.Files[path].Exists() })
		if got := r.node.Files[f.File.Path]; !inTree && !unless && got.Exists() {
			r.remove(state.File{Path: f.File.Path})
		}
	}
	r.step(Step{ID: r.node.Name + "/unit/daemon-reload", Kind: KindUnit, Action: Change, Title: "systemd forgets the units",
		Unit: &UnitStep{Name: "kubelet.service", Verbs: []string{"daemon-reload"}}})
}

func (r *resetter) remove(f state.File) {
	f.Origin = state.Forbidden
	r.step(Step{ID: r.node.Name + "/file" + f.Path, Kind: KindFile, Action: Remove, Title: f.Path,
		File: &FileStep{Want: f, Had: AnyBytes}})
}

// AnyBytes as [FileStep.Had] says that whatever is there may go.
const AnyBytes = "any"
