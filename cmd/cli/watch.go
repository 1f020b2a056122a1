package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulwark-k8s/bulwark/cmd/metrics"
	"github.com/bulwark-k8s/bulwark/provision"
)

type watchOptions struct {
	specOptions
	machineOptions
	Once       bool
	Interval   time.Duration
	Repair     bool
	MaxChanges int
	Listen     string
	Output     Format
}

// shortestInterval is the least time between two passes: a look is a connection
// to every machine.
const shortestInterval = time.Second

func newWatch(run func(context.Context, watchOptions) error) *cobra.Command {
	var o watchOptions
	cmd := &cobra.Command{
		Use:   "watch [SPEC]",
		Short: "Look again and again, say what drifted, and repair it if told to",
		Long: `Look at every machine and at the cluster's API, say what is not as the spec wants it,
and do so again, an interval after the end of the look before. Nothing is written on a
machine unless --repair is given: then what drifted is applied without a question, where
it is a repair and no more than --max-changes, and verified. More than that, and whatever
makes or removes a node, is only reported. What was not read is unknown, never in sync.

With --once it looks once and says by its exit code what it saw: 0 in sync, 2 drift is
left, 4 a host was not reached, 8 repaired in part, 1 and others for all that went wrong.`,
		Example: "  bulwark watch prod/ -o json --listen 127.0.0.1:9911\n  bulwark watch prod/ --repair --max-changes 3\n" +
			"  bulwark watch prod/ --once",
		Args:              atMost(1),
		ValidArgsFunction: completeSpec,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.spec(args)
			if err := o.check(); err != nil {
				return err
			}
			for _, pair := range []struct {
				given, other string
				clash        bool
			}{
				{"max-changes", "needs --repair: nothing is changed without it", !o.Repair},
				{"interval", "and --once exclude each other: it is the time between two passes", o.Once},
				{"listen", "and --once exclude each other: who looks once has nothing to serve", o.Once},
			} {
				if pair.clash && cmd.Flags().Changed(pair.given) {
					return usagef("--%s %s", pair.given, pair.other)
				}
			}
			return run(cmd.Context(), o)
		},
	}
	o.specOptions.flags(cmd)
	o.onFlag(cmd)
	f := cmd.Flags()
	o.machineOptions.flags(f)
	f.BoolVar(&o.Once, "once", false, "look once, and end with an exit code that says what was seen")
	f.DurationVar(&o.Interval, "interval", 5*time.Minute, "time from the end of a pass to the next one")
	f.BoolVar(&o.Repair, "repair", false, "apply what drifted, without a question")
	f.IntVar(&o.MaxChanges, "max-changes", 10, "with --repair, the most `N` changes of one pass; beyond, drift is only reported")
	f.StringVar(&o.Listen, "listen", "", "serve /metrics and /healthz on `ADDR`, such as 127.0.0.1:9911 (no password, no TLS)")
	o.Output = Text
	f.VarP(&o.Output, "output", "o", "how to show results: text, or JSON lines on standard output")
	complete(cmd, "output", "text", "json")
	return cmd
}

func (o *watchOptions) check() error {
	switch {
	case o.Interval < shortestInterval:
		return usagef("--interval is %s and must be at least %s", o.Interval, shortestInterval)
	case o.MaxChanges < 1:
		return usagef("--max-changes is %d and must be at least 1", o.MaxChanges)
	}
	return o.machineOptions.check()
}

func (a *app) watch(ctx context.Context, o watchOptions) error {
	format := o.Output
	if format == JSON {
		format = Lines
	}
	return a.run(ctx, "watch", format, func(ctx context.Context, v View) (err error) {
		seen := metrics.New(o.Interval, a.sys.Now)
		if o.Listen != "" {
			server, err := metrics.Serve(o.Listen, seen, a.log.logger())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, server.Close()) }()
			v.Say("Serving http://%s/metrics.", server.Addr())
		}
		if !o.Once {
			v.Say("Watching %s; the next pass begins %s after the end of the one before.", o.Spec, o.Interval)
		}
		return a.provision.Watch(ctx, a.input(o.specOptions, o.machineOptions), provision.WatchOptions{
			Once: o.Once, Interval: o.Interval, Repair: o.Repair, MaxChanges: o.MaxChanges,
			Looked: func(p provision.Pass) {
				v.Looked(p)
				if p.Repair.Outcome == provision.RepairBegun {
					v.Begin(p.Plan)
				}
			},
			Events: v.Event,
			Ended: func(p provision.Pass) {
				v.Passed(p)
				seen.Ended(p)
			},
		})
	})
}
