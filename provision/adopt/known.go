package adopt

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Known is a cluster as far as it was seen, for who asks what it has and makes no spec of
// it: it may have what no spec can say. Notes say what is not known. A machine whose Look
// is nil was not looked at.
func Known(seen *Seen) (*cluster.Cluster, []string) {
	k := &knower{seen: seen, c: &cluster.Cluster{}}
	k.nodes()
	k.config()
	k.version()
	k.endpoint()
	k.network()
	return k.c, k.notes
}

// knower finds out what is known of a cluster.
type knower struct {
	seen    *Seen
	kubeadm clusterConfiguration
	c       *cluster.Cluster
	notes   []string
}

func (k *knower) note(format string, args ...any) {
	k.notes = append(k.notes, fmt.Sprintf(format, args...))
}

// RunsAPI says whether a machine is a control plane: an API server runs on it, or is
// meant to.
func RunsAPI(look *state.Node) bool {
	return len(look.Processes["kube-apiserver"].Args) > 0 || look.Files[manifestsDir+"/kube-apiserver.yaml"].Exists()
}

// nodes are control planes first. A machine is what runs on it, and one that was not
// looked at what its label says.
func (k *knower) nodes() {
	var planes, workers []cluster.Node
	for _, m := range k.seen.Machines {
		have, there := k.seen.API.Nodes[m.Name]
		_, plane := have.Labels[planeLabel]
		if m.Look != nil {
			if runs := RunsAPI(m.Look); runs != plane {
				if there {
					k.note("%s: label of a control plane: %t, API server: %t; it is asked by the API server", m.Name, plane, runs)
				}
				plane = runs
			}
		}
		n := cluster.Node{Name: m.Name, Role: cluster.Worker, Labels: have.Labels, Taints: taints(have.Taints)}
		if plane {
			n.Role = cluster.ControlPlane
		}
		if n.Address = address(m, have); !n.Address.IsValid() {
			k.note("%s: at which address other nodes reach it is not known", m.Name)
		}
		if plane {
			planes = append(planes, n)
		} else {
			workers = append(workers, n)
		}
	}
	k.c.Nodes = slices.Concat(planes, workers)
}

// address is where other nodes reach a machine; not valid where nobody says.
func address(m Machine, have state.NodeObject) netip.Addr {
	all := slices.Clone(have.Internal)
	if m.Look != nil {
		all = append(all, last(arguments(m.Look.Processes["kube-apiserver"].Args)["advertise-address"], ""))
	}
	for _, text := range append(all, m.Host) {
		if a, err := netip.ParseAddr(text); err == nil {
			return a
		}
	}
	return netip.Addr{}
}

// config reads what kubeadm keeps of the cluster, if it was kubeadm that made it.
func (k *knower) config() {
	text, err := (&describer{seen: k.seen}).data(kubeadmConfig(), "ClusterConfiguration")
	why := k.seen.API.Unread[kubeadmConfig().String()]
	switch {
	case k.seen.API.Status != state.Answering: // said by who asked it
	case why != "":
		k.note("%s was not read: %s", kubeadmConfig(), why)
	case err != nil:
		k.note("%v: name, version and ranges of the cluster are what its components say", err)
	case yaml.Unmarshal(text, &k.kubeadm) != nil:
		k.kubeadm = clusterConfiguration{}
		k.note("%s: its ClusterConfiguration cannot be read", kubeadmConfig())
	}
	k.c.Name = cmp.Or(k.kubeadm.ClusterName, "kubernetes") // as kubeadm has it
	if k.kubeadm.Etcd.External != nil {
		k.note("etcd runs outside of the cluster, on machines that were not looked at")
	}
}

// version is the cluster's, or that of the oldest kubelet of a control plane, which is
// never newer than the API server.
func (k *knower) version() {
	var err error
	if k.c.Kubernetes, err = cluster.ParseVersion(k.kubeadm.KubernetesVersion); err == nil {
		return
	}
	for _, n := range k.c.ControlPlanes() {
		text, _, _ := strings.Cut(k.seen.API.Nodes[n.Name].KubeletVersion, "+") // as a distribution has it
		v, err := cluster.ParseVersion(text)
		if none := k.c.Kubernetes == (cluster.Version{}); err == nil && (none || older(v, k.c.Kubernetes)) {
			k.c.Kubernetes = v
		}
	}
	if k.c.Kubernetes == (cluster.Version{}) {
		k.note("which version of Kubernetes it is is not known")
		return
	}
	k.note("the version of Kubernetes is taken from kubelets of control planes: %s", k.c.Kubernetes)
}

func older(a, b cluster.Version) bool {
	return cmp.Or(cmp.Compare(a.Major, b.Major), cmp.Compare(a.Minor, b.Minor), cmp.Compare(a.Patch, b.Patch)) < 0
}

// endpoint is where clients reach the API.
func (k *knower) endpoint() {
	e := &k.c.Endpoint
	for _, m := range k.seen.Machines {
		if m.Look == nil || e.Port != 0 {
			continue
		}
		if _, port, err := APIServer(m.Look); err == nil {
			e.Port = port
		}
	}
	e.Host = k.kubeadm.ControlPlaneEndpoint
	if host, _, err := net.SplitHostPort(e.Host); err == nil {
		e.Host = host
	}
	e.Host = strings.Trim(e.Host, "[]")
	for _, n := range k.c.ControlPlanes() {
		if e.Host == "" && n.Address.IsValid() {
			e.Host = n.Address.String()
		}
	}
}

// network has the ranges that kubeadm was told, or that components run with.
func (k *knower) network() {
	n := &k.c.Network
	n.CNI.Kind = cluster.CNIExternal
	n.DNSDomain = k.kubeadm.Networking.DNSDomain
	for _, r := range []struct {
		what, told, program, argument string
		into                          *[]netip.Prefix
	}{
		{"pods", k.kubeadm.Networking.PodSubnet, "kube-controller-manager", "cluster-cidr", &n.Pods},
		{"services", k.kubeadm.Networking.ServiceSubnet, "kube-apiserver", "service-cluster-ip-range", &n.Services},
	} {
		text := r.told
		for _, m := range k.seen.Machines {
			if text == "" && m.Look != nil {
				text = last(arguments(m.Look.Processes[r.program].Args)[r.argument], "")
			}
		}
		for s := range strings.SplitSeq(text, ",") {
			p, err := netip.ParsePrefix(strings.TrimSpace(s))
			if err != nil {
				*r.into = nil
				k.note("from which range %s get addresses is not known", r.what)
				break
			}
			*r.into = append(*r.into, p)
		}
	}
}
