package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/bulwark-k8s/bulwark/cmd/view"
)

type kindCreateOptions struct {
	specOptions
	Image       string
	Parallelism int
	AutoApprove bool
	Output      Format
}

type kindDeleteOptions struct {
	specOptions
	Output Format
}

func newKind(create func(context.Context, kindCreateOptions) error, remove func(context.Context, kindDeleteOptions) error) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kind",
		Short: "Make and remove the kind nodes of a spec",
		Args:  cobra.ArbitraryArgs,
		RunE:  verbs,
	}
	cmd.AddCommand(newKindCreate(create), newKindDelete(remove))
	return cmd
}

func newKindCreate(run func(context.Context, kindCreateOptions) error) *cobra.Command {
	var o kindCreateOptions
	o.OnKind = true
	cmd := &cobra.Command{
		Use:   "create [SPEC]",
		Short: "Make kind nodes for a spec and apply it on them",
		Long: `Make one kind node for each node of the spec, without a cluster on them, and then do
what "bulwark apply --on kind" does. Nodes that this run made are worked on without
asking; nodes that were there already are kept, and it asks as apply does. What
containers cannot have as hardened as machines is shown as deviations.`,
		Example:           "  bulwark kind create examples/quickstart",
		Args:              atMost(1),
		ValidArgsFunction: completeSpec,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.spec(args)
			m := machineOptions{Parallelism: o.Parallelism}
			if err := m.check(); err != nil {
				return err
			}
			return run(cmd.Context(), o)
		},
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&o.Image, "image", "", "node `IMAGE`; its Kubernetes must be of the spec's minor version")
	parallelismFlag(cmd.Flags(), &o.Parallelism)
	approveFlag(cmd, &o.AutoApprove)
	formatFlag(cmd, &o.Output, "o")
	return cmd
}

func newKindDelete(run func(context.Context, kindDeleteOptions) error) *cobra.Command {
	var o kindDeleteOptions
	o.OnKind = true
	cmd := &cobra.Command{
		Use:   "delete [SPEC]",
		Short: "Remove the kind nodes of a spec",
		Long: `Remove the kind nodes of a spec with all that is on them, without asking. Only nodes
that "bulwark kind create" made are removed: a cluster of that name that somebody else
made with kind is left as it is, with an error.`,
		Example:           "  bulwark kind delete examples/quickstart",
		Args:              atMost(1),
		ValidArgsFunction: completeSpec,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.spec(args)
			return run(cmd.Context(), o)
		},
	}
	o.flags(cmd)
	formatFlag(cmd, &o.Output, "o")
	return cmd
}

func (a *app) kindCreate(ctx context.Context, o kindCreateOptions) error {
	return a.run(ctx, "kind create", o.Output, func(ctx context.Context, v View) error {
		m := machineOptions{Parallelism: o.Parallelism}
		v.Begin(nil)
		made, err := a.provision.KindCreate(ctx, a.input(o.specOptions, m), o.Image, v.Event)
		v.Finish()
		if err != nil {
			return err
		}
		// What was there already may be a cluster that somebody works with.
		approved := made || o.AutoApprove
		if err := a.canAsk("kind create, where the nodes are there already,", approved, o.Output); err != nil {
			return err
		}
		apply := applyOptions{specOptions: o.specOptions, machineOptions: m, AutoApprove: approved}
		return a.applySpec(ctx, v, apply, []view.NextStep{
			{Command: o.again("kubeconfig", m) + " --merge", Purpose: "adds the cluster to your kubeconfig"},
			{Command: kindDeleteCommand(o.specOptions), Purpose: "removes the nodes"},
		})
	})
}

func kindDeleteCommand(o specOptions) string {
	o.OnKind = false // the verb says it
	return o.again("kind delete", machineOptions{})
}

func (a *app) kindDelete(ctx context.Context, o kindDeleteOptions) error {
	return a.run(ctx, "kind delete", o.Output, func(ctx context.Context, v View) error {
		if err := a.provision.KindDelete(ctx, a.input(o.specOptions, machineOptions{})); err != nil {
			return err
		}
		v.Say("The kind nodes of %s are gone.", o.Spec)
		return nil
	})
}
