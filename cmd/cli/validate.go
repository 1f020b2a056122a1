package cli

import (
	"context"

	"github.com/spf13/cobra"
)

type validateOptions struct {
	specOptions
	Output Format
}

func newValidate(run func(context.Context, validateOptions) error) *cobra.Command {
	var o validateOptions
	cmd := &cobra.Command{
		Use:   "validate [SPEC]",
		Short: "Say everything that is wrong with a spec",
		Long: `Read a spec, resolve it with its variables and bulwark's defaults, and say everything
that is wrong with it at once: where, why, and what to write instead. No machine is
touched. Exit code 3 means that the spec is refused.`,
		Example:           "  bulwark validate prod/ --var region=eu",
		Args:              atMost(1),
		ValidArgsFunction: completeSpec,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.spec(args)
			return run(cmd.Context(), o)
		},
	}
	o.flags(cmd)
	o.onFlag(cmd)
	formatFlag(cmd, &o.Output, "o")
	return cmd
}

func (a *app) validate(ctx context.Context, o validateOptions) error {
	return a.run(ctx, "validate", o.Output, func(ctx context.Context, v View) error {
		loaded, err := a.provision.Load(ctx, a.input(o.specOptions, machineOptions{}))
		if err != nil {
			return err
		}
		v.Diagnostics(loaded.Warnings)
		v.Valid(loaded.Cluster)
		return nil
	})
}
