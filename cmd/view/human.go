// Package view is everything bulwark says: the human view, the JSON view,
// progress, questions and errors. It is the only package that prints, and it
// decides nothing: it is handed values and shows them.
//
// Data goes to standard output, everything else to standard error. Text that
// came from a machine or from a spec is made printable here, at the last
// moment, whatever was promised upstream.
package view

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Human shows values to a person.
type Human struct {
	out, err *Stream
	verbose  bool
	progress atomic.Pointer[progress]
	now      func() time.Time
}

// HumanOptions are what a human view depends on besides its streams.
type HumanOptions struct {
	// Verbose shows ids, reasons and starts of steps, and debug lines.
	Verbose bool
	// Now is the clock of durations.
	Now func() time.Time
}

// NewHuman makes a human view.
func NewHuman(out, err *Stream, o HumanOptions) *Human {
	return &Human{out: out, err: err, verbose: o.Verbose, now: o.Now}
}

// Valid says that a spec is accepted and what it comes to.
func (h *Human) Valid(c *cluster.Cluster) {
	h.out.linef("%s is valid: Kubernetes %s, %s, %s.", c.Name, c.Kubernetes,
		count(len(c.ControlPlanes()), "control plane"), count(len(c.Workers()), "worker"))
	var d []deviation
	for _, x := range c.Deviations {
		d = append(d, deviation{x.ID, x.Reason, x.Origin.String()})
	}
	h.deviations(d)
}

// Rendered says what a rendering holds and where it lies.
func (h *Human) Rendered(dir string, r *provision.Rendered) {
	h.out.linef("Rendered %s for %s into %s.", count(len(r.Files), "file"), r.Cluster.Name, dir)
	if h.verbose {
		for _, f := range r.Files {
			h.out.linef("  %s", f.Path)
		}
	}
}

// Formatted names a file whose format changed or would change.
func (h *Human) Formatted(path string) { h.out.linef("%s", path) }

// Data is bytes that were asked for; they go out as they are.
func (h *Human) Data(b []byte) { h.out.write(b) }

// Wrote names a file that was written.
func (h *Human) Wrote(path, what string) { h.err.linef("Wrote %s: %s.", path, what) }

// Say is one line about what is going on.
func (h *Human) Say(format string, args ...any) {
	h.above(func() { h.err.linef(format, args...) })
}

// Warn is one line about something that may surprise later.
func (h *Human) Warn(format string, args ...any) {
	h.above(func() { h.err.linef("%s %s", h.err.paint(yellow, "Warning:"), safe(sprintf(format, args...))) })
}

// Debug is one line for who asked for them.
func (h *Human) Debug(line string) {
	if h.verbose {
		h.above(func() { h.err.linef("%s", h.err.paint(dim, line)) })
	}
}

// Next are the commands a person is likely to want now.
func (h *Human) Next(steps []NextStep) {
	if len(steps) == 0 {
		return
	}
	width := 0
	for _, s := range steps {
		width = max(width, len(Printable(s.Command)))
	}
	h.err.gap()
	h.err.linef("%s", h.err.paint(bold, "Next:"))
	for _, s := range steps {
		h.err.linef("  %s  %s", pad(s.Command, width), h.err.paint(dim, s.Purpose))
	}
}

// NextStep is a command and what it is for.
type NextStep struct {
	Command string `json:"command"`
	Purpose string `json:"purpose"`
}

// Close ends the view with the error of the run, if any, and its exit code. It
// returns an error when something that was to be written was lost.
func (h *Human) Close(err error, _ int) error {
	h.Finish()
	if err != nil {
		h.fail(err)
	}
	return h.out.Err()
}

// count is "1 worker", "2 workers".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
