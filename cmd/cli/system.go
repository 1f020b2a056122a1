package cli

import (
	"io"
	"log/slog"
	"os"
	"time"

	"golang.org/x/term"
	"k8s.io/klog/v2"

	"github.com/bulwark-k8s/bulwark/cmd/view"
)

// System is what the process has from outside; a test gives its own.
type System struct {
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// StdinTTY says whether a person can answer a question.
	StdinTTY             bool
	StdoutTTY, StderrTTY bool
	// Width and Height are of the terminal, 0 where there is none.
	Width, Height int
	LookupEnv     func(string) (string, bool)
	Now           func() time.Time
	// Divert makes libraries that log by themselves log here.
	Divert func(*slog.Logger)
	// Signals are the wishes to stop: the first one ends the run in order, the
	// second one at once.
	Signals <-chan os.Signal
}

// processSystem is the system of the real process.
func processSystem(signals <-chan os.Signal) System {
	tty := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	s := System{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		StdinTTY: tty(os.Stdin), StdoutTTY: tty(os.Stdout), StderrTTY: tty(os.Stderr),
		LookupEnv: os.LookupEnv, Now: time.Now, Signals: signals,
		Divert: klog.SetSlogLogger,
	}
	for _, f := range []*os.File{os.Stderr, os.Stdout} {
		if w, h, err := term.GetSize(int(f.Fd())); err == nil {
			s.Width, s.Height = w, h
			break
		}
	}
	return s
}

// newView makes the view a run asked for.
func (s System) newView(command string, format Format, g globals) View {
	out := view.NewStream(s.Stdout, view.Detect(s.StdoutTTY, s.Width, s.Height, g.NoColor, s.LookupEnv))
	err := view.NewStream(s.Stderr, view.Detect(s.StderrTTY, s.Width, s.Height, g.NoColor, s.LookupEnv))
	switch format {
	case JSON:
		return view.NewJSON(out, err, command, g.Verbose)
	case Lines:
		return view.NewLines(out, err, command, g.Verbose)
	case YAML:
		return view.NewYAML(out, err, command, g.Verbose)
	case Text:
	}
	return view.NewHuman(out, err, view.HumanOptions{Verbose: g.Verbose, Now: s.Now})
}
