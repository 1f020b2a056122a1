// Package cli is the command line: one file for every verb, which turns flags
// into an options struct, makes a call into package provision and hands what
// it answers to package view. It decides nothing about clusters.
package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// Main runs the process's command line and returns its exit code.
func Main() int { return MainWith(Real()) }

// Real is package provision itself.
func Real() Provision { return realProvision{} }

// MainWith is [Main] over another Provision.
func MainWith(p Provision) int {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	return Run(context.Background(), processSystem(signals), p)
}

// Run runs one command line and returns its exit code.
func Run(ctx context.Context, sys System, p Provision) int {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a := &app{sys: sys, provision: p}
	a.show(sys.newView("", Text, globals{}))
	done := make(chan int, 1)
	go func() { done <- a.main(ctx) }()
	for asked := 0; ; {
		select {
		case code := <-done:
			return code
		case <-sys.Signals:
			asked++
			if asked > 1 {
				return exitInterrupted
			}
			cancel(errInterrupted)
			a.view().Warn("stopping in order; once more to stop at once, which may leave a step half done")
		}
	}
}

// errInterrupted is why a run's context ended when a person ended it.
var errInterrupted = errors.New("interrupted")

// app is one run.
type app struct {
	sys       System
	provision Provision
	globals   globals
	log       log
	// started is set when flags were understood and a verb began: errors
	// before that are of usage.
	started bool

	mu    sync.Mutex
	shown View
}

// view is the view in use; signals may arrive while it changes.
func (a *app) view() View {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.shown
}

func (a *app) show(v View) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shown = v
}

// main parses, runs and shows how it ended.
func (a *app) main(ctx context.Context) int {
	root := a.root()
	err := singleDash(root, a.sys.Args)
	if err == nil {
		root.SetArgs(a.sys.Args)
		err = root.ExecuteContext(ctx)
	}
	if _, usage := errors.AsType[*usageError](err); err != nil && !usage && !a.started {
		err = &usageError{text: err.Error(), hint: `See "bulwark --help".`}
	}
	if err != nil && errors.Is(context.Cause(ctx), errInterrupted) && !errors.Is(err, errInterrupted) {
		err = errors.Join(errInterrupted, err)
	}
	err = errors.Join(err, a.log.close())
	code := exitCode(err)
	if code == exitChanges || code == exitFindings {
		err = nil // an answer, and nothing that went wrong
	}
	if lost := a.view().Close(err, code); lost != nil && code == exitDone {
		a.sys.newView("", Text, a.globals).Close(lost, exitError) //nolint:errcheck // nowhere left to say it
		return exitError
	}
	return code
}

// run begins a verb: from here on its view and its log are in use.
func (a *app) run(ctx context.Context, command string, format Format, verb func(context.Context, View) error) error {
	a.started = true
	v := a.sys.newView(command, format, a.globals)
	a.show(v)
	if err := a.log.open(a.globals.LogFile, v.Debug); err != nil {
		return err
	}
	a.sys.Divert(a.log.logger())
	return verb(ctx, v)
}
