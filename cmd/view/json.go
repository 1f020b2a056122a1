package view

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"unicode"
	"unicode/utf16"

	"sigs.k8s.io/yaml"

	"github.com/bulwark-k8s/bulwark/profiles/report"
	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/plan"
)

// FormatVersion is of every JSON document and line. Its major number changes
// when a field goes away or changes its meaning, its minor when one is added.
const FormatVersion = "1.0"

// JSON shows values to a program: one document on standard output when the
// run ends, and one line on standard error for everything that happens before.
type JSON struct {
	out, err *Stream
	verbose  bool
	// lines means lines on standard output, and no document.
	lines bool
	// yaml means that the document is written as YAML.
	yaml bool
	mu   sync.Mutex
	doc  document
}

// NewJSON makes a JSON view for a command.
func NewJSON(out, err *Stream, command string, verbose bool) *JSON {
	return &JSON{out: out, err: err, verbose: verbose, doc: document{FormatVersion: FormatVersion, Command: command}}
}

// NewYAML makes a JSON view whose document is written as YAML, with the same fields.
func NewYAML(out, err *Stream, command string, verbose bool) *JSON {
	j := NewJSON(out, err, command, verbose)
	j.yaml = true
	return j
}

// document is what a run comes to. Absent members were not part of the run.
type document struct {
	FormatVersion string              `json:"format_version"`
	Command       string              `json:"command"`
	ExitCode      int                 `json:"exit_code"`
	Cluster       *clusterDoc         `json:"cluster,omitempty"`
	Plan          *planDoc            `json:"plan,omitempty"`
	Problems      []provision.Problem `json:"problems,omitempty"`
	Notes         []string            `json:"notes,omitempty"`
	Result        *apply.Result       `json:"result,omitempty"`
	Checks        []apply.Check       `json:"checks,omitempty"`
	Findings      []provision.Finding `json:"findings,omitempty"`
	Profiles      []profileDoc        `json:"profiles,omitempty"`
	Controls      []controlDoc        `json:"controls,omitempty"`
	Setting       *explainedDoc       `json:"setting,omitempty"`
	Audit         *report.Document    `json:"audit,omitempty"`
	Tested        []testedDoc         `json:"tested,omitempty"`
	AuditDiff     *report.Diff        `json:"audit_diff,omitempty"`
	Files         []string            `json:"files,omitempty"`
	Data          string              `json:"data,omitempty"`
	Version       *VersionInfo        `json:"version,omitempty"`
	Diagnostics   []diagnosticDoc     `json:"diagnostics,omitempty"`
	Error         *errorDoc           `json:"error,omitempty"`
	Next          []NextStep          `json:"next,omitempty"`
}

func (j *JSON) edit(change func(*document)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(&j.doc)
}

// Valid puts the cluster into the document.
func (j *JSON) Valid(c *cluster.Cluster) {
	j.edit(func(d *document) { d.Cluster = newClusterDoc(c) })
}

// Rendered puts the cluster and the files of a rendering into the document.
func (j *JSON) Rendered(_ string, r *provision.Rendered) {
	j.edit(func(d *document) {
		d.Cluster = newClusterDoc(r.Cluster)
		for _, f := range r.Files {
			d.Files = append(d.Files, f.Path)
		}
	})
}

// Formatted adds a file whose format changed or would change.
func (j *JSON) Formatted(path string) { j.edit(func(d *document) { d.Files = append(d.Files, path) }) }

// Diff adds a difference to the data of the document.
func (j *JSON) Diff(name string, before, after []byte) {
	j.edit(func(d *document) { d.Data += unified(name, before, after) })
}

// Data is bytes that were asked for, as text.
func (j *JSON) Data(b []byte) { j.edit(func(d *document) { d.Data += string(b) }) }

// Wrote adds a file that was written.
func (j *JSON) Wrote(path, _ string) { j.edit(func(d *document) { d.Files = append(d.Files, path) }) }

// Plan puts the plan into the document.
func (j *JSON) Plan(p *plan.Plan, notes []string) {
	j.edit(func(d *document) {
		d.Plan = newPlanDoc(p)
		d.Notes = append(d.Notes, notes...)
	})
}

// Problems puts preflight's table into the document.
func (j *JSON) Problems(all []provision.Problem) {
	j.edit(func(d *document) { d.Problems = all })
}

// Begin says on standard error how many steps will run.
func (j *JSON) Begin(p *plan.Plan) {
	if p != nil {
		j.line(map[string]any{"event": "begin", "steps": len(p.Steps)})
	}
}

// Event is one line on standard error.
func (j *JSON) Event(e apply.Event) {
	m := map[string]any{"event": string(e.Kind)}
	for k, v := range map[string]string{"step": e.Step.ID, "node": e.Step.Node, "title": e.Step.Title, "text": e.Text} {
		if v != "" {
			m[k] = v
		}
	}
	if e.Err != nil {
		m["error"] = e.Err.Error()
	}
	j.line(m)
}

// Finish ends the progress; lines need no end.
func (j *JSON) Finish() {}

// Applied puts the result into the document.
func (j *JSON) Applied(r apply.Result) { j.edit(func(d *document) { d.Result = &r }) }

// Checks puts what was verified into the document.
func (j *JSON) Checks(all []apply.Check) { j.edit(func(d *document) { d.Checks = all }) }

// Findings puts what an import found into the document.
func (j *JSON) Findings(all []provision.Finding) { j.edit(func(d *document) { d.Findings = all }) }

// Version puts the version into the document.
func (j *JSON) Version(v VersionInfo) { j.edit(func(d *document) { d.Version = &v }) }

// Next puts the likely next commands into the document.
func (j *JSON) Next(steps []NextStep) { j.edit(func(d *document) { d.Next = steps }) }

// Diagnostics puts what is wrong with a spec into the document.
func (j *JSON) Diagnostics(all Diagnosis) {
	j.edit(func(d *document) { d.Diagnostics = append(d.Diagnostics, newDiagnosticDocs(all)...) })
}

// Say is one line on standard error.
func (j *JSON) Say(format string, args ...any) { j.message("message", fmt.Sprintf(format, args...)) }

// Warn is one line on standard error.
func (j *JSON) Warn(format string, args ...any) { j.message("warning", fmt.Sprintf(format, args...)) }

// Debug is one line on standard error for who asked for them.
func (j *JSON) Debug(line string) {
	if j.verbose {
		j.message("debug", line)
	}
}

// Targets says what a change is about.
func (j *JSON) Targets(intro string, names []string) {
	j.line(map[string]any{"event": "message", "text": intro, "nodes": names})
}

// Ask never gets a yes: a program answers with a flag.
func (j *JSON) Ask(context.Context, io.Reader, string) (bool, error) { return false, nil }

func (j *JSON) message(event, text string) { j.line(map[string]any{"event": event, "text": text}) }

func (j *JSON) line(m map[string]any) {
	m["format_version"] = FormatVersion
	if b, err := json.Marshal(m); err == nil {
		j.err.write(append(printableJSON(b), '\n'))
	}
}

// Close writes the document, or the last line.
func (j *JSON) Close(err error, code int) error {
	if j.lines {
		return j.end(err, code)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.doc.ExitCode = code
	if err != nil {
		j.doc.fail(err)
	}
	b, merr := json.MarshalIndent(j.doc, "", "  ")
	if merr == nil && j.yaml {
		b, merr = yaml.JSONToYAML(b)
	}
	if merr != nil {
		return merr
	}
	j.out.write(append(bytes.TrimRight(printableJSON(b), "\n"), '\n'))
	return j.out.Err()
}

// printableJSON writes what does not print as \u escapes, which changes no
// value: a document may be looked at in a terminal, and it can hold text that
// came from a machine.
func printableJSON(b []byte) []byte {
	var out bytes.Buffer
	for _, r := range string(b) {
		switch {
		case r == '\n' || unicode.IsPrint(r):
			out.WriteRune(r)
		case r > 0xFFFF:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.Bytes()
}
