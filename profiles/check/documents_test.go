package check

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"k8s.io/apiserver/pkg/apis/audit"
	auditpolicy "k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// apiServerManifest says where the API server's files lie; without one they lie where its
// arguments say.
const apiServerManifest = "/etc/kubernetes/manifests/kube-apiserver.yaml"

// policies are the files that bulwark writes, as a test of theirs has them.
const policies = "../../templates/policy/testdata/"

// given is a control plane whose API server has arguments and files.
func given(t testing.TB, files map[string]string, args ...string) Subject {
	t.Helper()
	n := &state.Node{Name: "cp-1", Files: map[string]state.HaveFile{apiServerManifest: {Type: "absent"}}, Unread: map[string]string{},
		Processes: map[string]state.Process{"kube-apiserver": {Args: append([]string{"kube-apiserver"}, args...), Started: 1000}}}
	for path, text := range files {
		if name, is := strings.CutPrefix(text, policies); is {
			read, err := os.ReadFile(policies + name)
			if err != nil {
				t.Fatal(err)
			}
			text = string(read)
		}
		n.Files[path] = state.HaveFile{Path: path, Type: "file", Mode: 0o600, Owner: "root:root", Text: []byte(text), Changed: 900}
	}
	return Subject{Node: cluster.Node{Name: "cp-1", Role: cluster.ControlPlane}, Have: &state.Cluster{Nodes: map[string]*state.Node{"cp-1": n}}}
}

func TestDocumentsOfBulwarksOwn(t *testing.T) {
	s := given(t, map[string]string{"/a": policies + "audit-policy.yaml", "/b": policies + "admission.yaml", "/c": policies + "authentication.yaml", "/d": policies + "encryption.yaml"},
		"--audit-policy-file=/a", "--audit-log-path=/log", "--admission-control-config-file=/b", "--authentication-config=/c", "--encryption-provider-config=/d")
	for text, want := range map[string]Verdict{
		`audit_level("get", "secrets") == "Metadata"`:                                                             True,
		`audit_level("create", "serviceaccounts/token") == "Metadata"`:                                            True,
		`audit_level("create", "tokenreviews.authentication.k8s.io") == "Metadata"`:                               True,
		`audit_level("create", "pods") == "RequestResponse"`:                                                      True,
		`audit_level("create", "deployments.apps/scale") == "RequestResponse"`:                                    True,
		`any([for r in audit_rules() : r.level == "None" && has(r.urls, "/readyz") && subset(r.verbs, ["get"])])`: True,
		`any([for r in audit_rules() : has(r.resources, "tokenreviews.authentication.k8s.io")])`:                  True,
		`all([for r in audit_rules() : count(r.users) == 0 && r.level != "None"])`:                                False,
		`pod_security().enforce == "restricted" && has(pod_security().exempt, "kube-system")`:                     True,
		`subset(admission_plugins(), ["EventRateLimit", "PodSecurity"])`:                                          True,
		`anonymous().enabled && subset(anonymous().paths, ["/healthz", "/livez", "/readyz"])`:                     True,
		`count(issuers()) == 0 && issuers() != null`:                                                              True,
		`encrypted_by("secrets") == "secretbox"`:                                                                  True,
		`encrypted_by("events") == "identity"`:                                                                    True,
	} {
		expect(t, s, text, want)
	}
}

// What the API server is not given is null, and Kubernetes' default holds.
func TestWithoutDocuments(t *testing.T) {
	for text, want := range map[string]Verdict{
		`audit_level("get", "secrets") == null && audit_rules() == null`:             True,
		`pod_security() == null && admission_plugins() == null && issuers() == null`: True,
		`encrypted_by("secrets") == null`:                                            True,
		`anonymous().enabled && count(anonymous().paths) == 0`:                       True,
		`audit_level("get", "secrets") == "Metadata"`:                                False,
		`encrypted_by("secrets") == "secretbox"`:                                     False,
		`pod_security().enforce == "restricted"`:                                     Unknown, // of nothing nothing can be asked
		`pod_security() != null && pod_security().enforce == "restricted"`:           Unknown,
	} {
		if want == Unknown {
			q, diags := parse(t, text)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			if got := q.Ask(t.Context(), given(t, nil)).Verdict; got == True {
				t.Errorf("%s is %s", text, got)
			}
			continue
		}
		expect(t, given(t, nil), text, want)
	}
}

func TestDocumentsOfOthers(t *testing.T) {
	const auditPolicy, admission, authentication, encryption = "--audit-policy-file=/f", "--admission-control-config-file=/f", "--authentication-config=/f", "--encryption-provider-config=/f"
	for _, c := range []struct {
		text string // of the file
		args string
		ask  string
		want Verdict
	}{
		{"rules: [{level: Metadata}]", auditPolicy + " --audit-webhook-config-file=/w", `audit_level("get", "secrets") == "Metadata"`, True},
		{"rules: [{level: Metadata}]", auditPolicy, `audit_level("get", "secrets") == "None"`, True}, // and no log to keep it in
		{"{rules: [{level: Metadata}], omitStages: [RequestReceived, ResponseComplete]}", auditPolicy + " --audit-log-path=-", `audit_level("get", "secrets") == "None"`, True},
		{"{rules: [{level: RequestResponse, omitStages: [ResponseComplete, Panic]}], omitStages: [RequestReceived, ResponseStarted]}", auditPolicy + " --audit-log-path=-",
			`audit_level("get", "secrets") == "None" && all([for r in audit_rules() : r.level == "None"])`, True},
		{"rules: [{level: RequestResponse, omitStages: [ResponseComplete]}]", auditPolicy + " --audit-log-path=-", `audit_level("get", "secrets") == "Metadata" && audit_rules()[0].level == "Metadata"`, True},
		{"rules: [{level: RequestResponse, omitStages: [RequestReceived]}]", auditPolicy + " --audit-log-path=-", `audit_level("get", "secrets") == "RequestResponse" && audit_rules()[0].level == "RequestResponse"`, True},
		{"rules: [{level: Metadata, resources: [{group: apps}]}]", auditPolicy + " --audit-log-path=-", `audit_level("get", "secrets") == "None"`, True},
		{"rules: [{level: None, users: [x]}, {level: Metadata}]", auditPolicy + " --audit-log-path=-", `audit_level("get", "secrets") == "None"`, True},
		{"rules: [{level: RequestResponse, users: [x]}, {level: Metadata}]", auditPolicy + " --audit-log-path=-", `audit_level("get", "secrets") == "Metadata"`, Unknown},
		{"rules: [{level: RequestResponse, resources: [{resources: [secrets], resourceNames: [x]}]}, {level: Metadata}]", auditPolicy + " --audit-log-path=-", `audit_level("get", "secrets") == "Metadata"`, Unknown},
		{"rules: [{level: Request, namespaces: [x]}]", auditPolicy + " --audit-log-path=-", `audit_level("get", "secrets") == "None"`, True},
		{"rules: [{level: Metadata, resources: [{group: apps, resources: ['*/scale', x]}, {group: apps}, {}]}]", auditPolicy, `subset(audit_rules()[0].resources, ["*.apps/scale", "x.apps", "*.apps", "*"]) && count(audit_rules()[0].resources) == 4`, True},
		{"rules: [{level: Request, resources: [{resources: ['*/log', 'secrets/*']}]}]", auditPolicy + " --audit-log-path=-",
			`audit_level("get", "pods/log") == "Request" && audit_level("get", "secrets/x") == "Request" && audit_level("get", "secrets") == "Request" && audit_level("get", "pods") == "None"`, True},
		{"rules: []", auditPolicy, `audit_rules() != null`, Unknown},
		{"rules: [{level: All}]", auditPolicy, `audit_rules() != null`, Unknown},
		{"}", auditPolicy, `audit_level("get", "secrets") == "None"`, Unknown},

		{"plugins: []", admission, `pod_security() == null && admission_plugins() != null`, True},
		{"plugins: [{name: PodSecurity, configuration: {defaults: {enforce: baseline}}}]", admission, `pod_security().enforce == "baseline" && pod_security().warn == "privileged" && count(pod_security().exempt) == 0`, True},
		{"plugins: [{name: PodSecurity, configuration: {defaults: {enforce: baseline}}}]", admission + " --disable-admission-plugins=A,PodSecurity", `pod_security() == null`, True},
		{"plugins: [{name: PodSecurity, configuration: {defaults: {enforce: restricted}, exemptions: {usernames: [mallory], runtimeClasses: [runc]}}}]", admission,
			`pod_security().enforce_version == "latest" && has(pod_security().exempt_users, "mallory") && has(pod_security().exempt_runtimes, "runc")`, True},
		{"plugins: [{name: PodSecurity, configuration: {defaults: {enforce: restricted, enforce-version: v1.20}}}]", admission,
			`pod_security().enforce_version == "v1.20" && count(pod_security().exempt_users) + count(pod_security().exempt_runtimes) == 0`, True},
		{"plugins: [{name: PodSecurity, path: ps.yaml}]", admission, `pod_security().enforce == "baseline"`, True},
		{"plugins: [{name: PodSecurity, path: /other/ps.yaml}]", admission, `pod_security().enforce == "baseline"`, Unknown},
		{"plugins: [{name: PodSecurity, configuration: [x]}]", admission, `pod_security() == null`, Unknown},
		{"{", admission, `admission_plugins() == null`, Unknown},

		{"anonymous: {enabled: false}", authentication, `anonymous().enabled`, False},
		{"anonymous: {enabled: true, conditions: [{path: /livez}]}", authentication, `anonymous().enabled && subset(anonymous().paths, ["/livez"])`, True},
		{"jwt: [{issuer: {url: 'https://a'}}]", authentication, `subset(issuers(), ["https://a"]) && anonymous().enabled`, True},
		{"jwt: [{issuer: {url: 'https://a'}}]", authentication + " --anonymous-auth=false", `anonymous().enabled`, False},
		{"", "--anonymous-auth=false", `anonymous().enabled`, False},
		{"", "--anonymous-auth=maybe", `anonymous().enabled`, Unknown},
		{"", "--oidc-issuer-url=https://b", `subset(issuers(), ["https://b"])`, True},
		{"[", authentication, `anonymous().enabled`, Unknown},

		{"resources: [{resources: ['*.*'], providers: [{identity: {}}]}, {resources: [secrets], providers: [{aescbc: {keys: [{name: k, secret: c2VjcmV0}]}}]}]", encryption, `encrypted_by("secrets") == "aescbc"`, True},
		{"resources: [{resources: [secrets, '*.'], providers: [{kms: {name: x}}, {identity: {}}]}]", encryption, `encrypted_by("configmaps") == "kms" && encrypted_by("leases.coordination.k8s.io") == "identity"`, True},
		{"resources: [{resources: ['*.apps'], providers: [{secretbox: {}}]}, {resources: ['*.*'], providers: [{identity: {}}]}]", encryption, `encrypted_by("deployments.apps") == "secretbox" && encrypted_by("pods") == "identity"`, True},
		{"resources: [{resources: [secrets], providers: [{rot13: {}}]}]", encryption, `encrypted_by("secrets") == null`, Unknown},
		{"c2VjcmV0", encryption, `encrypted_by("secrets") == null`, Unknown},
	} {
		s := given(t, map[string]string{"/f": c.text, "/ps.yaml": "defaults: {enforce: baseline}"}, strings.Fields(c.args)...)
		t.Run(c.args+" "+c.text, func(t *testing.T) { expect(t, s, c.ask, c.want) })
		if c.want == Unknown {
			q, _ := parse(t, c.ask)
			if said := fmt.Sprintf("%+v", q.Ask(t.Context(), s).Seen); strings.Contains(said, "c2VjcmV0") {
				t.Errorf("%s: %s", c.text, said)
			}
		}
	}
}

// A file that was not read, or that lies elsewhere, is never taken for one that says nothing.
func TestWhereDocumentsLie(t *testing.T) {
	const ask = `audit_level("get", "secrets") == "Metadata"`
	files := map[string]string{"/on/machine/p.yaml": "rules: [{level: Metadata}]", "/etc/in/p.yaml": "rules: [{level: None}]"}
	const mounts = `{spec: {containers: [{volumeMounts: [{name: a, mountPath: /etc}, {name: b, mountPath: /etc/in}]}], volumes: [{name: a, hostPath: {path: /other}}, {name: b, hostPath: {path: /on/machine}}]}}`
	args := []string{"--audit-policy-file=/etc/in/p.yaml", "--audit-log-path=-"}
	manifest := apiServerManifest

	s := given(t, files, args...)
	expect(t, s, ask, False)
	files[manifest] = mounts
	s = given(t, files, args...)
	expect(t, s, ask, True)
	n := s.Have.Nodes["cp-1"]
	read := n.Files["/on/machine/p.yaml"]

	changed := read
	changed.Changed = 1003
	n.Files[read.Path] = changed
	expect(t, s, ask, Unknown) // what runs may be what was there before
	expect(t, s, `audit_level("get", "secrets") == "None"`, False)

	n.Files[read.Path] = state.HaveFile{Type: "absent"}
	expect(t, s, ask, Unknown)
	delete(n.Files, read.Path)
	expect(t, s, ask, Unknown)
	if got, keys := (Needs{Documents: []string{"audit_rules"}}).Unasked(n); !slices.Equal(got, []string{read.Path}) || keys[read.Path] {
		t.Errorf("%q should be asked for, %v", got, keys)
	}
	n.Unread[read.Path] = "permission denied"
	expect(t, s, ask, Unknown)
	if got, _ := (Needs{Documents: []string{"audit_rules"}}).Unasked(n); len(got) > 0 {
		t.Errorf("%q should not be asked for again", got)
	}
	files[manifest] = "{"
	expect(t, given(t, files, args...), ask, Unknown)

	// Nor is the container's path taken for the machine's where nobody read the manifest.
	delete(files, manifest)
	s = given(t, files, args...)
	delete(s.Have.Nodes["cp-1"].Files, manifest)
	expect(t, s, `audit_level("get", "secrets") == "None"`, Unknown)
	if got, _ := (Needs{Documents: []string{"audit_rules"}}).Unasked(s.Have.Nodes["cp-1"]); !slices.Equal(got, []string{manifest}) {
		t.Errorf("%q should be asked for", got)
	}
	s.Have.Nodes["cp-1"].Files[manifest] = state.HaveFile{Type: "file"}
	expect(t, s, `audit_level("get", "secrets") == "None"`, Unknown)
	s.Have.Nodes["cp-1"].Unread[manifest] = "permission denied"
	expect(t, s, `audit_level("get", "secrets") == "None"`, Unknown)
	expect(t, again(t, s), `audit_level("get", "secrets") == "None"`, Unknown)
}

func TestWhatIsStillToBeAsked(t *testing.T) {
	s := given(t, map[string]string{"/admission.yaml": "plugins: [{name: PodSecurity, path: ps.yaml}]"},
		"--admission-control-config-file=/admission.yaml", "--encryption-provider-config=/keys.yaml", "--authentication-config=../x", "--audit-policy-file=/audit.yaml")
	all := Needs{Documents: []string{"pod_security", "encryption", "anonymous", "firewall"}}
	got, keys := all.Unasked(s.Have.Nodes["cp-1"])
	if !slices.Equal(got, []string{"/keys.yaml", "/ps.yaml"}) || !keys["/keys.yaml"] || keys["/ps.yaml"] {
		t.Errorf("%q, %v", got, keys)
	}
}

// TestLevelsAreTheAPIServers asks its own evaluator, for requests of people that a rule
// may name: none meets less than we say, and one meets just that.
func TestLevelsAreTheAPIServers(t *testing.T) {
	pick := func(t *rapid.T, name string, of ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, 2, rapid.ID).Draw(t, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		var policy audit.Policy
		for range rapid.IntRange(1, 4).Draw(t, "rules") {
			r := audit.PolicyRule{Level: audit.Level(rapid.SampledFrom(auditLevels).Draw(t, "level")),
				Users: pick(t, "users", "a", "b"), UserGroups: pick(t, "groups", "g"), Verbs: pick(t, "verbs", "get", "create"), Namespaces: pick(t, "namespaces", "n")}
			for range rapid.IntRange(0, 2).Draw(t, "resources") {
				r.Resources = append(r.Resources, audit.GroupResources{Group: rapid.SampledFrom([]string{"", "apps", "*"}).Draw(t, "group"),
					Resources: pick(t, "of the group", "*", "pods", "pods/log", "*/log", "pods/*", "secrets"), ResourceNames: pick(t, "names", "o")})
			}
			if len(r.Resources)+len(r.Namespaces) == 0 {
				r.NonResourceURLs = pick(t, "urls", "/readyz")
			}
			policy.Rules = append(policy.Rules, r)
		}
		text, err := yaml.Marshal(policyOf(policy))
		if err != nil {
			t.Fatal(err)
		}
		ours, err := readAuditPolicy(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		verb := rapid.SampledFrom([]string{"get", "create", "watch"}).Draw(t, "verb")
		group, resource, sub := rapid.SampledFrom([]string{"", "apps"}).Draw(t, "asked group"), rapid.SampledFrom([]string{"pods", "secrets"}).Draw(t, "asked"), rapid.SampledFrom([]string{"", "log"}).Draw(t, "sub")
		name := resource
		if group != "" {
			name += "." + group
		}
		if sub != "" {
			name += "/" + sub
		}
		least, most := len(auditLevels), 0
		evaluator := auditpolicy.NewPolicyRuleEvaluator(&policy)
		for _, who := range []user.Info{&user.DefaultInfo{Name: "a"}, &user.DefaultInfo{Name: "b", Groups: []string{"g"}}, &user.DefaultInfo{Name: "a", Groups: []string{"g"}}, &user.DefaultInfo{Name: "b"}, &user.DefaultInfo{Name: "z"}, &user.DefaultInfo{Name: "z", Groups: []string{"g"}}} {
			for _, namespace := range []string{"", "n"} {
				for _, object := range []string{"", "o"} {
					got := slices.Index(auditLevels, string(evaluator.EvaluatePolicyRule(authorizer.AttributesRecord{User: who, Verb: verb, Namespace: namespace,
						APIGroup: group, Resource: resource, Subresource: sub, Name: object, ResourceRequest: true}).Level))
					least, most = min(least, got), max(most, got)
				}
			}
		}
		got, by, more := ours.level(verb, name)
		switch {
		case got > least:
			t.Fatalf("%s %s: %d by rule %d, and the API server has %d\n%s", verb, name, got, by, least, text)
		case more == 0 && got != most:
			t.Fatalf("%s %s: always %d, and the API server has %d at most\n%s", verb, name, got, most, text)
		}
	})
}

// policyOf is a policy as a file has it: the evaluator's type has no names for YAML.
func policyOf(p audit.Policy) auditPolicy {
	var out auditPolicy
	for _, r := range p.Rules {
		rule := auditRule{Level: string(r.Level), Users: r.Users, UserGroups: r.UserGroups, Verbs: r.Verbs, Namespaces: r.Namespaces, NonResourceURLs: r.NonResourceURLs}
		for _, g := range r.Resources {
			rule.Resources = append(rule.Resources, auditResource{g.Group, g.Resources, g.ResourceNames})
		}
		out.Rules = append(out.Rules, rule)
	}
	return out
}

func TestEntries(t *testing.T) {
	file := func(path, kind string, mode fs.FileMode, owner string) state.HaveFile {
		return state.HaveFile{Path: path, Type: kind, Mode: mode, Owner: owner}
	}
	n := &state.Node{Listed: []string{"/etc/d", "/etc/empty", "/etc/link", "/etc/gone", "/etc/bad", "/etc/partly"}, Files: map[string]state.HaveFile{},
		Facts: state.Facts{EtcdAccount: "etcd"}, Unread: map[string]string{"/etc/bad": "its entries could not all be listed", "/etc/partly/x": "permission denied"}}
	for _, f := range []state.HaveFile{file("/etc/d", "dir", fs.ModeDir|0o755, "root:root"), file("/etc/d/a.key", "file", 0o600, "root:root"), file("/etc/d/in", "dir", fs.ModeDir|0o700, "root:root"),
		file("/etc/d/in/b.crt", "file", 0o644|fs.ModeSticky, "2379:2379"), file("/etc/d/in/deep/c", "file", 0o777, "x:x"), file("/etc/d2/e", "file", 0o777, "x:x"), file("/etc/d/none", "absent", 0, ""),
		file("/etc/empty", "dir", fs.ModeDir|0o755, "root:root"), file("/etc/link", "symlink", 0o777, "root:root"), file("/etc/gone", "absent", 0, ""), file("/etc/partly", "dir", fs.ModeDir, "root:root"),
		file("/etc/plain", "file", 0o644, "root:root"), file("/etc/unlisted", "dir", fs.ModeDir|0o755, "root:root")} {
		n.Files[f.Path] = f
	}
	s := Subject{Node: cluster.Node{Name: "n"}, Have: &state.Cluster{Nodes: map[string]*state.Node{"n": n}}}
	for text, want := range map[string]Verdict{
		`[for e in entries("/etc/d") : e.path] == ["/etc/d/a.key", "/etc/d/in", "/etc/d/in/b.crt"]`: True,
		`all([for e in entries("/etc/d") : !ends_with(e.path, ".key") || mode_within("0600", e)])`:  True,
		`all([for e in entries("/etc/d") : e.type != "file" || owned_by("root:root", e)])`:          False,
		`any([for e in entries("/etc/d") : e.mode == "1644" && owned_by("etcd:etcd", e)])`:          True,
		`count(entries("/etc/empty")) == 0 && entries("/etc/empty") != null`:                        True,
		`entries("/etc/gone") == null`:     True,
		`entries("/etc/plain") == null`:    True,
		`entries("/etc/link") == null`:     Unknown,
		`entries("/etc/bad") == null`:      Unknown,
		`entries("/etc/partly") == null`:   Unknown,
		`entries("/etc/unlisted") == null`: Unknown,
		`entries("/etc/other") == null`:    Unknown,
	} {
		expect(t, s, text, want)
	}
	s.Have = &state.Cluster{}
	expect(t, s, `entries("/etc/d") == null`, Unknown)
}

func TestWhoEnforcesNetworkPolicies(t *testing.T) {
	yes, no := true, false
	for name, c := range map[string]struct {
		cni  cluster.CNI
		want *bool
	}{
		"bridge":            {cluster.CNI{Kind: cluster.CNIBridge}, &no},
		"external":          {cluster.CNI{Kind: cluster.CNIExternal}, nil},
		"calico":            {manifested("docker.io/calico/cni:v3.30.0", "quay.io/calico/node:v3.30.0@sha256:00"), &yes},
		"tigera":            {manifested("quay.io/tigera/operator:v1.38"), &yes},
		"mirrored":          {manifested("registry.example.com:5000/mirror/calico/node"), &yes},
		"cilium":            {manifested("quay.io/cilium/cilium:v1.18"), &yes},
		"canal":             {manifested("calico/node:v3", "ghcr.io/flannel-io/flannel:v0.27"), &yes},
		"kindnet":           {manifested("kindest/kindnetd:v20250512"), &yes},
		"kindnet, an older": {manifested("kindest/kindnetd:v20240202-8f1494ea"), nil},
		"router":            {manifested("cloudnativelabs/kube-router"), &yes},
		"antrea":            {manifested("antrea/antrea-agent-ubuntu:v2.3"), &yes},
		"flannel":           {manifested("ghcr.io/flannel-io/flannel:v0.27", "ghcr.io/flannel-io/flannel-cni-plugin:v1"), &no},
		"both":              {manifested("ghcr.io/flannel-io/flannel:v0.27", "registry.k8s.io/networking/kube-network-policies:v0.8"), &yes},
		"unknown":           {manifested("example.com/calico/nodes:v1", "example.com/notcalico/node"), nil},
		"none":              {cluster.CNI{Kind: cluster.CNIManifest, Manifest: []byte("kind: ConfigMap")}, nil},
		"router off":        {also(manifested("cloudnativelabs/kube-router"), "\n- --run-firewall=false\n"), &no},
		"cilium off":        {also(manifested("quay.io/cilium/cilium:v1.18"), "\n  enable-policy: \"never\"\n"), &no},
	} {
		got, _ := enforces(c.cni)
		if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func manifested(images ...string) cluster.CNI {
	out := cluster.CNI{Kind: cluster.CNIManifest}
	for _, i := range images {
		out = also(out, "      - image: \""+i+"\"\n")
	}
	return out
}

func also(c cluster.CNI, text string) cluster.CNI {
	c.Manifest = append(c.Manifest, text...)
	return c
}

// What a component reads only when it starts is doubtful where it changed since, and what
// it reads again is not.
func TestWhatIsReadOnlyAtTheStart(t *testing.T) {
	const keys = "resources: [{resources: [secrets], providers: [{secretbox: {keys: [{name: k, secret: c2VjcmV0}]}}]}]"
	const authentication = "{jwt: [{issuer: {url: 'https://a'}}], anonymous: {enabled: false}}"
	for _, c := range []struct {
		text, args, ask string
		want            Verdict // where it changed
	}{
		{authentication, "--authentication-config=/f", `!anonymous().enabled`, Unknown},
		{authentication, "--authentication-config=/f", `anonymous().enabled`, False},
		{authentication, "--authentication-config=/f", `has(issuers(), "https://a")`, True},
		{keys, "--encryption-provider-config=/f", `encrypted_by("secrets") == "secretbox"`, Unknown},
		{keys, "--encryption-provider-config=/f --encryption-provider-config-automatic-reload=false", `encrypted_by("secrets") == "secretbox"`, Unknown},
		{keys, "--encryption-provider-config=/f --encryption-provider-config-automatic-reload", `encrypted_by("secrets") == "secretbox"`, True},
		{keys, "--encryption-provider-config=/f --encryption_provider_config_automatic_reload=T", `encrypted_by("secrets") == "secretbox"`, True},
		{"protectKernelDefaults: true", "", `config(kubelet, "protectKernelDefaults") == true`, Unknown},
		{"featureGates: {A: true}", "", `feature(kubelet, "A")`, Unknown},
	} {
		for changed, want := range map[int64]Verdict{900: True, 1000: True, 1002: True, 1003: c.want} {
			if c.want == False {
				want = False
			}
			s := given(t, map[string]string{"/f": c.text}, strings.Fields(c.args)...)
			n := s.Have.Nodes["cp-1"]
			n.Processes["kubelet"] = state.Process{Args: []string{"kubelet", "--config=/f"}, Started: 1000}
			if c.args != "" {
				delete(n.Processes, "kubelet") // a file is one component's
			}
			f := n.Files["/f"]
			f.Changed = changed
			n.Files["/f"] = f
			expect(t, s, c.ask, want)
			expect(t, again(t, s), c.ask, want)
		}
	}
}
