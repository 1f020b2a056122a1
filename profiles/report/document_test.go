package report_test

import (
	"slices"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/report"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// What a control is about is found in the spec by its own settings, by the table of
// hardened ones, and by the nearest thing that has a line.
func TestWhereASettingIsWritten(t *testing.T) {
	spec := map[string]cluster.Origin{
		"name": {File: "cluster.hcl", Line: 1}, "audit.max_age": {File: "cluster.hcl", Line: 12}, "kubelet.config.authentication": {File: "kubelet.hcl", Line: 4},
		"apiserver.args.profiling": {File: "cluster.hcl", Line: 20}, "encryption.provider": {Default: "default"},
	}
	for name, c := range map[string]struct {
		control *profiles.Control
		want    report.Place
	}{
		"its own settings":        {&profiles.Control{ID: "X-1", Harden: harden(`audit { max_age = 30 }`)}, report.Place{File: "prod/cluster.hcl", Line: 12}},
		"the first of many":       {&profiles.Control{ID: "X-1", Harden: harden("admission { pod_security = \"restricted\" }\naudit { max_age = 30 }")}, report.Place{File: "prod/cluster.hcl", Line: 12}},
		"a raw setting":           {&profiles.Control{ID: "X-1", Harden: harden(`apiserver { args = { profiling = "false" } }`)}, report.Place{File: "prod/cluster.hcl", Line: 20}},
		"a field below another":   {&profiles.Control{ID: "X-1", Harden: harden(`kubelet { config = { authentication = { anonymous = { enabled = false } } } }`)}, report.Place{File: "prod/kubelet.hcl", Line: 4}},
		"the table":               {&profiles.Control{ID: "CIS-1.2.15"}, report.Place{File: "prod/cluster.hcl", Line: 20}},
		"what the spec omits":     {&profiles.Control{ID: "X-1", Harden: harden(`audit { max_size = 100 }`)}, report.Place{}},
		"a default":               {&profiles.Control{ID: "X-1", Harden: harden(`encryption { provider = "secretbox" }`)}, report.Place{}},
		"a control of no setting": {&profiles.Control{ID: "X-1"}, report.Place{}},
	} {
		d := report.New(report.Audit{Cluster: &cluster.Cluster{Name: "prod", Origins: spec}, Dir: "prod", Findings: []profiles.Finding{{Control: c.control, Verdict: profiles.Fail}}})
		var got report.Place
		if at := d.Findings[0].At; at != nil {
			got = *at
		}
		if got != c.want || *d.Spec != (report.Place{File: "prod/cluster.hcl", Line: 1}) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestSameFindingsAreOneGroup(t *testing.T) {
	d := report.New(sample())
	var got [][]string
	for _, g := range d.Groups(profiles.Fail) {
		got = append(got, append([]string{g.ID}, g.Nodes...))
	}
	want := [][]string{{"CIS-1.2.17", "cp-1"}, {"CIS-4.2.1", "cp-1", "w-1"}, {"CIS-1.2.16", "cp-1"}}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%v, want %v", got, want)
	}
	d.Findings[2].Evidence[0].Value = "yes" // of w-1
	if n := len(d.Groups(profiles.Fail)); n != 4 {
		t.Errorf("%d groups where w-1 has other evidence", n)
	}
}

// What was rendered has no time: it is the same whenever it is made.
func TestRenderedHasNoTime(t *testing.T) {
	a := sample()
	a.Rendered = true
	if d := report.New(a); d.Time != "" {
		t.Errorf("time %q", d.Time)
	}
	if d := report.New(sample()); d.Time != "2026-11-23T12:00:00Z" {
		t.Errorf("time %q", d.Time)
	}
}

// Making a document changes nothing of what it is made of: controls are shared.
func TestTheAuditIsLeftAsItIs(t *testing.T) {
	a := hostileAudit()
	before := a.Findings[0].Control.Refs[0] + a.Findings[0].Seen[0].What + a.Notes[0] + a.Findings[0].Waiver.Reason
	report.New(a)
	if after := a.Findings[0].Control.Refs[0] + a.Findings[0].Seen[0].What + a.Notes[0] + a.Findings[0].Waiver.Reason; after != before {
		t.Errorf("%q became %q", before, after)
	}
}
