package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"pgregory.net/rapid"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/profiles/report"
	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/spec"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain text, ümläuts, 漢字": "plain text, ümläuts, 漢字",
		"\x1b[31mred\x1b[0m":      `\x1b[31mred\x1b[0m`,
		"two\nlines\r\n":          `two\nlines\x0d\n`,
		"tab\there":               "tab    here",
		"\xff\xfe":                `\xff\xfe`,
		"a\u202eb":                `a\u202eb`,
		"\u009b31m":               `\u009b31m`,
		"zero\u200bwidth":         `zero\u200bwidth`,
		"del\x7f":                 `del\x7f`,
	} {
		if got := Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}

// hostile makes any text, and often one that is meant to harm.
func hostile() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.SampledFrom([]string{"\x1b[2J", "\x1b]0;t\a", "\r\x1b[K", "\u202e", "\x9b31m", "\u009b31m", "a\nError: b", "%s%n", "\x1b[1;4m"}),
	)
}

// TestNothingHostileReachesTheTerminal shows every text of every value to both
// views and looks at each byte that comes out.
func TestNothingHostileReachesTheTerminal(t *testing.T) {
	ours := regexp.MustCompile(`\x1b\[(0|1|2|31|32|33|36|1;4)m`)
	rapid.Check(t, func(t *rapid.T) {
		s := hostile().Draw(t, "text")
		for _, kind := range []string{"text", "colour", "json"} {
			var out, err bytes.Buffer
			v := sampleView(kind, &out, &err)
			if e := v.Close(showAll(v, s), 1); e != nil {
				t.Fatal(e)
			}
			text := out.String() + err.String()
			if kind == "colour" {
				// Colours of our own, minus those a hostile text may be made of.
				text = ours.ReplaceAllString(text, "")
			}
			if !utf8.ValidString(text) {
				t.Fatalf("%s: not UTF-8: %q", kind, text)
			}
			for _, r := range text {
				if r != '\n' && !unicode.IsPrint(r) {
					t.Fatalf("%s: %U came through of %q: %q", kind, r, s, text)
				}
			}
		}
	})
}

// TestHostileTextCannotFeignALine: whatever a machine says stays on its line.
func TestHostileTextCannotFeignALine(t *testing.T) {
	var out, err bytes.Buffer
	v := sampleView("text", &out, &err)
	v.Problems([]provision.Problem{{Node: "w-1", Check: "swap", Seen: "x\nError: all is well", Remedy: "y\r\nz"}})
	v.Event(apply.Event{Kind: apply.Note, Text: "a\nError: b"})
	for line := range strings.Lines(out.String() + err.String()) {
		if strings.HasPrefix(line, "Error") {
			t.Errorf("a line was feigned: %q", line)
		}
	}
}

func TestJSONKeepsTheValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		var out, err bytes.Buffer
		v := sampleView("json", &out, &err)
		v.Plan(&plan.Plan{Cluster: s}, []string{s})
		if e := v.Close(nil, 0); e != nil {
			t.Fatal(e)
		}
		var doc document
		if e := json.Unmarshal(out.Bytes(), &doc); e != nil {
			t.Fatal(e)
		}
		if doc.Plan.Cluster != s || doc.Notes[0] != s {
			t.Fatalf("%q became %q", s, doc.Plan.Cluster)
		}
	})
}

func TestSamePlacesKeepsEveryByteAtItsPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := []byte(hostile().Draw(t, "source"))
		got := samePlaces(src)
		if len(got) != len(src) || bytes.Count(got, []byte("\n")) != bytes.Count(src, []byte("\n")) {
			t.Fatalf("%q became %q", src, got)
		}
	})
}

// showAll shows a text wherever a view shows one.
func showAll(v shower, s string) error {
	c := sampleCluster()
	c.Name, c.Deviations[0].ID, c.Deviations[0].Reason = s, s, s
	v.Valid(c)
	p := samplePlan()
	p.Cluster, p.Deviations[0].Reason = s, s
	for i := range p.Steps {
		p.Steps[i].Title, p.Steps[i].Why, p.Steps[i].ID, p.Steps[i].Kind = s, s, s, plan.Kind(s)
		p.Steps[i].Action = plan.Action(s)
	}
	p.Steps[0].Node = s
	v.Plan(p, []string{s})
	v.Begin(p)
	v.Event(apply.Event{Kind: apply.Started, Step: p.Steps[0]})
	v.Event(apply.Event{Kind: apply.Failed, Step: p.Steps[0], Err: errors.New(s)})
	v.Event(apply.Event{Kind: apply.Note, Text: s})
	v.Applied(apply.Result{Done: []string{s}, Failed: []string{s}})
	v.Checks([]apply.Check{{ID: s, Node: s, Title: s, Seen: s, Verdict: s}})
	v.Problems([]provision.Problem{{Node: s, Check: s, Seen: s, Remedy: s}})
	seen := []check.Seen{{What: s, Value: s}, {What: s, Unread: s}}
	audited := report.New(report.Audit{Cluster: c, Dir: s, Profiles: []string{s}, Notes: []string{s}, Findings: []profiles.Finding{
		{Control: &profiles.Control{ID: s, Title: s, Remedy: s, Question: s}, Node: s, Verdict: profiles.Fail, Seen: seen, Notes: []string{s}, Waiver: &profiles.Waiver{Reason: s}},
	}})
	v.Audited(audited)
	v.AuditDiff(report.Compare(&report.Document{Cluster: s}, audited))
	v.AuditDiff(&report.Diff{New: []report.Change{{ID: s, Node: s, Title: s, Before: profiles.Verdict(s), Less: []string{s}}}})
	v.Targets(s, []string{s})
	v.Next([]NextStep{{s, s}})
	v.Formatted(s)
	v.Diff(s, []byte(s), []byte("other\n"+s))
	v.Wrote(s, s)
	v.Say("%s", s)
	v.Warn("%s", s)
	v.Debug(s)
	v.Version(VersionInfo{Bulwark: s, Commit: s, Go: s, Platform: s, Kubernetes: s})
	src := []byte(s + "\n")
	at := &hcl.Range{Filename: s, Start: hcl.InitialPos, End: hcl.Pos{Line: 1, Column: 2, Byte: min(1, len(src))}}
	d := Diagnosis{Diags: hcl.Diagnostics{{Severity: hcl.DiagError, Summary: s, Detail: s, Subject: at, Extra: spec.Code(s)}}, Files: spec.Files{s: {Bytes: src}}}
	v.Diagnostics(d)
	return errors.Join(errors.New(s), &spec.Error{Diags: d.Diags, Files: d.Files})
}
