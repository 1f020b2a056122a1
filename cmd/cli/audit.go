package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

type auditOptions struct {
	specOptions
	machineOptions
	Rendered bool
	Output   Format
}

// errFindings is a cluster that fails a control.
var errFindings = errors.New("a control is not met")

func newAudit(run func(context.Context, auditOptions) error) *cobra.Command {
	var o auditOptions
	cmd := &cobra.Command{
		Use:   "audit [SPEC]",
		Short: "Ask the controls of standards of a cluster, before it is deployed or as it is",
		Long: `Ask every control of the catalogue, of each node that it is about, and show which are
not met, what was seen and how to mend it. With --rendered no machine is looked at: the
question is asked of what the spec comes to. Without it one look is taken at each
machine and at the API, and nothing is written. What was not read is unknown, and never
passed. Exit code 6 means that a control is not met.

The catalogue has the 65 scored controls of the CIS Kubernetes Benchmark 2.0.1.`,
		Example:           "  bulwark audit prod/ --rendered\n  bulwark audit prod/ -o json > audit.json",
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
	cmd.Flags().BoolVar(&o.Rendered, "rendered", false, "look at no machine: ask what the spec comes to")
	formatFlag(cmd, &o.Output, "o")
	return cmd
}

func (a *app) audit(ctx context.Context, o auditOptions) error {
	return a.run(ctx, "audit", o.Output, func(ctx context.Context, v View) error {
		in := a.input(o.specOptions, o.machineOptions)
		if !o.Rendered {
			v.Say("Looking at the nodes of %s.", o.Spec)
		}
		audited, err := a.provision.Audit(ctx, in, o.Rendered)
		if err != nil {
			return err
		}
		v.Audited(audited)
		if audited.Fails() {
			return errFindings
		}
		return nil
	})
}
