package adopt

import (
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/spec"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

var update = flag.Bool("update", false, "write the golden files")

// recorded is what was seen of a real cluster: "stock", one control plane and a
// worker as kubeadm makes them, "planes", three control planes, and "tuned", one
// that somebody gave arguments and encryption of their own. See e2e/seen.
func recorded(t *testing.T, name string) *Seen {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	seen := &Seen{}
	if err := json.Unmarshal(text, seen); err != nil {
		t.Fatal(err)
	}
	return seen
}

func describe(t *testing.T, seen *Seen) *Adoption {
	t.Helper()
	got, err := Describe(seen)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (go test -update writes it anew):\n%s", path, diff)
	}
}

// The spec of a real cluster, and what it does not keep, are as they were; and
// the spec is one: loaded, it means the cluster that was described.
func TestRecordedClusters(t *testing.T) {
	for _, name := range []string{"stock", "planes", "tuned"} {
		t.Run(name, func(t *testing.T) {
			got := describe(t, recorded(t, name))
			if got.Refused() {
				t.Error("it is refused")
			}
			golden(t, name+".hcl", got.Text)
			var b strings.Builder
			for _, f := range got.Findings {
				b.WriteString(string(f.Kind) + " " + f.Setting + " [" + strings.Join(f.Nodes, " ") + "]: " + f.Seen + " -> " + f.Will + "\n")
				if f.Consequence == "" {
					t.Errorf("%s has no consequence", f.Setting)
				}
			}
			golden(t, name+".txt", []byte(b.String()))
			loads(t, got)
		})
	}
}

// loads wants a spec to be one that means the cluster that was described.
func loads(t *testing.T, a *Adoption) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "cluster.hcl"), a.Text, 0o600); err != nil {
		t.Fatal(err)
	}
	again, _, diags := spec.Load(dir, spec.Options{})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	same := cmp.Options{cmpopts.IgnoreFields(cluster.Cluster{}, "Origins"), cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })}
	if diff := cmp.Diff(a.Cluster, again, same); diff != "" {
		t.Errorf("loaded, it is another cluster:\n%s", diff)
	}
}

// finding is the one of a setting, or the empty one.
func finding(a *Adoption, setting string) Finding {
	for _, f := range a.Findings {
		if f.Setting == setting {
			return f
		}
	}
	return Finding{}
}

// kubeadmSays puts a text into the recorded ClusterConfiguration.
func kubeadmSays(seen *Seen, old, new string) {
	ref := kubeadmConfig().String()
	o := seen.API.Objects[ref]
	o.JSON = []byte(strings.Replace(string(o.JSON), old, new, 1))
	seen.API.Objects[ref] = o
}

func runs(seen *Seen, program string, args ...string) {
	for _, m := range seen.Machines {
		if p := m.Look.Processes[program]; len(p.Args) > 0 {
			p.Args = append(slices.Clone(p.Args), args...)
			m.Look.Processes[program] = p
		}
	}
}

// What would cost data, or could not be kept, is no spec.
func TestWhatCannotBeDescribedIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		setting string
		change  func(*Seen)
	}{
		"etcd elsewhere":         {"etcd.external", func(s *Seen) { kubeadmSays(s, `local:\n`, `external: {}\n  local:\n`) }},
		"data elsewhere":         {"etcd.data", func(s *Seen) { kubeadmSays(s, "/var/lib/etcd", "/data/etcd") }},
		"authorities elsewhere":  {"pki", func(s *Seen) { kubeadmSays(s, "/etc/kubernetes/pki", "/pki") }},
		"another minor version":  {"kubernetes", func(s *Seen) { kubeadmSays(s, "v1.37.2", "v1.36.3") }},
		"another prefix in etcd": {"apiserver.args.etcd-prefix", func(s *Seen) { runs(s, "kube-apiserver", "--etcd-prefix=/other") }},
		"a key management service": {"encryption.provider", func(s *Seen) {
			s.Machines[0].Encryption = &Encryption{Rules: []EncryptionRule{{[]string{"secrets"}, []string{"kms", "identity"}, nil}}}
		}},
		"wildcards": {"encryption.resources", func(s *Seen) {
			s.Machines[0].Encryption = &Encryption{Rules: []EncryptionRule{{[]string{"*.*"}, []string{"aescbc"}, keys("aescbc key1 a")}}}
		}},
		"several keys": {"encryption.key_name", func(s *Seen) {
			s.Machines[0].Encryption = &Encryption{Rules: []EncryptionRule{{[]string{"secrets"}, []string{"aescbc", "identity"}, keys("aescbc new a", "aescbc old b")}}}
		}},
		"a node of another name": {"node.name", func(s *Seen) { s.Machines[1].Look.Facts.Hostname = "other" }},
		"two ports of sshd":      {"ssh.port", func(s *Seen) { s.Machines[1].Look.Facts.LocalPort = 2222 }},
	} {
		t.Run(name, func(t *testing.T) {
			seen := recorded(t, "stock")
			c.change(seen)
			if f := finding(describe(t, seen), c.setting); f.Kind != Refused || f.Seen == "" {
				t.Errorf("%s: %+v", c.setting, f)
			}
		})
	}
	seen := recorded(t, "planes")
	kubeadmSays(seen, "api.example.lab", seen.API.Nodes["cp-1"].Internal[0])
	if f := finding(describe(t, seen), "endpoint.host"); f.Kind != Refused {
		t.Errorf("one control plane stands for all: %+v", f)
	}
}

// What was not read is not absent.
func TestWhatWasNotReadIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Seen)
		says   string
	}{
		"arguments":     {func(s *Seen) { delete(s.Machines[0].Look.Processes, "kube-scheduler") }, "kube-scheduler runs with"},
		"a kubelet's":   {func(s *Seen) { delete(s.Machines[1].Look.Processes, "kubelet") }, "w-1: what kubelet runs with"},
		"a file":        {func(s *Seen) { s.Machines[1].Look.Unread[kubeletConfig] = "Input/output error" }, "Input/output error"},
		"an object":     {func(s *Seen) { s.API.Unread[proxyConfig().String()] = "forbidden" }, "forbidden"},
		"the API":       {func(s *Seen) { s.API.Status = state.Starting }, "its API was not read"},
		"not kubeadm's": {func(s *Seen) { delete(s.API.Objects, kubeadmConfig().String()) }, "not made by kubeadm"},
	} {
		t.Run(name, func(t *testing.T) {
			seen := recorded(t, "stock")
			c.change(seen)
			if got, err := Describe(seen); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

// What a spec can say it says, and what it cannot is listed with why.
func TestArgumentsAreCarriedOrListed(t *testing.T) {
	seen := recorded(t, "stock")
	runs(seen, "kube-apiserver", "--event-ttl=2h", "--token-auth-file=/etc/tokens", "--tls-sni-cert-key=/etc/sni.crt,/etc/sni.key",
		"--no-such-argument=1", "--api-audiences=a", "--api-audiences=b", "--goaway-chance", "0.001", "--v=9", "--external-hostname=<<bulwark:encryption-key>>")
	got := describe(t, seen)
	if diff := cmp.Diff(map[string]string{"event-ttl": "2h", "goaway-chance": "0.001"}, got.Cluster.APIServer.Args); diff != "" {
		t.Error(diff)
	}
	for setting, kind := range map[string]Kind{
		"token-auth-file": Weakens, "tls-sni-cert-key": LeftOut, "no-such-argument": LeftOut, "api-audiences": LeftOut, "v": Weakens, "external-hostname": LeftOut,
	} {
		if f := finding(got, "apiserver.args."+setting); f.Kind != kind || f.Will != notSet || len(f.Consequence) < 10 {
			t.Errorf("%s: %+v", setting, f)
		}
	}
}

// Control planes that differ have no value in common to write.
func TestControlPlanesThatDiffer(t *testing.T) {
	seen := recorded(t, "planes")
	p := seen.Machines[1].Look.Processes["kube-apiserver"]
	p.Args = append(p.Args, "--event-ttl=3h")
	seen.Machines[1].Look.Processes["kube-apiserver"] = p
	got := describe(t, seen)
	if f := finding(got, "apiserver.args.event-ttl"); f.Kind != LeftOut || !slices.Equal(f.Nodes, []string{seen.Machines[1].Name}) || got.Cluster.APIServer.Args["event-ttl"] != "" {
		t.Errorf("%+v, %v", f, got.Cluster.APIServer.Args)
	}
}
