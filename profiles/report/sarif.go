package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"path"
	"strings"

	"github.com/bulwark-k8s/bulwark/profiles"
)

// sarifOf is SARIF 2.1.0. What holds and what does not apply has no result, since tools
// that show results take each for something to look at; how many there are is said.
//
// Results have no "kind": all but "fail" would have to be of level "none", and what is
// not known would be shown nowhere.
func sarifOf(d *Document) ([]byte, error) {
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "bulwark", Rules: []sarifRule{}}},
		Automation:  sarifAutomation{ID: "bulwark/" + d.Cluster + "/"},
		Invocations: []sarifInvocation{{Successful: true, End: d.Time}},
		Results:     []sarifResult{}, ColumnKind: "unicodeCodePoints",
		Properties: map[string]any{"rendered": d.Rendered, "passed": d.Count("", profiles.Pass), "notApplicable": d.Count("", profiles.NotApplicable)},
	}
	if len(d.Profiles) > 0 {
		run.Properties["profiles"] = d.Profiles
	}
	for _, n := range d.Notes {
		run.Invocations[0].Notes = append(run.Invocations[0].Notes, sarifNotification{"warning", sarifText{Text: n}})
	}
	rules := map[string]int{}
	for _, f := range d.Findings {
		if _, known := rules[f.ID]; !known {
			rules[f.ID] = len(run.Tool.Driver.Rules)
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, ruleOf(f))
		}
		if f.Verdict != profiles.Pass && f.Verdict != profiles.NotApplicable {
			run.Results = append(run.Results, d.result(f, rules[f.ID]))
		}
	}
	b, err := json.MarshalIndent(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}}, "", "  ")
	return append(b, '\n'), err
}

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

func ruleOf(f Finding) sarifRule {
	help := []string{f.Title + "."}
	if f.Remedy != "" {
		help = append(help, "Where it is not met: "+f.Remedy+".")
	}
	if f.Question != "" {
		help = append(help, "A person has to judge: "+f.Question)
	}
	if len(f.Refs) > 0 {
		help = append(help, "Other standards ask the same: "+strings.Join(f.Refs, ", ")+".")
	}
	r := sarifRule{ID: f.ID, Short: sarifText{Text: f.Title}, Help: sarifText{Text: strings.Join(help, "\n\n")},
		Properties: map[string]any{"tags": []string{"security", f.Standard}}}
	r.Default.Level = "error"
	if f.Question != "" {
		r.Default.Level = "note"
	}
	for name, n := range map[string]int{"level": f.Level, "category": f.Cat} {
		if n > 0 {
			r.Properties[name] = n
		}
	}
	if f.Section != "" {
		r.Properties["section"] = f.Section
	}
	return r
}

func (d *Document) result(f Finding, rule int) sarifResult {
	verdict, _ := f.Verdict.MarshalText()
	r := sarifResult{Rule: f.ID, Index: rule, Level: "error", Message: sarifText{Text: strings.Join(append([]string{f.sentence()}, f.lines()...), "\n")},
		Prints: map[string]string{"bulwark/v1": fingerprint(d.Cluster, f.ID, f.Node)}, Properties: map[string]any{"verdict": string(verdict)}}
	switch f.Verdict {
	case profiles.Unknown:
		r.Level = "warning"
	case profiles.Review:
		r.Level = "note"
	case profiles.Waived:
		s := sarifSuppression{Kind: "external", Status: "accepted"}
		if f.Waiver != nil {
			s.Justification = f.Waiver.String()
		}
		r.Suppressions = []sarifSuppression{s}
	case profiles.Fail, profiles.Pass, profiles.NotApplicable:
	}
	at := f.At
	if at == nil {
		at = d.Spec
	}
	l := sarifLocation{Logical: []sarifLogical{{Name: d.Cluster, Kind: "resource"}}}
	if f.Node != "" {
		l.Logical[0] = sarifLogical{Name: f.Node, Full: d.Cluster + "/" + f.Node, Kind: "resource"}
	}
	if at != nil {
		l.Physical = &sarifPhysical{Artifact: sarifArtifact{uri(at.File)}}
		if at.Line > 0 {
			l.Physical.Region = &sarifRegion{at.Line}
		}
	}
	r.Locations = []sarifLocation{l}
	return r
}

// fingerprint is the same for the same control of the same node for ever, whatever was
// seen there: it is by that which a tool knows what it has shown before.
func fingerprint(parts ...string) string {
	b, _ := json.Marshal(parts) // of texts: it cannot fail
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// uri is a path as a reference; an absolute one names its scheme.
func uri(file string) string {
	u := url.URL{Path: file}
	if path.IsAbs(file) {
		u.Scheme = "file"
	}
	return u.String()
}
