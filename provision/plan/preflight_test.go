package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// fit is a machine that nothing speaks against.
func fit(name, address string) *state.Node {
	return &state.Node{Name: name, Files: map[string]state.HaveFile{}, Facts: state.Facts{
		Hostname: name, MachineID: "id-of-" + name, OS: "debian", Arch: "x86_64", Systemd: 252, Cgroup: 2,
		MemoryKiB: 4 << 20, CPUs: 2, User: "root", Addresses: []string{address}, PeerAddress: "192.0.2.1", LocalPort: 22,
		Free:       map[string]int64{"/var/log": 40 << 30, "/var/lib/kubelet": 40 << 30, "/var/lib/containerd": 40 << 30},
		FreeInodes: map[string]int64{"/var/lib/kubelet": 1 << 20},
		Containerd: "2.4.2", CRISocket: true, SystemdCgroup: true, SandboxImage: "registry.example/pause:3.10", Runc: "1.1.5",
		Kubelet: "v1.37.2", Kubeadm: "v1.37.2", CNIPlugins: []string{"bridge", "host-local", "loopback", "portmap"},
		Images: []string{"registry.example/kube-proxy:v1.37.2", "registry.example/kube-apiserver:v1.37.2",
			"registry.example/kube-controller-manager:v1.37.2", "registry.example/kube-scheduler:v1.37.2"},
	}}
}

func wantedImages() []state.Want {
	return []state.Want{{Node: "cp-1", Images: fit("cp-1", "").Facts.Images}, {Node: "w-1", Images: fit("w-1", "").Facts.Images[:1]}}
}

func TestMissingImagesAreFineWhereTheyCanBePulled(t *testing.T) {
	have := fitCluster()
	have.Nodes["cp-1"].Facts.Images = nil
	if got := Preflight(small(), wantedImages(), have); len(got) != 0 {
		t.Fatalf("problems: %+v", got)
	}
}

func fitCluster() *state.Cluster {
	return &state.Cluster{Nodes: map[string]*state.Node{"cp-1": fit("cp-1", "192.0.2.11"), "w-1": fit("w-1", "192.0.2.21")}}
}

func TestNothingSpeaksAgainstFitMachines(t *testing.T) {
	if got := Preflight(small(), wantedImages(), fitCluster()); len(got) != 0 {
		t.Fatalf("problems: %+v", got)
	}
}

func TestEveryProblemIsARow(t *testing.T) {
	rows := map[string]func(n *state.Node){
		"hostname":          func(n *state.Node) { n.Facts.Hostname = "localhost" },
		"clock":             func(n *state.Node) { n.Facts.Offset = -6 * time.Second },
		"admin-address":     func(n *state.Node) { n.Facts.PeerAddress = "198.51.100.1" },
		"ssh-port":          func(n *state.Node) { n.Facts.LocalPort = 2222 },
		"encryption-key":    func(n *state.Node) { n.Files["/var/lib/etcd/member"] = state.HaveFile{Type: "dir"} },
		"look":              func(n *state.Node) { n.Unread = map[string]string{"/etc/x": "permission denied"} },
		"os":                func(n *state.Node) { n.Facts.Arch = "i686" },
		"systemd":           func(n *state.Node) { n.Facts.Systemd = 0 },
		"cgroup":            func(n *state.Node) { n.Facts.Cgroup = 1 },
		"swap":              func(n *state.Node) { n.Facts.Swap = []string{"/dev/sda2"} },
		"sudo":              func(n *state.Node) { n.Facts.User = "ops" },
		"modules":           func(n *state.Node) { n.NoModules = []string{"br_netfilter"} },
		"memory":            func(n *state.Node) { n.Facts.MemoryKiB = 512 << 10 },
		"cpu":               func(n *state.Node) { n.Facts.CPUs = 1 },
		"address":           func(n *state.Node) { n.Facts.Addresses = []string{"192.0.2.99"} },
		"etcd-account":      func(n *state.Node) { n.Facts.EtcdAccount = "alice" },
		"ports":             func(n *state.Node) { n.Facts.Listening = map[uint16]string{6443: "nginx"} },
		"disk":              func(n *state.Node) { n.Facts.Free["/var/lib/kubelet"] = 1 << 20 },
		"audit-disk":        func(n *state.Node) { n.Facts.Free["/var/log"] = 1 << 30 },
		"containerd":        func(n *state.Node) { n.Facts.CRISocket = false },
		"containerd-cgroup": func(n *state.Node) { n.Facts.SystemdCgroup = false },
		"sandbox-image":     func(n *state.Node) { n.Facts.SandboxImage = "" },
		"runc":              func(n *state.Node) { n.Facts.Runc = "" },
		"kubelet":           func(n *state.Node) { n.Facts.Kubelet = "v1.36.3" },
		"kubeadm":           func(n *state.Node) { n.Facts.Kubeadm = "" },
		"cni-plugins":       func(n *state.Node) { n.Facts.CNIPlugins = nil },
		"images":            func(n *state.Node) { n.Facts.Images, n.Facts.Pull = nil, "no such host" },
		"kubelet-arguments": func(n *state.Node) { n.Files[adminsKubeletUnit+".d/20-x.conf"] = state.HaveFile{Type: "file"} },
		"firewall":          func(n *state.Node) { n.Units = map[string]state.Unit{"firewalld.service": {Active: "active"}} },
	}
	for check, plant := range rows {
		t.Run(check, func(t *testing.T) {
			have := fitCluster()
			plant(have.Nodes["cp-1"])
			got := Preflight(small(), wantedImages(), have)
			if len(got) != 1 || got[0].Check != check || got[0].Node != "cp-1" || got[0].Remedy == "" || got[0].Seen == "" {
				t.Fatalf("problems: %+v", got)
			}
		})
	}
	t.Run("all in one table", func(t *testing.T) {
		have := fitCluster()
		for _, plant := range rows {
			plant(have.Nodes["cp-1"])
		}
		var checks []string
		for _, p := range Preflight(small(), wantedImages(), have) {
			checks = append(checks, p.Check)
		}
		for check := range rows {
			// Without a socket nothing is known of containerd's settings.
			if !slices.Contains(checks, check) && check != "containerd-cgroup" && check != "sandbox-image" {
				t.Errorf("%s is not in the table: %v", check, checks)
			}
		}
	})
}

// Where pods are connected point to point, it is ptp that must be there.
func TestThePluginThatConnectsPodsMustBeThere(t *testing.T) {
	for link, there := range map[bool]string{false: "bridge", true: "ptp"} {
		for _, have := range []string{"bridge", "ptp"} {
			c, machines := small(), fitCluster()
			c.Deviations = append(c.Deviations, cluster.Deviation{ID: "no-bridge", PointToPoint: link})
			for _, n := range machines.Nodes {
				n.Facts.CNIPlugins = []string{have, "host-local", "loopback", "portmap"}
			}
			got := Preflight(c, wantedImages(), machines)
			if fine := have == there; fine != (len(got) == 0) || !fine && !strings.HasSuffix(got[0].Seen, ": "+there) {
				t.Errorf("with %s where %s is wanted: %+v", have, there, got)
			}
		}
	}
}

func TestTwoNodesThatAreOneMachine(t *testing.T) {
	have := fitCluster()
	have.Nodes["w-1"].Facts.MachineID = have.Nodes["cp-1"].Facts.MachineID
	got := Preflight(small(), wantedImages(), have)
	if len(got) != 1 || got[0].Node != "w-1" || got[0].Check != "machine-id" {
		t.Fatalf("problems: %+v", got)
	}
}

func TestAWorkerOfAnotherClusterIsLeftAlone(t *testing.T) {
	for name, ca := range map[string]string{"another CA": "other", "none any more": ""} {
		t.Run(name, func(t *testing.T) {
			have := fitCluster()
			have.Nodes["w-1"].Files[kubeletConf] = state.HaveFile{Type: "file"}
			have.Nodes["w-1"].Files[clusterCA] = state.HaveFile{Type: "file", SHA256: "ca"}
			have.Nodes["cp-1"].Files[clusterCA] = state.HaveFile{Type: "file", SHA256: ca}
			got := Preflight(small(), wantedImages(), have)
			if len(got) != 1 || got[0].Check != "other-cluster" || got[0].Node != "w-1" {
				t.Fatalf("problems: %+v", got)
			}
		})
	}
}

func TestNoDeviationSilencesWhatKeepsKeysAndConnections(t *testing.T) {
	c := small()
	c.Deviations = []cluster.Deviation{{ID: "d", SkipPreflight: []string{"encryption-key", "admin-address"}}}
	have := fitCluster()
	have.Nodes["cp-1"].Files["/var/lib/etcd/member"] = state.HaveFile{Type: "dir"}
	have.Nodes["cp-1"].Facts.PeerAddress = "198.51.100.1"
	if got := Preflight(c, wantedImages(), have); len(got) != 2 {
		t.Fatalf("problems: %+v", got)
	}
}

func TestADeviationSilencesItsCheckOnly(t *testing.T) {
	c := small()
	c.Deviations = []cluster.Deviation{{ID: "d", SkipPreflight: []string{"cgroup"}}}
	have := fitCluster()
	have.Nodes["cp-1"].Facts.Cgroup = 1
	have.Nodes["cp-1"].Facts.Swap = []string{"/dev/sda2"}
	got := Preflight(c, wantedImages(), have)
	if len(got) != 1 || got[0].Check != "swap" {
		t.Fatalf("problems: %+v", got)
	}
}

func TestANodeOfTheClusterIsNotJudgedAsAFreshMachine(t *testing.T) {
	have := fitCluster()
	n := have.Nodes["w-1"]
	for _, node := range have.Nodes {
		node.Files[clusterCA] = state.HaveFile{Type: "file", SHA256: "ca"}
	}
	n.Files["/etc/kubernetes/kubelet.conf"] = state.HaveFile{Type: "file"}
	n.Facts.Listening = map[uint16]string{10250: "kubelet"}
	n.Facts.Images = nil
	if got := Preflight(small(), wantedImages(), have); len(got) != 0 {
		t.Fatalf("problems: %+v", got)
	}
}
