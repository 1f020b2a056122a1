package cli

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/bulwark-k8s/bulwark/provision"
)

type planOptions struct {
	specOptions
	machineOptions
	scopeOptions
	DetailedExitcode bool
	Out              string
	Output           Format
}

// errChanges is a plan that is not empty, for who asked for an exit code of it.
var errChanges = errors.New("the plan is not empty")

func newPlan(run func(context.Context, planOptions) error) *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "plan [SPEC]",
		Short: "Show what apply would do, and change nothing",
		Long: `Look at every machine and at the cluster's API, and show what is not as the spec wants
it and what would be done about it: which step on which node, why, and how the text of
a file would change. Nothing is written on a machine, and here only the file of --out.`,
		Example: "  bulwark plan prod/\n  bulwark plan prod/ --out monday.plan\n" +
			"  bulwark plan prod/ --detailed-exitcode -o json > plan.json",
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
	o.scopeOptions.flags(cmd.Flags())
	cmd.Flags().BoolVar(&o.DetailedExitcode, "detailed-exitcode", false, "end with 2 when there is something to do")
	cmd.Flags().StringVar(&o.Out, "out", "", "save the plan as `FILE`, for bulwark apply FILE (mode 0600)")
	formatFlag(cmd, &o.Output, "o")
	return cmd
}

func (a *app) plan(ctx context.Context, o planOptions) error {
	return a.run(ctx, "plan", o.Output, func(ctx context.Context, v View) (err error) {
		v.Say("Looking at the nodes of %s.", o.Spec)
		in := a.input(o.specOptions, o.machineOptions)
		in.ReadOnly, in.Remove, in.Nodes = true, o.Remove, o.Nodes
		s, err := a.provision.Open(ctx, in)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		look := s.Look()
		if blocking(look.Problems) {
			return &provision.PreflightError{Problems: look.Problems}
		}
		v.Problems(look.Problems)
		v.Plan(look.Plan, look.Notes)
		if o.Out != "" {
			if in.SSHConfig != "" { // who applies it may stand in another folder
				if in.SSHConfig, err = filepath.Abs(in.SSHConfig); err != nil {
					return err
				}
			}
			text, err := s.Save(in)
			if err == nil {
				err = replaceFile(o.Out, text, 0o600)
			}
			if err != nil {
				return err
			}
			v.Wrote(o.Out, "the plan; bulwark apply "+quote(o.Out)+" does this and nothing else")
		}
		if o.DetailedExitcode && !look.Plan.Empty() {
			return errChanges
		}
		return nil
	})
}
