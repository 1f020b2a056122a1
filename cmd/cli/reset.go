package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

type resetOptions struct {
	specOptions
	machineOptions
	AutoApprove bool
	TakeLock    bool
	Output      Format
}

func newReset(run func(context.Context, resetOptions) error) *cobra.Command {
	var o resetOptions
	cmd := &cobra.Command{
		Use:   "reset [SPEC]",
		Short: "Take the cluster off its machines, with all its data",
		Long: `Take Kubernetes and everything bulwark put beside it (firewall, routes, CNI state,
settings) off every node of the spec. The cluster's data is lost. Every node is named
before anything happens. What is not reset: packages, images, and the machines' own
settings.`,
		Example:           "  bulwark reset prod/",
		Args:              atMost(1),
		ValidArgsFunction: completeSpec,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.spec(args)
			if err := o.check(); err != nil {
				return err
			}
			return run(cmd.Context(), o)
		},
	}
	o.specOptions.flags(cmd)
	o.onFlag(cmd)
	o.machineOptions.flags(cmd.Flags())
	approveFlag(cmd, &o.AutoApprove)
	takeLockFlag(cmd, &o.TakeLock)
	formatFlag(cmd, &o.Output, "o")
	return cmd
}

func (a *app) reset(ctx context.Context, o resetOptions) error {
	if err := a.canAsk("reset", o.AutoApprove, o.Output); err != nil {
		return err
	}
	return a.run(ctx, "reset", o.Output, func(ctx context.Context, v View) error {
		var asking error
		count := 0
		confirm := func(nodes []string) bool {
			count = len(nodes)
			v.Targets("bulwark will take the cluster and all its data off these nodes:", nodes)
			if !o.AutoApprove {
				yes, err := v.Ask(ctx, a.sys.Stdin, fmt.Sprintf("Reset %d node(s)? Their data is lost.", count))
				if err != nil || !yes {
					asking = err
					return false
				}
			}
			v.Begin(nil)
			return true
		}
		in := a.input(o.specOptions, o.machineOptions)
		in.TakeLock = o.TakeLock
		plan, result, err := a.provision.Reset(ctx, in, confirm, v.Event)
		v.Finish()
		// A person saw the steps go by; a document has to hold them.
		if plan != nil && o.Output == JSON {
			v.Plan(plan, nil)
			v.Applied(result)
		}
		if err = errors.Join(err, asking); err != nil {
			return err
		}
		v.Say("Reset: %d node(s) no longer hold anything of the cluster.", count)
		return nil
	})
}
