package check

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// subject is a control plane of which some things were read and some were not.
func subject() Subject {
	return Subject{
		Node:    cluster.Node{Name: "cp-1", Role: cluster.ControlPlane, Labels: map[string]string{"zone": "a"}},
		Cluster: Cluster{Kubernetes: "1.37.2"},
		Have: &state.Cluster{Nodes: map[string]*state.Node{"cp-1": {
			Name: "cp-1",
			Files: map[string]state.HaveFile{
				"/etc/a":          {Type: "file", Mode: 0o640, Owner: "root:adm"},
				"/etc/none":       {Type: "absent"},
				"/etc/suid":       {Type: "file", Mode: fs.ModeSetuid | 0o600, Owner: "root:root"},
				"/etc/d":          {Type: "dir", Mode: fs.ModeDir | 0o700, Owner: "root:root", Owners: []string{"root:root", "2379:2379"}},
				"/var/lib/k.yaml": {Type: "file", Text: []byte("authentication: {anonymous: {enabled: false}}\nmaxPods: 60\nfeatureGates: {Other: true}\nclusterDNS: [10.0.0.1]\n")},
			},
			Units:   map[string]state.Unit{"a.service": {Load: "loaded", Enabled: "enabled", Active: "failed"}, "none.service": {Load: "not-found"}},
			Sysctls: map[string]string{"vm.overcommit_memory": "1"},
			Processes: map[string]state.Process{
				"kube-apiserver": {Args: []string{"kube-apiserver", "--profiling=true", "--authorization-mode=Node, RBAC", "--audit-log-maxage", "30", "--feature-gates=A=true,kube:B=false", "--profiling=false", "--allow-privileged"}},
				"kubelet":        {Args: []string{"kubelet", "--config=/var/lib/k.yaml", "--authorization-mode=Webhook"}},
			},
			Unread: map[string]string{"/etc/secret": "permission denied", "etcd": "ps does not answer"},
		}}},
	}
}

func parse(t *testing.T, text string) (*Question, hcl.Diagnostics) {
	t.Helper()
	expr, diags := hclsyntax.ParseExpression([]byte(text), "test.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%s: %v", text, diags)
	}
	return Parse(expr)
}

// questions are some to [subject], with their answers.
func questions() map[string]Verdict {
	return map[string]Verdict{
		`arg(apiserver, "profiling") == "false"`:                                  True, // the last one counts
		`arg(apiserver, "audit-log-path") == null`:                                True,
		`arg(apiserver, "allow-privileged") == "true"`:                            True,
		`arg(apiserver, "insecure-port") == null`:                                 True, // gone, and so absent
		`has(arg(apiserver, "authorization-mode"), "RBAC")`:                       True,
		`has(arg(apiserver, "audit-log-path"), "x")`:                              False, // nothing has nothing
		`at_least(arg(apiserver, "audit-log-maxage"), 30)`:                        True,
		`at_least(arg(apiserver, "audit-log-maxage"), 31)`:                        False,
		`at_least(arg(apiserver, "audit-log-maxsize"), 0)`:                        False,
		`at_least(arg(apiserver, "authorization-mode"), 0)`:                       False,
		`feature(apiserver, "B") == false`:                                        True,
		`feature(apiserver, "C") == null`:                                         True,
		`feature(kubelet, "Other")`:                                               True,
		`arg(etcd, "auto-tls") == null`:                                           Unknown,
		`arg(scheduler, "profiling") == "false"`:                                  Unknown, // it does not run
		`arg(etcd, "auto-tls") == null && arg(apiserver, "profiling") == "true"`:  False,   // whatever etcd has
		`arg(etcd, "auto-tls") == null && arg(apiserver, "profiling") == "false"`: Unknown,
		`arg(etcd, "auto-tls") == null || arg(apiserver, "profiling") == "false"`: True,
		`!(arg(etcd, "auto-tls") == null)`:                                        Unknown,
		`config(kubelet, "authentication.anonymous.enabled") == false`:            True,
		`config(kubelet, "authorization.mode") == "Webhook"`:                      True, // an argument goes before the file
		`config(kubelet, "readOnlyPort") == null`:                                 True,
		`config(kubelet, "maxPods") <= 110`:                                       True,
		`subset(config(kubelet, "clusterDNS"), ["10.0.0.1"])`:                     True,
		`config(kube_proxy, "metricsBindAddress") == ""`:                          Unknown,
		`mode_within("0640", path("/etc/a"))`:                                     True,
		`mode_within("0600", path("/etc/a"))`:                                     False,
		`mode_within("0600", path("/etc/suid"))`:                                  False,
		`mode_within("4600", path("/etc/suid"))`:                                  True,
		`path("/etc/suid").mode == "4600"`:                                        True,
		`mode_within("0600", path("/etc/none"))`:                                  False,
		`mode_within("0600", path("/etc/other"))`:                                 Unknown,
		`mode_within("0600", path("/etc/secret"))`:                                Unknown,
		`path("/etc/none") == null`:                                               True,
		`path("/etc/a").type == "file"`:                                           True,
		`owned_by("root:adm", path("/etc/a"))`:                                    True,
		`owned_by("root:root", path("/etc/a"))`:                                   False,
		`subset(owners("/etc/d"), ["root:root"])`:                                 False,
		`within(owners("/etc/d"), ["root:root", "2379:2379"])`:                    True,
		`within(owners("/etc/d"), ["root:root"])`:                                 False,
		`within(owners("/etc/none"), ["root:root"])`:                              True,
		`subset(owners("/etc/none"), ["root:root"])`:                              False,
		`all([for p in ["/etc/a", "/etc/d"] : path(p) != null])`:                  True,
		`all([for p in ["/etc/a", "/etc/other"] : path(p) != null])`:              Unknown,
		`all([for p in ["/etc/none", "/etc/other"] : path(p) != null])`:           False,
		`any([for p in ["/etc/other", "/etc/a"] : path(p) != null])`:              True,
		`unit("a.service").enabled && !unit("a.service").active`:                  True,
		`unit("none.service") == null`:                                            True,
		`sysctl("vm.overcommit_memory") == "1"`:                                   True,
		`sysctl("kernel.panic") == "10"`:                                          Unknown,
		`cluster.kubernetes >= version("1.36")`:                                   True,
		`node.control_plane && node.labels["zone"] == "a"`:                        True,
		`path("/etc/none").type == "file"`:                                        Unknown, // of nothing nothing can be asked
		`duration("5m") == 300 && node.control_plane`:                             True,
	}
}

func TestAnswers(t *testing.T) {
	for text, want := range questions() {
		expect(t, subject(), text, want)
	}
}

func reasons(a Answer) []string {
	var out []string
	for _, s := range a.Seen {
		out = append(out, s.Unread)
	}
	return out
}

func TestAMachineThatWasNotReachedAnswersNothing(t *testing.T) {
	s := subject()
	s.Have = &state.Cluster{}
	for _, text := range []string{`arg(apiserver, "profiling") == "false"`, `path("/etc/a") == null`, `unit("a.service") == null`,
		`sysctl("a.b") == null`, `config(kubelet, "maxPods") == null`, `feature(apiserver, "A") == null`, `subset(owners("/etc/d"), ["x"])`} {
		q, diags := parse(t, text)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		if a := q.Ask(t.Context(), s); a.Verdict != Unknown || len(a.Seen) == 0 {
			t.Errorf("%s: %+v", text, a)
		}
	}
}

func TestWhatIsMisspeltIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		`arg(apiserver, "profilng") == "false"`:                       `did you mean "profiling"?`,
		`arg(apiserver, "audit_log_path") == null`:                    `did you mean "audit-log-path"?`,
		`arg(apisrver, "profiling") == "false"`:                       `apisrver`,
		`arg("api", "profiling") == "false"`:                          `is no component`,
		`config(kubelet, "authentication.anonymous.enable") == false`: `did you mean "enabled"?`,
		`config(kubelet, "authentication.anonymus.enabled") == false`: `has no field`,
		`config(apiserver, "x") == false`:                             `not configured by a file`,
		`config(kubelet, "a") == 1`:                                   `has no field`,
		`path("etc/a") == null`:                                       `is no path`,
		`path("/etc/a").mod == "0600"`:                                `mod`,
		`mode_within("rw", path("/etc/a"))`:                           `is no mode`,
		`unit("kubelet") == null`:                                     `"kubelet.service"`,
		`node.rol == "worker"`:                                        `rol`,
		`args(apiserver, "profiling") == "false"`:                     `There is no function "args"; a check may call`,
		`file("/etc/passwd") == ""`:                                   `There is no function "file"`,
		`try(arg(apiserver, "profiling"), "")  == ""`:                 `There is no function "try"`,
		`version("1.x") < cluster.kubernetes`:                         `is no release`,
		`all([for p in ["/etc/a"] : path(p).kind == "file"])`:         `kind`,
		`arg(apiserver, "profiling")`:                                 `Not a question`,
		`true`:                                                        `always true`,
		`1 == 2`:                                                      `always false`,
		`any([for a in ["x"] : any([for b in ["x"] : any([for c in ["x"] : path("/x") == null])])])`:                      `Loops`,
		"arg(apiserver, \"profiling\") == \"x" + strings.Repeat("\" || arg(apiserver, \"profiling\") == \"x", 200) + "\"": `is too long`,
	} {
		_, diags := parse(t, text)
		if !diags.HasErrors() || !strings.Contains(diags.Error(), want) {
			t.Errorf("%s: %v, want a complaint with %q", text, diags, want)
		}
	}
}

func TestEvidenceIsSaidOnce(t *testing.T) {
	q, _ := parse(t, `path("/etc/a") == null || mode_within("0600", path("/etc/a")) || arg(apiserver, "audit-log-path") == null`)
	got := q.Ask(t.Context(), subject()).Seen
	want := []Seen{{What: "/etc/a", Value: "file 0640 root:adm"}, {What: "kube-apiserver --audit-log-path", Value: "none"}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%+v, want %+v", got, want)
	}
}
