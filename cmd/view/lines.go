package view

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/apply"
)

// NewLines makes a JSON view for a run that does not end by itself: lines on
// standard output as they come, each complete in itself, and no document.
func NewLines(out, err *Stream, command string, verbose bool) *JSON {
	j := NewJSON(out, err, command, verbose)
	j.lines = true
	return j
}

// lineDoc is what every line has.
type lineDoc struct {
	FormatVersion string `json:"format_version"`
	Event         string `json:"event"`
	// Pass counts from 1, Time is when it began, in UTC.
	Pass    int    `json:"pass,omitempty"`
	Time    string `json:"time,omitempty"`
	Cluster string `json:"cluster,omitempty"`
}

func lineOf(event string, p provision.Pass) lineDoc {
	return lineDoc{FormatVersion: FormatVersion, Event: event, Pass: p.Number, Time: p.Began.UTC().Format(time.RFC3339), Cluster: p.Cluster}
}

type driftLine struct {
	lineDoc
	Step   string `json:"step"`
	Node   string `json:"node,omitempty"`
	Kind   string `json:"kind"`
	Action string `json:"action"`
	Title  string `json:"title"`
	Why    string `json:"why,omitempty"`
}

type problemLine struct {
	lineDoc
	provision.Problem
}

type noteLine struct {
	lineDoc
	Text string `json:"text"`
}

type repairLine struct {
	lineDoc
	Outcome    string   `json:"outcome"`
	Why        string   `json:"why,omitempty"`
	Done       []string `json:"done,omitempty"`
	Failed     []string `json:"failed,omitempty"`
	NotReached []string `json:"not_reached,omitempty"`
	Error      string   `json:"error,omitempty"`
}

type checkLine struct {
	lineDoc
	apply.Check
}

type passLine struct {
	lineDoc
	State string `json:"state"`
	// Drift counts what was found, Left what no repair has done.
	Drift      int      `json:"drift"`
	Left       int      `json:"left"`
	Nodes      []string `json:"nodes,omitempty"`
	NotReached []string `json:"not_reached,omitempty"`
	Unread     int      `json:"unread"`
	API        bool     `json:"api_read"`
	Problems   int      `json:"problems"`
	Verified   bool     `json:"verified"`
	Look       float64  `json:"look_seconds"`
	Seconds    float64  `json:"seconds"`
	Error      string   `json:"error,omitempty"`
	// Diagnostics are what is wrong with a spec that is refused.
	Diagnostics []diagnosticDoc `json:"diagnostics,omitempty"`
}

type endLine struct {
	lineDoc
	ExitCode int       `json:"exit_code"`
	Error    *errorDoc `json:"error,omitempty"`
}

// Looked is a line for each fact that does not hold, each problem and each note.
func (j *JSON) Looked(p provision.Pass) {
	for _, s := range p.Drift {
		j.put(driftLine{lineOf("drift", p), s.ID, s.Node, string(s.Kind), actionWord(s.Action), s.Title, s.Why})
	}
	for _, x := range p.Problems {
		j.put(problemLine{lineOf("problem", p), x})
	}
	for _, n := range p.Notes {
		j.put(noteLine{lineOf("note", p), n})
	}
}

// Passed is a line for the repair where there was one, for each check that was
// not passed, and for the pass.
func (j *JSON) Passed(p provision.Pass) {
	if r := p.Repair; r.Outcome != "" {
		x := repairLine{lineDoc: lineOf("repair", p), Outcome: string(r.Outcome), Why: r.Why, Done: r.Result.Done, Failed: r.Result.Failed, NotReached: r.Result.NotReached}
		if r.Err != nil {
			x.Error = r.Err.Error()
		}
		j.put(x)
	}
	for _, c := range p.Checks {
		if c.Verdict != "pass" {
			j.put(checkLine{lineOf("check", p), c})
		}
	}
	x := passLine{lineDoc: lineOf("pass", p), State: string(p.State()), Drift: len(p.Drift), Left: len(p.Left()), Nodes: p.Nodes, NotReached: p.NotReached,
		Unread: p.Unread, API: p.API, Problems: len(p.Problems), Verified: p.Verified,
		Look: p.Looked.Sub(p.Began).Seconds(), Seconds: p.Ended.Sub(p.Began).Seconds()}
	if p.Err != nil {
		x.Error = headline(p.Err)
	}
	for _, all := range refusals(p.Err) {
		x.Diagnostics = append(x.Diagnostics, newDiagnosticDocs(all)...)
	}
	j.put(x)
}

// end is the last line: the exit code, and the error that the run ended with.
func (j *JSON) end(err error, code int) error {
	x := endLine{lineDoc: lineDoc{FormatVersion: FormatVersion, Event: "end"}, ExitCode: code}
	if err != nil {
		x.Error = &errorDoc{Message: headline(err)}
		if h, ok := errors.AsType[hinted](err); ok {
			x.Error.Hint = h.Hint()
		}
	}
	j.put(x)
	return j.out.Err()
}

// put writes one line.
func (j *JSON) put(x any) {
	if b, err := json.Marshal(x); err == nil {
		j.out.write(append(printableJSON(b), '\n'))
	}
}
