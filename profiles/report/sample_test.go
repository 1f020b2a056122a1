package report_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/profiles/report"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

var update = flag.Bool("update", false, "write the golden files")

// formats are those that Render knows.
var formats = []string{"csv", "sarif", "junit", "oscal", "html"}

func sampleCluster() *cluster.Cluster {
	return &cluster.Cluster{
		Name: "prod", Kubernetes: cluster.Version{Major: 1, Minor: 37, Patch: 2},
		Nodes:      []cluster.Node{{Name: "cp-1", Role: cluster.ControlPlane}, {Name: "w-1", Role: cluster.Worker}, {Name: "w-2", Role: cluster.Worker}},
		Deviations: []cluster.Deviation{{ID: "cgroup-v1", Reason: "the lab's kernel has cgroup v1 only"}},
		Origins: map[string]cluster.Origin{
			"name": {File: "cluster.hcl", Line: 1}, "audit.max_age": {File: "cluster.hcl", Line: 12}, "kubelet.config.authentication": {File: "kubelet.hcl", Line: 4},
		},
	}
}

// sample is an audit with every verdict.
func sample() report.Audit {
	control := func(id, title string) *profiles.Control {
		return &profiles.Control{ID: id, Title: title, Section: "1.2", Level: 1, Scored: true, Remedy: "set it again", Refs: []string{"STIG-V-242402"}}
	}
	kept := control("CIS-1.2.17", "Audit logs are kept for thirty days")
	kept.Harden = harden("audit {\n  max_backup = 10\n  max_age = 30\n}")
	anonymous := control("CIS-4.2.1", "A kubelet answers nobody without credentials")
	review := &profiles.Control{ID: "NSA-AA-1", Title: "Few are administrators", Question: "Does everybody in these bindings need to be an administrator?"}
	retired := &profiles.Control{ID: "STIG-V-242398", Title: "Asked no more", Cat: 2, Retired: "since V2R5"}
	saw := func(what, value string) []check.Seen { return []check.Seen{{What: what, Value: value}} }
	return report.Audit{
		Cluster: sampleCluster(), Dir: "prod", Looked: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Profiles: []string{"cis", "nsa-cisa"},
		Notes: []string{"w-2 was not looked at: no route to host"},
		Findings: []profiles.Finding{
			{Control: kept, Node: "cp-1", Verdict: profiles.Fail, Seen: saw("kube-apiserver --audit-log-maxage", "7"), Notes: []string{"since 1.34 the value is a maximum"}},
			{Control: anonymous, Node: "cp-1", Verdict: profiles.Fail, Seen: saw("kubelet authentication.anonymous.enabled", "true")},
			{Control: anonymous, Node: "w-1", Verdict: profiles.Fail, Seen: saw("kubelet authentication.anonymous.enabled", "true")},
			{Control: anonymous, Node: "w-2", Verdict: profiles.Unknown, Seen: []check.Seen{{What: "kubelet authentication.anonymous.enabled", Unread: "the machine was not looked at"}}},
			{Control: control("CIS-1.2.11", "Images are always pulled"), Node: "cp-1", Verdict: profiles.Waived, Seen: saw("kube-apiserver --enable-admission-plugins", "NodeRestriction"),
				Waiver: &profiles.Waiver{Reason: "images are preloaded", Expires: "2027-06-30", By: "security"}},
			{Control: control("CIS-1.2.16", "The API server writes an audit log"), Node: "cp-1", Verdict: profiles.Fail, Seen: saw("kube-apiserver --audit-log-path", "none"),
				Waiver: &profiles.Waiver{Reason: "the disk is small", Expires: "2026-01-31", Expired: true}},
			{Control: control("CIS-1.2.15", "The API server is not profiled over the network"), Node: "cp-1", Verdict: profiles.Pass, Seen: saw("kube-apiserver --profiling", "false")},
			{Control: review, Verdict: profiles.Review, Seen: saw("evidence", "Group system:masters by cluster-admin")},
			{Control: retired, Node: "cp-1", Verdict: profiles.NotApplicable, Seen: saw("retired", "since V2R5")},
		},
	}
}

// harden is a block of settings as a control has it.
func harden(text string) *hclsyntax.Body {
	f, diags := hclsyntax.ParseConfig([]byte(text), "x.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		panic(diags)
	}
	return f.Body.(*hclsyntax.Body)
}

func render(t *testing.T, d *report.Document, format string) string {
	t.Helper()
	b, err := d.Render(format)
	if err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return string(b)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (go test -update writes it anew):\n%s", path, d)
	}
}

func TestFormats(t *testing.T) {
	rendered := sample()
	rendered.Rendered, rendered.Looked = true, time.Time{}
	for name, a := range map[string]report.Audit{"living": sample(), "rendered": rendered, "nothing": {Cluster: &cluster.Cluster{Name: "empty"}}} {
		for _, f := range formats {
			t.Run(name+"/"+f, func(t *testing.T) {
				d := report.New(a)
				got := render(t, d, f)
				golden(t, name+"."+f, got)
				if again := render(t, report.New(a), f); again != got {
					t.Errorf("the same audit came out otherwise")
				}
				for _, x := range d.Findings {
					if x.Verdict == profiles.Fail && !strings.Contains(got, x.ID) {
						t.Errorf("%s fails and is not named", x.ID)
					}
				}
			})
		}
	}
}

func TestAFormatThatIsNone(t *testing.T) {
	if _, err := report.New(sample()).Render("pdf"); err == nil || !strings.Contains(err.Error(), "pdf") {
		t.Errorf("%v", err)
	}
}
