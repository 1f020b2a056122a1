package spec

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// accepted loads a spec that must be accepted.
func accepted(t *testing.T, path string, opts Options) *cluster.Cluster {
	t.Helper()
	c, files, diags := Load(path, opts)
	if c == nil || diags.HasErrors() {
		t.Fatal(printed(files, diags))
	}
	return c
}

func netipEqual() cmp.Options {
	return cmp.Options{
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
		cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	}
}

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func TestTheLeastSpecHasEveryDefault(t *testing.T) {
	want := &cluster.Cluster{
		Name:       "demo",
		Defaults:   1,
		Kubernetes: cluster.Version{Major: 1, Minor: 37, Patch: 2},
		Endpoint:   cluster.Endpoint{Host: "10.0.0.11", Port: 6443},
		Network: cluster.Network{
			Pods: prefixes("10.244.0.0/16"), Services: prefixes("10.96.0.0/12"), DNSDomain: "cluster.local",
			CNI: cluster.CNI{Kind: cluster.CNIBridge},
		},
		SSH:            cluster.SSH{Port: 22},
		Firewall:       cluster.Firewall{Admins: prefixes("203.0.113.0/24")},
		Encryption:     cluster.Encryption{Provider: "secretbox", KeyName: cluster.DefaultKeyName, Resources: []string{"secrets"}},
		Audit:          cluster.Audit{Policy: "metadata", MaxAge: 366, MaxBackup: 10, MaxSize: 100},
		Admission:      cluster.Admission{PodSecurity: "restricted", ExemptNamespaces: []string{"kube-system"}},
		MaxUnavailable: cluster.Share{Count: 1},
		Nodes: []cluster.Node{
			{Name: "cp-1", Role: cluster.ControlPlane, Address: netip.MustParseAddr("10.0.0.11")},
			{Name: "w-1", Role: cluster.Worker, Address: netip.MustParseAddr("10.0.0.21")},
		},
	}
	got := accepted(t, "testdata/accepted/minimal.hcl", Options{})
	if d := cmp.Diff(want, got, netipEqual(), cmpopts.IgnoreFields(cluster.Cluster{}, "Origins")); d != "" {
		t.Error(d)
	}
}

func TestEveryWordOfTheLanguageArrives(t *testing.T) {
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGkPoFlGo4tK1Wt5yd4bKwYk8bUGhKp4Q4JkqVZzq1hH"
	manifest, err := os.ReadFile("testdata/accepted/cni.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := &cluster.Cluster{
		Name:            "prod-east",
		Defaults:        1,
		Kubernetes:      cluster.Version{Major: 1, Minor: 37, Patch: 2},
		ImageRepository: "registry.example.com:5000/k8s",
		MaxUnavailable:  cluster.Share{Percent: 25},
		Endpoint:        cluster.Endpoint{Host: "api.prod.example.com", Port: 6443},
		Network: cluster.Network{
			Pods: prefixes("10.244.0.0/16", "fd00:10:244::/56"), Services: prefixes("10.96.0.0/12", "fd00:10:96::/112"),
			DNSDomain: "prod.local",
			CNI:       cluster.CNI{Kind: cluster.CNIManifest, Manifest: manifest},
			CNIPorts:  []cluster.Port{{Proto: "udp", First: 8472, Last: 8472}, {Proto: "tcp", First: 4240, Last: 4244}, {Proto: "ipip"}},
		},
		SSH: cluster.SSH{User: "ops", Port: 2222, Bastion: "ops@jump.example.com:22", BastionHostKey: key},
		Firewall: cluster.Firewall{
			Admins: prefixes("203.0.113.0/24", "2001:db8:1::/48"), NodePorts: prefixes("198.51.100.0/24"),
			Allow: []cluster.Allow{{
				Name: "ingress", On: cluster.Worker, From: prefixes("0.0.0.0/0", "::/0"),
				Ports: []cluster.Port{{Proto: "tcp", First: 80, Last: 80}, {Proto: "tcp", First: 443, Last: 443}},
			}},
		},
		Encryption: cluster.Encryption{Provider: "aescbc", KeyName: "theirs", Resources: []string{"configmaps", "secrets", "widgets.example.com"}},
		Audit:      cluster.Audit{Policy: "everything", MaxAge: 90, MaxBackup: 20, MaxSize: 200},
		Admission:  cluster.Admission{PodSecurity: "baseline", AlwaysPullImages: true, ExemptNamespaces: []string{"cni", "kube-system", "storage"}},
		Policy: cluster.Policy{
			DefaultDeny: true, NoDefaultTokens: true, UnprivilegedKubeProxy: true,
			Namespaces: []cluster.ManagedNamespace{{Name: "shop", PodSecurity: "restricted"}, {Name: "billing", PodSecurity: "baseline"}},
			Images: cluster.Images{Mode: "enforce", Registries: []string{"docker.io", "registry.example.com:5000/team"}, Digests: true, RefuseLatest: true,
				ExemptNamespaces: []string{"kube-system", "storage"}},
		},
		APIServer: cluster.Component{Args: map[string]string{
			"goaway-chance": "0.001", "profiling": "false",
			"enable-admission-plugins": "NodeRestriction,EventRateLimit,DenyServiceExternalIPs,ValidatingAdmissionWebhook,AlwaysPullImages",
		}},
		ControllerManager: cluster.Component{Args: map[string]string{"terminated-pod-gc-threshold": "100"}},
		Scheduler:         cluster.Component{Args: map[string]string{"tls-min-version": "VersionTLS13"}},
		Etcd:              cluster.Component{Args: map[string]string{"quota-backend-bytes": "8589934592"}},
		Kubelet:           cluster.Config{"maxPods": int64(60), "podPidsLimit": int64(1024), "evictionHard": map[string]any{"memory.available": "200Mi"}},
		KubeProxy:         cluster.Config{"mode": "iptables", "conntrack": map[string]any{"min": int64(0)}},
		Nodes: []cluster.Node{
			{Name: "cp-1", Role: cluster.ControlPlane, Address: netip.MustParseAddr("10.0.0.11"), HostKey: key, SSHHost: "cp_one"},
			{
				Name: "w-1", Role: cluster.Worker, Address: netip.MustParseAddr("10.0.0.65"),
				Labels: map[string]string{"zone": "a", "example.com/rack": "R1", "kind": "db"},
				Taints: []cluster.Taint{{Key: "dedicated", Value: "db", Effect: "NoSchedule"}, {Key: "example.com/spot", Effect: "PreferNoSchedule"}},
			},
		},
	}
	got := accepted(t, "testdata/accepted/everything.hcl", Options{})
	if d := cmp.Diff(want, got, netipEqual(), cmpopts.IgnoreFields(cluster.Cluster{}, "Origins")); d != "" {
		t.Error(d)
	}
}

func TestASettingKnowsItsLine(t *testing.T) {
	c := accepted(t, "testdata/accepted/everything.hcl", Options{})
	text, err := os.ReadFile("testdata/accepted/everything.hcl")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for path, holds := range map[string]string{
		"name": "cluster \"prod-east\"", "kubernetes": "kubernetes ", "endpoint.host": "host = ", "network.pods": "pods ", "network.cni": "cni \"manifest\"",
		"ssh.port": "2222", "firewall.admins": "var.office", "firewall.allow.ingress": "allow \"ingress\"", "encryption.provider": "aescbc", "encryption.key_name": "theirs",
		"audit.max_age": "max_age", "audit.policy": "everything", "policy.default_deny": "default_deny", "policy.namespace.shop": "namespace \"shop\"", "policy.namespace.shop.pod_security": "restricted", "policy.images": "images {", "policy.images.mode": "enforce", "policy.images.registries": "registry.example.com:5000", "admission.pod_security": "baseline", "admission.always_pull_images": "always_pull_images", "admission.exempt_namespaces": "exempt_namespaces", "apiserver.args.profiling": "profiling = false",
		"kubelet.config.maxPods": "maxPods", "node.cp-1": `node "cp-1"`, "node.w-1.address": "cidrhost(local.workers", "node.w-1.taints": "taints",
	} {
		o := c.Origin(path)
		if o.File != "everything.hcl" || o.Line < 1 || !strings.Contains(lines[o.Line-1], holds) {
			t.Errorf("%s is said to come from %s", path, o)
		}
	}
	if o := accepted(t, "testdata/accepted/minimal.hcl", Options{}).Origin("encryption.provider"); o.String() != "default" {
		t.Errorf("a default is said to come from %s", o)
	}
}

func TestAFolderIsOneSpec(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.hcl":       "locals { address = \"10.0.0.11\" }\n",
		"cluster.hcl": strings.Replace(minimal, `"10.0.0.11"`, "local.address", 1),
		".hidden.hcl": "not hcl at all {{{",
		"notes.txt":   "nor this",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if c := accepted(t, dir, Options{}); c.Nodes[0].Address.String() != "10.0.0.11" {
		t.Error(c.Nodes[0].Address)
	}
	if c, _, diags := Load(filepath.Join(dir, "cluster.hcl"), Options{}); c != nil || !hasCode(diags, CodeReference) {
		t.Error("naming one file read the others too")
	}
	t.Chdir(dir)
	accepted(t, "", Options{})
	accepted(t, ".", Options{})
}

func TestNoSpecIsSaidSo(t *testing.T) {
	empty := t.TempDir()
	for _, path := range []string{empty, filepath.Join(empty, "nothing"), "/dev/null", "/dev/null/x"} {
		c, _, diags := Load(path, Options{})
		if c != nil || !hasCode(diags, CodeFile) {
			t.Errorf("%s: %v", path, diags)
		}
	}
}

func TestPortsOfAKnownCNIAreFound(t *testing.T) {
	for image, want := range map[string]string{
		"quay.io/calico/node:v3.30.0":                       "tcp/179 ipip udp/4789 tcp/5473 udp/51820-51821",
		"docker.io/calico/node@sha256:abc":                  "tcp/179 ipip udp/4789 tcp/5473 udp/51820-51821",
		`"registry.corp:5000/mirror/cilium/cilium:v1"`:      "udp/8472 tcp/4240 tcp/4244 udp/51871",
		"ghcr.io/flannel-io/flannel:v0.27.0":                "udp/8472 udp/51820-51821",
		"calico/node:v3\n      - image: flannel/flannel:v1": "udp/8472 udp/51820-51821",
		"docker.io/kindest/kindnetd:v2025":                  "",
	} {
		dir := written(t, strings.Replace(minimal, "{\n", "{\n  network {\n    cni \"manifest\" { manifest = file(\"cni.yaml\") }\n  }\n", 1))
		if err := os.WriteFile(filepath.Join(dir, "cni.yaml"), []byte("      - image: "+image+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range accepted(t, dir, Options{}).Network.CNIPorts {
			got = append(got, p.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v", image, got)
		}
	}
}

// What a spec says in strings is data to whoever reads the result, whatever
// YAML would take it for.
func TestStringsArriveAsTheyAre(t *testing.T) {
	for _, s := range []string{"yes", "no", "on", "0o777", "1_000", "!!python/object:x", "&a *a", "{{ .X }}", "null", "~", "a: b", "# c", "0x10", "1e3", "$(id)", "`id`", "'", "%{x}"} {
		text := strings.Replace(minimal, "{\n", "{\n  apiserver { args = { strict-transport-security-directives = <<-EOT\n"+strings.ReplaceAll(s, "%{", "%%{")+"\nEOT\n } }\n", 1)
		_, _, diags := Load(written(t, text), Options{})
		if !hasCode(diags, CodeWeak) { // the heredoc's new line
			t.Errorf("%q with a new line was accepted", s)
		}
		text = strings.Replace(minimal, "{\n", "{\n  apiserver { args = { strict-transport-security-directives = chomp(<<-EOT\n"+strings.ReplaceAll(s, "%{", "%%{")+"\nEOT\n) } }\n", 1)
		if got := accepted(t, written(t, text), Options{}).APIServer.Args["strict-transport-security-directives"]; got != s {
			t.Errorf("%q arrived as %q", s, got)
		}
	}
}
