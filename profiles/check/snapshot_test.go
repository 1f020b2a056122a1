package check

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// again is a subject after its cluster was written and read.
func again(t *testing.T, s Subject) Subject {
	t.Helper()
	var text bytes.Buffer
	if err := Take(s.Cluster, []cluster.Node{s.Node}, s.Have).Write(&text); err != nil {
		t.Fatal(err)
	}
	read, err := ReadSnapshot(text.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return Subject{Node: read.Nodes[0], Cluster: read.Cluster, Have: read.Have}
}

// What has to do with keys is planted wherever a look could have it.
func TestASnapshotHoldsNothingSecret(t *testing.T) {
	const canary = "Q0FOQVJZLWNhbmFyeQ"
	keys := "resources: [{resources: [secrets], providers: [{aescbc: {keys: [{name: " + canary + ", secret: " + canary + "}]}}, {identity: {}}]}]"
	s := given(t, map[string]string{
		"/keys": keys, "/kubelet": "staticPodURLHeader: {Authorization: [" + canary + "]}\n" + canary + ": 1\nmaxPods: 3\n",
		"/admission":      "plugins: [{name: PodSecurity, configuration: {defaults: {enforce: restricted}, other: " + canary + "}}, {name: Hook, configuration: {token: " + canary + "}}]",
		"/authentication": "{jwt: [{issuer: {url: 'https://a', certificateAuthority: " + canary + "}}], anonymous: {enabled: false}}",
		"/audit":          "{rules: [{level: Metadata, note: " + canary + "}]}",
		"/etc/kubernetes/manifests/kube-apiserver.yaml": "spec: {containers: [{env: [{name: A, value: " + canary + "}]}]}",
		"/etc/kubernetes/admin.conf":                    canary,
		"/broken":                                       "}" + canary,
	}, "--encryption-provider-config=/keys", "--admission-control-config-file=/admission", "--authentication-config=/authentication", "--audit-policy-file=/audit",
		"--audit-log-path=-", "--some-token="+canary, canary)
	n := s.Have.Nodes["cp-1"]
	n.Processes["kubelet"] = state.Process{Args: []string{"kubelet", "--config=/kubelet", "--token", canary}}
	n.Processes["etcd"] = state.Process{Args: []string{"etcd", "--password=" + canary}}
	n.Processes["kube-proxy"] = state.Process{Args: []string{canary}}
	n.Processes["kube-vip"] = state.Process{Args: []string{"x", canary}}
	n.Runs = map[string]state.Run{"a": {Output: canary}}
	n.Derived = map[string][]byte{"/a": []byte(canary)}
	s.Have.API.Objects = map[string]state.HaveObject{
		kubeProxy:              {JSON: []byte(`{"data":{"config.conf":"mode: nftables\n` + canary + `: 1","kubeconfig.conf":"` + canary + `"}}`)},
		"v1/Secret/x/y":        {JSON: []byte(canary)},
		"v1/ConfigMap/x/other": {JSON: []byte(canary)},
	}

	var text bytes.Buffer
	if err := Take(s.Cluster, []cluster.Node{s.Node}, s.Have).Write(&text); err != nil {
		t.Fatal(err)
	}
	if i := strings.Index(text.String(), canary); i >= 0 {
		t.Errorf("the snapshot has it: %s", text.String()[max(0, i-200):i])
	}
	// Evidence has as little of it.
	for _, ask := range []string{`encrypted_by("secrets") == "aescbc"`, `config(kubelet, "staticPodURLHeader") != null`, `config(kubelet, "maxPods") == 3`,
		`pod_security().enforce == "restricted" && has(admission_plugins(), "Hook")`, `subset(issuers(), ["https://a"]) && !anonymous().enabled`,
		`audit_level("get", "secrets") == "Metadata"`, `config(kube_proxy, "mode") == "nftables"`} {
		q, diags := parse(t, ask)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		for what, of := range map[string]Subject{"what was seen": s, "the snapshot": again(t, s)} {
			a := q.Ask(t.Context(), of)
			if a.Verdict != True {
				t.Errorf("%s: %s is %s: %+v", what, ask, a.Verdict, a.Seen)
			}
			for _, seen := range a.Seen {
				if strings.Contains(seen.What+seen.Value+seen.Unread, canary) {
					t.Errorf("%s: %s: %+v", what, ask, seen)
				}
			}
		}
	}
	// What cannot be read is quoted nowhere.
	for _, flag := range []string{"encryption-provider-config", "admission-control-config-file", "authentication-config", "audit-policy-file"} {
		n.Processes["kube-apiserver"] = state.Process{Args: []string{"kube-apiserver", "--" + flag + "=/broken"}}
		for _, ask := range []string{`encrypted_by("secrets") == "x"`, `count(admission_plugins()) == 1`, `anonymous().enabled == false`, `audit_level("get", "secrets") == "None"`} {
			q, _ := parse(t, ask)
			before, after := q.Ask(t.Context(), s), q.Ask(t.Context(), again(t, s))
			for _, seen := range append(before.Seen, after.Seen...) {
				if strings.Contains(seen.What+seen.Value+seen.Unread, canary) {
					t.Errorf("%s: %+v", ask, seen)
				}
			}
			if before.Verdict != after.Verdict {
				t.Errorf("%s of a broken %s is %s, and %s of the snapshot", ask, flag, before.Verdict, after.Verdict)
			}
		}
	}
}

// Everything that the language's own test asks has the same answer of a snapshot.
func TestASnapshotAnswersTheSame(t *testing.T) {
	s := subject()
	n := s.Have.Nodes["cp-1"]
	n.Listed, n.Table = []string{"/etc/d"}, readFile(t, "testdata/dual-cp-1.listed.nft")
	n.Files["/etc/d/x"] = state.HaveFile{Type: "file", Mode: fs.ModeSetgid | 0o640, Owner: "2379:2379"}
	n.Files["/etc/empty"] = state.HaveFile{Type: "dir", Mode: fs.ModeDir | 0o700, Owner: "root:root", Owners: []string{}}
	n.Facts.EtcdAccount = "etcd"
	s.Have.API = state.API{Tokens: map[string]string{"abc": "x"}, Nodes: map[string]state.NodeObject{}, Unread: map[string]string{"pods": "forbidden here"}}
	ask := []string{`entries("/etc/d")[0].mode == "2640" && owned_by("etcd:etcd", entries("/etc/d")[0])`, `entries("/etc/b") == null`, `subset(owners("/etc/empty"), ["root:root"])`,
		`subset(owners("/etc/a"), ["root:root"])`, `subset(open_from("tcp/2379"), ["10.0.0.0/8", "fd00::/8"]) && firewall().drops`, `mode_within("4600", path("/etc/suid"))`}
	for text := range questions() {
		ask = append(ask, text)
	}
	for _, text := range ask {
		q, diags := parse(t, text)
		if diags.HasErrors() {
			t.Fatalf("%s: %v", text, diags)
		}
		if before, after := q.Ask(t.Context(), s), q.Ask(t.Context(), again(t, s)); before.Verdict != after.Verdict || len(before.Seen) != len(after.Seen) {
			t.Errorf("%s is %s by %+v, and of the snapshot %s by %+v", text, before.Verdict, before.Seen, after.Verdict, after.Seen)
		}
	}
	s.Have = &state.Cluster{}
	if got := again(t, s); got.Have.Nodes["cp-1"] != nil {
		t.Error("a machine that was not looked at has something")
	}
}

func TestSnapshotsThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		`{"format_version": 2, "new": {}}`:  "format_version 2, and this bulwark reads 1",
		`{"cluster": {}}`:                   "no format_version",
		`[`:                                 "no snapshot",
		`{"format_version": 1, "nods": []}`: `"nods"`,
		`{"format_version": 1, "nodes": [{"name": "n", "role": "worker", "has": {"files": {"/a": {"type": "file", "mode": "0o9"}}}}]}`: `node n: /a: "0o9" is no mode`,
		`{"format_version": 1, "nodes": [{"name": "n", "role": "worker", "has": {"files": {"/a": {"type": "folder"}}}}]}`:              `"folder" is no type`,
	} {
		if _, err := ReadSnapshot([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
