package report_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/report"
)

// of is a document with one finding, or none where there is no verdict.
func of(v profiles.Verdict, evidence ...string) *report.Document {
	d := &report.Document{FormatVersion: report.FormatVersion, Cluster: "prod"}
	if v == "" {
		return d
	}
	f := report.Finding{ID: "CIS-1", Node: "cp-1", Title: "t", Verdict: v}
	for _, e := range evidence {
		f.Evidence = append(f.Evidence, report.Evidence{What: "x", Value: e})
	}
	d.Findings = []report.Finding{f}
	return d
}

func TestWhatAChangeIs(t *testing.T) {
	const none = profiles.Verdict("")
	for _, c := range []struct {
		before, after profiles.Verdict
		is            string
		worse         bool
	}{
		{profiles.Pass, profiles.Pass, "", false},
		{profiles.Pass, profiles.NotApplicable, "", false},
		{none, profiles.Pass, "", false},
		{none, profiles.Fail, "new", true},
		{none, profiles.Review, "new", false},
		{profiles.Pass, profiles.Fail, "new", true},
		{profiles.Pass, profiles.Unknown, "new", true},
		{profiles.NotApplicable, profiles.Fail, "new", true},
		{profiles.Pass, profiles.Waived, "new", false},
		{profiles.Waived, profiles.Fail, "changed", true},
		{profiles.Unknown, profiles.Fail, "changed", true},
		{profiles.Review, profiles.Unknown, "changed", true},
		{profiles.Fail, profiles.Unknown, "changed", false},
		{profiles.Fail, profiles.Waived, "changed", false},
		{profiles.Fail, profiles.Fail, "", false},
		{profiles.Fail, profiles.Pass, "mended", false},
		{profiles.Waived, profiles.NotApplicable, "mended", false},
		{profiles.Fail, none, "gone", false},
		{profiles.Pass, none, "gone", false},
		{profiles.NotApplicable, none, "", false},
	} {
		d := report.Compare(of(c.before), of(c.after))
		is := ""
		for name, list := range map[string][]report.Change{"new": d.New, "changed": d.Changed, "mended": d.Mended, "gone": d.Gone} {
			for _, x := range list {
				is += name
				if x.ID != "CIS-1" || x.Node != "cp-1" || x.Before != c.before || x.After != c.after {
					t.Errorf("%s to %s is %+v", c.before, c.after, x)
				}
			}
		}
		if is != c.is || d.Worse() != c.worse {
			t.Errorf("%s to %s is %q, worse %v; want %q, %v", c.before, c.after, is, d.Worse(), c.is, c.worse)
		}
	}
}

func TestOtherEvidenceIsAChange(t *testing.T) {
	d := report.Compare(of(profiles.Review, "a", "b"), of(profiles.Review, "b", "c"))
	if len(d.Changed) != 1 || !slices.Equal(d.Changed[0].Less, []string{"x: a"}) || !slices.Equal(d.Changed[0].More, []string{"x: c"}) || d.Worse() {
		t.Errorf("%+v", d.Changed)
	}
}

// written is a document as the command line writes it.
func written(t *testing.T, d *report.Document) []byte {
	t.Helper()
	b, err := json.Marshal(map[string]any{"format_version": "1.0", "command": "audit", "audit": d})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestADocumentIsReadAsItWasWritten(t *testing.T) {
	want := report.New(sample())
	got, err := report.Read("a.json", written(t, want))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWhatIsNoDocument(t *testing.T) {
	for text, want := range map[string]string{
		`{`:                                    "a.json is no JSON document of an audit",
		`[]`:                                   "a.json is no JSON document",
		`{"command": "plan"}`:                  "a.json holds no audit",
		`{"audit": {"format_version": "2.0"}}`: `format version "2.0", and this bulwark reads 1.x`,
		`{"audit": {"format_version": "2\u001b[2J"}}`:                                          `2\\x1b[2J`,
		`{"audit": {"format_version": "1.7", "findings": [{"id": "X-1", "verdict": "fine"}]}}`: `"fine" is no verdict`,
		`{"audit": {"format_version": "1.7", "findings": [{"id": "X-1"}]}}`:                    "without id or verdict",
	} {
		if _, err := report.Read("a.json", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// A document of somebody else is as hostile as a machine.
func TestAReadDocumentIsPrintable(t *testing.T) {
	d := of(profiles.Fail, "a\x1b[2J")
	d.Findings[0].Node = "w\n1"
	got, err := report.Read("a.json", written(t, d))
	if err != nil {
		t.Fatal(err)
	}
	if f := got.Findings[0]; f.Node != `w\n1` || f.Evidence[0].Value != `a\x1b[2J` {
		t.Errorf("%+v", f)
	}
}
