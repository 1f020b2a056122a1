package kubeadm

import (
	"flag"
	"net"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

var update = flag.Bool("update", false, "write the golden files anew")

// small is one control plane and one worker, with nothing but defaults.
func small() *cluster.Cluster {
	return &cluster.Cluster{
		Name:       "prod-east",
		Kubernetes: cluster.Version{Major: 1, Minor: 37, Patch: 2},
		Endpoint:   cluster.Endpoint{Host: "api.prod.example.com", Port: 6443},
		Network: cluster.Network{
			Pods:      []netip.Prefix{netip.MustParsePrefix("10.244.0.0/16")},
			Services:  []netip.Prefix{netip.MustParsePrefix("10.96.0.0/12")},
			DNSDomain: "cluster.local",
		},
		Audit: cluster.Audit{MaxAge: 366, MaxBackup: 10, MaxSize: 100},
		Nodes: []cluster.Node{
			{Name: "cp-1", Role: cluster.ControlPlane, Address: netip.MustParseAddr("10.0.0.11")},
			{Name: "w-1", Role: cluster.Worker, Address: netip.MustParseAddr("10.0.0.21")},
		},
	}
}

// full uses every setting: IPv6 first, two control planes, taints, raw
// settings, deviations.
func full() *cluster.Cluster {
	c := small()
	c.Name = "full"
	c.Endpoint = cluster.Endpoint{Host: "api.full.example.com", Port: 8443}
	c.ImageRepository = "registry.example.com:5000/k8s"
	c.Network = cluster.Network{
		Pods:      []netip.Prefix{netip.MustParsePrefix("fd00:10::/56"), netip.MustParsePrefix("10.244.0.0/16")},
		Services:  []netip.Prefix{netip.MustParsePrefix("fd00:20::/112"), netip.MustParsePrefix("10.96.0.0/16")},
		DNSDomain: "full.example",
	}
	c.Nodes = []cluster.Node{
		{Name: "cp-1", Role: cluster.ControlPlane, Address: netip.MustParseAddr("fd00::11"), Taints: []cluster.Taint{}},
		{Name: "cp-2", Role: cluster.ControlPlane, Address: netip.MustParseAddr("fd00::12")},
		{Name: "w-1", Role: cluster.Worker, Address: netip.MustParseAddr("fd00::21"), Taints: []cluster.Taint{
			{Key: "dedicated", Value: "db", Effect: "NoSchedule"}, {Key: "flaky", Effect: "PreferNoSchedule"},
		}},
	}
	c.APIServer.Args = map[string]string{
		"enable-admission-plugins": "AlwaysPullImages,NodeRestriction",
		"request-timeout":          "120s",
		"event-ttl":                "2h0m0s",
	}
	c.ControllerManager.Args = map[string]string{"terminated-pod-gc-threshold": "100"}
	c.Scheduler.Args = map[string]string{"kube-api-qps": "200"}
	c.Etcd.Args = map[string]string{"quota-backend-bytes": "8589934592"}
	c.Kubelet = cluster.Config{
		"maxPods":             int64(60),
		"registryBurst":       int64(0), // a zero that must not get lost
		"memorySwap":          map[string]any{"swapBehavior": "NoSwap"},
		"evictionHard":        map[string]any{"memory.available": "5%"},
		"failSwapOn":          true,
		"containerLogMaxSize": "50Mi",
	}
	c.KubeProxy = cluster.Config{"conntrack": map[string]any{"maxPerCore": int64(65536)}, "mode": "iptables"}
	c.Deviations = []cluster.Deviation{
		{ID: "swap", Reason: "the host has swap", Kubelet: cluster.Config{"failSwapOn": false}, IgnorePreflight: []string{"Swap", "Mem"}},
		{ID: "cgroup-v1", Reason: "the host has cgroup v1", Kubelet: cluster.Config{"failCgroupV1": false},
			KubeProxy: cluster.Config{"conntrack": map[string]any{"maxPerCore": int64(0)}}, IgnorePreflight: []string{"SystemVerification", "Swap"}},
	}
	return c
}

// rendered is everything there is about every node, by path of a golden file.
func rendered(t rapid.TB, c *cluster.Cluster) map[string]string {
	t.Helper()
	out := map[string]string{}
	for i, n := range c.Nodes {
		config, err := Join(c, n, DiscoveryFile)
		if i == 0 {
			config, err = Init(c, n)
		}
		if err != nil {
			t.Fatal(err)
		}
		out[n.Name+"/kubeadm.yaml"] = string(config)
		patches, err := Patches(c, n)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range patches {
			out[n.Name+"/patches/"+filepath.Base(p.Path)] = string(p.Content)
		}
		dry, err := Dry(c, n, "/dry", i == 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range dry.Files {
			if path.Dir(f.Path) == "." { // patches are those of above
				out[n.Name+"/dry/"+f.Path] = string(f.Content)
			}
		}
		arguments, err := Arguments(c, n)
		if err != nil {
			t.Fatal(err)
		}
		for name, argv := range arguments {
			out[n.Name+"/arguments/"+name] = strings.Join(argv, "\n") + "\n"
		}
	}
	return out
}

func TestGolden(t *testing.T) {
	for name, c := range map[string]*cluster.Cluster{"small": small(), "full": full()} {
		dir := filepath.Join("testdata", name)
		got := rendered(t, c)
		if *update {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			for path, text := range got {
				path = filepath.Join(dir, path)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		want := map[string]string{}
		if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			rel, _ := filepath.Rel(dir, path)
			want[filepath.ToSlash(rel)] = string(text)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s, -golden +rendered (run with -update to accept):\n%s", name, diff)
		}
	}
}

func TestSameBytesEveryTime(t *testing.T) {
	first := rendered(t, full())
	for range 20 {
		if diff := cmp.Diff(first, rendered(t, full())); diff != "" {
			t.Fatal(diff)
		}
	}
}

// What kubeadm's defaulting would take from the machine that renders.
func TestNoHostName(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if host == "localhost" {
		t.Skip("the host's name is one that every API server answers to")
	}
	re := regexp.MustCompile(`\b` + regexp.QuoteMeta(host) + `\b`)
	for path, text := range rendered(t, full()) {
		if re.MatchString(text) {
			t.Errorf("%s holds %q, the name of the machine it was rendered on", path, host)
		}
	}
}

// Nothing of kubeadm's logging may reach the operator's terminal.
func TestKubeadmSaysNothing(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	stderr := os.Stderr
	os.Stderr = file
	defer func() { os.Stderr = stderr }()
	rendered(t, full())
	siteLocal := small() // which kubeadm would only warn of
	siteLocal.Network.Pods[0] = netip.MustParsePrefix("fec0::/56")
	_, initErr := Init(siteLocal, siteLocal.Nodes[0])
	os.Stderr = stderr
	if initErr == nil {
		t.Error("site-local pods are rendered")
	}
	if said, err := os.ReadFile(file.Name()); err != nil || len(said) > 0 {
		t.Errorf("%v %s", err, said)
	}
}

// Every field that kubeadm's SetInitDynamicDefaults and SetJoinDynamicDefaults
// would fill in from the machine is said. (Calling them, in a test even, needs
// seventeen modules more.)
func TestNothingIsLeftToSniff(t *testing.T) {
	c := full()
	tokens := initConfiguration(c, c.Nodes[0]).BootstrapTokens
	if len(tokens) != 1 || len(tokens[0].Groups) != 1 || tokens[0].Groups[0] == "system:bootstrappers:kubeadm:default-node-token" {
		t.Errorf("kubeadm makes tokens that let nodes join: %+v", tokens)
	}
	for _, n := range c.Nodes {
		r, e := nodeRegistration(c, n), localAPIEndpoint(c, n)
		if r.Name == "" || !strings.HasPrefix(r.CRISocket, "unix://") || r.Taints == nil || e.AdvertiseAddress == "" || e.BindPort == 0 {
			t.Errorf("%s: %+v %+v", n.Name, r, e)
		}
	}
	for _, c := range []*cluster.Cluster{small(), full()} {
		cc, err := clusterConfiguration(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, port, err := net.SplitHostPort(cc.ControlPlaneEndpoint); err != nil || port == "" {
			t.Errorf("endpoint %q has no port", cc.ControlPlaneEndpoint)
		}
	}
}

func TestRefused(t *testing.T) {
	cp := func(c *cluster.Cluster) error { _, err := Init(c, c.Nodes[0]); return err }
	worker := func(c *cluster.Cluster) error { _, err := Join(c, c.Nodes[1], DiscoveryFile); return err }
	for name, tc := range map[string]struct {
		change func(*cluster.Cluster)
		make   func(*cluster.Cluster) error
		says   string
	}{
		"a kubelet field that is not there":       {func(c *cluster.Cluster) { c.Kubelet = cluster.Config{"maxPodz": int64(1)} }, cp, `unknown field "maxPodz"`},
		"a kubelet field in other letters":        {func(c *cluster.Cluster) { c.Kubelet = cluster.Config{"MaxPods": int64(1)} }, cp, `unknown field "MaxPods"`},
		"a kubelet field of another type":         {func(c *cluster.Cluster) { c.Kubelet = cluster.Config{"maxPods": "many"} }, cp, "maxPods"},
		"another kind":                            {func(c *cluster.Cluster) { c.Kubelet = cluster.Config{"kind": "CredentialProviderConfig"} }, cp, "kubelet.config.kind: kind and apiVersion"},
		"a kube-proxy field that is not there":    {func(c *cluster.Cluster) { c.KubeProxy = cluster.Config{"modus": "x"} }, cp, `unknown field "modus"`},
		"a zero kube-proxy has no place for":      {func(c *cluster.Cluster) { c.KubeProxy = cluster.Config{"windowsRunAsService": false} }, cp, "/windowsRunAsService"},
		"an image repository that is none":        {func(c *cluster.Cluster) { c.ImageRepository = "not a repository" }, cp, "imageRepository"},
		"pods too few for a node":                 {func(c *cluster.Cluster) { c.Network.Pods[0] = netip.MustParsePrefix("10.244.0.0/25") }, cp, "podSubnet"},
		"site-local pods":                         {func(c *cluster.Cluster) { c.Network.Pods[0] = netip.MustParsePrefix("fec0::/56") }, cp, "use a prefix of fd00::/8"},
		"a node name that is none":                {func(c *cluster.Cluster) { c.Nodes[0].Name = "CP_1" }, cp, "nodeRegistration.name"},
		"a start from a worker":                   {func(c *cluster.Cluster) { slices.Reverse(c.Nodes) }, cp, "starts from a control plane"},
		"a character that YAML turns into others": {func(c *cluster.Cluster) { c.APIServer.Args = map[string]string{"event-ttl": "a\u0085b"} }, cp, "does not survive YAML"},
		"a character YAML must not hold":          {func(c *cluster.Cluster) { c.Kubelet = cluster.Config{"podCIDR": "a\u0090b"} }, cp, "control characters"},
		"a character that ends an argument":       {func(c *cluster.Cluster) { c.Etcd.Args = map[string]string{"quota-backend-bytes": "1\x00"} }, cp, "holds a NUL"},
		"a key that YAML takes for a merge":       {func(c *cluster.Cluster) { c.Kubelet = cluster.Config{"qosReserved": map[string]any{"<<": "x"}} }, cp, "map merge"},
		"a worker's name that is none":            {func(c *cluster.Cluster) { c.Nodes[1].Name = "w_1" }, worker, "nodeRegistration.name"},
		"a discovery file that has no place": {func(*cluster.Cluster) {}, func(c *cluster.Cluster) error {
			_, err := Join(c, c.Nodes[1], "discovery.conf")
			return err
		}, "not an absolute path"},
	} {
		c := small()
		tc.change(c)
		if err := tc.make(c); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v does not say %q", name, err, tc.says)
		}
	}
}
