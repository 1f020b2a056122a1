package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/check"
)

// audited is an audit with findings of these verdicts, CIS-1 and so on.
func audited(verdicts ...profiles.Verdict) *Audited {
	a := &Audited{Cluster: newFake().look.Cluster, Rendered: true, Notes: []string{"w-1 was not looked at"}}
	for i, v := range verdicts {
		id := "CIS-" + string(rune('1'+i))
		a.Findings = append(a.Findings, profiles.Finding{Control: &profiles.Control{ID: id, Title: "closed"}, Node: "cp-1", Verdict: v,
			Seen: []check.Seen{{What: "port", Value: "6443"}}})
	}
	return a
}

func TestAuditSaysWhatIsNotMet(t *testing.T) {
	failed, met, unknown, review := audited(profiles.Fail), audited(profiles.Pass), audited(profiles.Unknown), audited(profiles.Review)
	for _, c := range []struct {
		args, call string
		answer     *Audited
		code       int
		says       string
	}{
		{"audit prod --rendered", "audit rendered", failed, 6, "1 failed"},
		{"audit prod", "audit", failed, 6, "FAIL CIS-1"},
		{"audit prod", "audit", met, 0, "1 passed, 0 failed"},
		{"audit prod", "audit", unknown, 0, "1 unknown"},
		{"audit prod -o json", "audit", failed, 6, `"verdict": "fail"`},
		{"audit prod -o yaml", "audit", failed, 6, "verdict: fail"},
		{"audit prod -o csv", "audit", failed, 6, "CIS,CIS-1,closed"},
		{"audit prod --fail-on never", "audit", failed, 0, "1 failed"},
		{"audit prod --fail-on unknown", "audit", failed, 0, "1 failed"},
		{"audit prod --fail-on fail,unknown", "audit", unknown, 6, "1 unknown"},
		{"audit prod --fail-on review", "audit", review, 6, "1 to review"},
	} {
		f := newFake()
		f.audited = c.answer
		got := (&console{args: c.args}).run(t, f)
		if got.code != c.code || !slices.Equal(f.calls, []string{c.call}) || f.in.Path != "prod" {
			t.Errorf("%s: code %d after %v:\n%s", c.args, got.code, f.calls, got.stderr)
		}
		says(t, c.args, got.stdout, c.says)
		if strings.Contains(got.stderr, "rror") {
			t.Errorf("%s: what was asked for is no error:\n%s", c.args, got.stderr)
		}
	}
}

func TestAuditAsksWhatWasChosen(t *testing.T) {
	f := newFake()
	f.audited = audited(profiles.Pass)
	(&console{args: "audit prod --control CIS-* --node cp-1"}).run(t, f)
	if !slices.Equal(f.in.Controls, []string{"CIS-*"}) || !slices.Equal(f.in.Nodes, []string{"cp-1"}) {
		t.Errorf("the facade was told %+v", f.in)
	}
}

func TestAuditOfHostsReadsNoSpec(t *testing.T) {
	f := newFake()
	f.audited = audited(profiles.Pass)
	got := (&console{args: "audit --host ops@10.0.0.11"}).run(t, f)
	if got.code != 0 || f.in.Path != "" || len(f.in.Hosts) != 1 || f.in.Hosts[0].User != "ops" || !slices.Equal(f.calls, []string{"audit"}) {
		t.Errorf("code %d after %v, the facade was told %+v", got.code, f.calls, f.in)
	}
	says(t, "stderr", got.stderr, "Looking at the cluster of 10.0.0.11")
}

// Whoever reads one format only reads of everything that fails, and of nothing else
// than the report: what is said besides goes to standard error.
func TestEveryFormatNamesWhatFails(t *testing.T) {
	for _, format := range reportFormats() {
		f := newFake()
		f.audited = audited(profiles.Fail, profiles.Fail, profiles.Pass, profiles.Fail)
		got := (&console{args: "audit prod -o " + format}).run(t, f)
		if got.code != exitFindings {
			t.Errorf("%s: code %d:\n%s", format, got.code, got.stderr)
		}
		says(t, format, got.stdout, "CIS-1", "CIS-2", "CIS-4")
		if strings.Contains(got.stdout, "Looking at") || format == "csv" && !strings.Contains(got.stderr, "w-1 was not looked at") {
			t.Errorf("%s: stdout\n%s\nstderr\n%s", format, got.stdout, got.stderr)
		}
		if format == "sarif" || format == "oscal" {
			if !json.Valid([]byte(got.stdout)) {
				t.Errorf("%s is no JSON:\n%s", format, got.stdout)
			}
		}
	}
}

func TestAuditDiffSaysWhatGotWorse(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	document := func(name string, verdicts ...profiles.Verdict) string {
		f := newFake()
		f.audited = audited(verdicts...)
		return file(name, (&console{args: "audit prod -o json"}).run(t, f).stdout)
	}
	was, worse, better := document("was", profiles.Pass, profiles.Unknown), document("worse", profiles.Fail, profiles.Unknown), document("better", profiles.Pass, profiles.Pass)
	csv, newer := file("csv", "standard,id\n"), file("newer", `{"audit": {"format_version": "2.0"}}`)
	for _, c := range []struct {
		args string
		code int
		says []string
	}{
		{was + " " + was, 0, []string{"0 new, 0 changed, 0 gone, 0 mended; 0 got worse"}},
		{was + " " + worse, 6, []string{"CIS-1 on cp-1: pass -> fail", "1 got worse"}},
		{worse + " " + better, 0, []string{"CIS-1 on cp-1: fail -> pass", "2 mended; 0 got worse"}},
		{was + " " + worse + " -o json", 6, []string{`"worse": true`, `"exit_code": 6`}},
		{was + " " + csv, 1, []string{csv + " is no JSON document of an audit"}},
		{was + " " + newer, 1, []string{newer + " is an audit of format version", "2.0"}},
		{was + " " + filepath.Join(dir, "none"), 1, []string{"no such file"}},
	} {
		got := (&console{args: "audit diff " + c.args}).run(t, newFake())
		if got.code != c.code {
			t.Errorf("%s: code %d\n%s", c.args, got.code, got.stderr)
		}
		says(t, c.args, got.stdout+got.stderr, c.says...)
	}
}
