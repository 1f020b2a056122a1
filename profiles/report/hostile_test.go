package report_test

import (
	"encoding/csv"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/profiles/report"
)

// hostile are texts that are meant for whoever shows them.
var hostile = []string{
	"\x1b]0;pwned\a\x1b[2J", "<script>alert(1)</script>", "</style><img src=x onerror=alert(1)>", `" onmouseover="alert(1)`, "]]>&lt;", "\x00\x0b￾\uffff", "\u202egnp.exe",
	"=cmd|' /C calc'!A0", "\t=1+1", "x;=1+1", " ;@SUM(1)", "＝1+1", "a\nFAIL CIS-0 all is lost", "\xff\xfe", "{{.Cluster}}", "javascript:alert(1)", "-1", "+1",
}

// hostileAudit has a hostile text in every place that is not bulwark's own.
func hostileAudit() report.Audit { return filled(strings.Join(hostile, " ")) }

func filled(s string) report.Audit {
	a := sample()
	a.Cluster.Name, a.Cluster.Deviations[0].ID, a.Cluster.Deviations[0].Reason, a.Dir = s, s, s, s
	a.Profiles, a.Notes = []string{s}, []string{s}
	for i := range a.Cluster.Nodes {
		a.Cluster.Nodes[i].Name = s
	}
	for i := range a.Findings {
		f := &a.Findings[i]
		f.Control = &profiles.Control{ID: "CIS-" + s, Title: s, Section: s, Remedy: s, Question: s, Refs: []string{s}}
		f.Node, f.Notes, f.Seen = s, []string{s}, []check.Seen{{What: s, Value: s}, {What: s, Unread: s}}
		f.Waiver = &profiles.Waiver{Reason: s, Expires: s, By: s}
	}
	return a
}

func TestNothingHostileComesThrough(t *testing.T) {
	for _, s := range append(hostile, strings.Join(hostile, " ")) {
		d := report.New(filled(s))
		for _, format := range formats {
			text := render(t, d, format)
			for _, r := range text {
				if r != '\n' && !unicode.IsPrint(r) {
					t.Errorf("%s: %U came through of %q", format, r, s)
				}
			}
			for _, bad := range []string{"<script", "<img", "onmouseover=\"", "{{", "ZgotmplZ"} {
				if format == "html" && strings.Contains(strings.ReplaceAll(text, "{{.Cluster}}", ""), bad) {
					t.Errorf("html has %q of %q", bad, s)
				}
			}
		}
		wellFormed(t, render(t, d, "junit"))
	}
}

func TestAnyTextIsReported(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := report.New(filled(rapid.OneOf(rapid.String(), rapid.SampledFrom(hostile)).Draw(t, "text")))
		for _, format := range formats {
			b, err := d.Render(format)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range string(b) {
				if r != '\n' && !unicode.IsPrint(r) {
					t.Fatalf("%s: %U came through", format, r)
				}
			}
		}
	})
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// No cell begins a formula, in whichever way a spreadsheet splits the line.
func TestCSVHasNoFormulas(t *testing.T) {
	for _, s := range hostile {
		text := render(t, report.New(filled(s)), "csv")
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, cell := range row {
				for part := range strings.SplitSeq(cell, ";") {
					if part = strings.TrimSpace(part); part != "" && strings.ContainsAny(part[:1], "=+-@") || strings.HasPrefix(part, "＝") {
						t.Errorf("%q became the cell %q", s, cell)
					}
				}
			}
		}
	}
}
