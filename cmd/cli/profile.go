package cli

import (
	"context"

	"github.com/spf13/cobra"
)

type profileOptions struct {
	specOptions
	// Name is a profile, a control or a setting.
	Name     string
	Controls bool
	Output   Format
}

// profileRuns are what the verbs of a profile do.
type profileRuns struct {
	list, show, explain func(context.Context, profileOptions) error
	snapshot            func(context.Context, snapshotOptions) error
	test                func(context.Context, profileTestOptions) error
}

func newProfile(runs profileRuns) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "profile",
		Short: "Show standards: their profiles, controls, and what they do to a spec",
		Args:  cobra.ArbitraryArgs,
		RunE:  verbs,
	}
	cmd.AddCommand(newProfileList(runs.list), newProfileShow(runs.show), newProfileExplain(runs.explain), newProfileSnapshot(runs.snapshot), newProfileTest(runs.test))
	return cmd
}

func newProfileList(run func(context.Context, profileOptions) error) *cobra.Command {
	var o profileOptions
	cmd := &cobra.Command{
		Use:   "list [SPEC]",
		Short: "List the profiles that a spec may name",
		Long: `List the profiles that a spec may name, with how many controls each has. With SPEC
those are listed too that the spec has itself.`,
		Example:           "  bulwark profile list\n  bulwark profile list prod/ --controls",
		Args:              atMost(1),
		ValidArgsFunction: completeSpec,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.Spec = args[0]
			}
			return run(cmd.Context(), o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.Controls, "controls", false, "list every control of every profile too")
	formatFlag(cmd, &o.Output, "o")
	return cmd
}

func newProfileShow(run func(context.Context, profileOptions) error) *cobra.Command {
	var o profileOptions
	cmd := &cobra.Command{
		Use:   "show NAME [SPEC]",
		Short: "Show one profile or one control",
		Long: `Show a profile with its controls, or a control: what it asks, of what, how it is
decided, which settings of a spec it hardens, and how to meet it.`,
		Example: "  bulwark profile show cis\n  bulwark profile show CIS-1.2.16",
		Args:    between(1, 2, "the name of a profile or the id of a control"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Name = args[0]; len(args) > 1 {
				o.Spec = args[1]
			}
			return run(cmd.Context(), o)
		},
	}
	o.flags(cmd)
	formatFlag(cmd, &o.Output, "o")
	return cmd
}

func newProfileExplain(run func(context.Context, profileOptions) error) *cobra.Command {
	var o profileOptions
	cmd := &cobra.Command{
		Use:   "explain SETTING [SPEC]",
		Short: "Say why a setting of a spec has its value",
		Long: `Say what a setting comes to, where that is from, every control of the spec's profiles
that asked for it, and by which rule the value won.`,
		Example: "  bulwark profile explain audit.max_age prod/\n  bulwark profile explain apiserver.args.profiling",
		Args:    between(1, 2, "the path of a setting, as in audit.max_age"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Name = args[0]
			o.spec(args[1:])
			return run(cmd.Context(), o)
		},
	}
	o.flags(cmd)
	formatFlag(cmd, &o.Output, "o")
	return cmd
}

func (a *app) profileList(ctx context.Context, o profileOptions) error {
	return a.run(ctx, "profile list", o.Output, func(ctx context.Context, v View) error {
		all, err := a.provision.Profiles(ctx, a.input(o.specOptions, machineOptions{}))
		if err != nil {
			return err
		}
		v.Profiles(all, o.Controls)
		return nil
	})
}

func (a *app) profileShow(ctx context.Context, o profileOptions) error {
	return a.run(ctx, "profile show", o.Output, func(ctx context.Context, v View) error {
		all, err := a.provision.Profiles(ctx, a.input(o.specOptions, machineOptions{}))
		if err != nil {
			return err
		}
		one, err := all.Of(o.Name)
		if err != nil {
			return err
		}
		if c, ok := all.Control(o.Name); ok {
			v.Control(c, one)
			return nil
		}
		v.Profiles(one, true)
		return nil
	})
}

func (a *app) profileExplain(ctx context.Context, o profileOptions) error {
	return a.run(ctx, "profile explain", o.Output, func(ctx context.Context, v View) error {
		e, err := a.provision.Explain(ctx, a.input(o.specOptions, machineOptions{}), o.Name)
		if err != nil {
			return err
		}
		v.Explained(e)
		return nil
	})
}
