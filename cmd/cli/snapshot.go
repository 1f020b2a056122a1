package cli

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/bulwark-k8s/bulwark/provision"
)

type snapshotOptions struct {
	specOptions
	machineOptions
	Rendered bool
	Nodes    []string
}

func newProfileSnapshot(run func(context.Context, snapshotOptions) error) *cobra.Command {
	var o snapshotOptions
	cmd := &cobra.Command{
		Use:   "snapshot [SPEC]",
		Short: "Print what checks see of a cluster, as JSON",
		Long: `Print what the checks of controls see of each node and of the API, as one JSON document:
files with their modes and owners, units, kernel settings, the arguments that components
run with, their configuration, the firewall, and lists of what the API has. It is what all
controls together ask for, those of the spec's own profiles too, and holds no key, no
certificate and no Secret. With --rendered no machine is looked at. "bulwark profile test"
asks profiles of such documents.`,
		Example: `  bulwark profile snapshot prod/ > prod.json
  bulwark profile snapshot prod/ --rendered --node cp-1`,
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
	f := cmd.Flags()
	f.BoolVar(&o.Rendered, "rendered", false, "look at no machine: show what the spec comes to")
	f.StringArrayVar(&o.Nodes, "node", nil, "only what `NAME` has, and the API (repeatable); all machines are looked at")
	return cmd
}

func (a *app) profileSnapshot(ctx context.Context, o snapshotOptions) error {
	return a.run(ctx, "profile snapshot", Text, func(ctx context.Context, v View) error {
		in := a.input(o.specOptions, o.machineOptions)
		in.Nodes = o.Nodes
		if !o.Rendered {
			v.Say("Looking at the nodes of %s.", o.Spec)
		}
		s, err := a.provision.Snapshot(ctx, in, o.Rendered)
		if err != nil {
			return err
		}
		for _, n := range s.Notes {
			v.Warn("%s", n)
		}
		v.Data(s.Text)
		return nil
	})
}

type profileTestOptions struct {
	specOptions
	Snapshots []string
	Profiles  []string
	Controls  []string
	FailOn    failOn
	Output    Format
}

func newProfileTest(run func(context.Context, profileTestOptions) error) *cobra.Command {
	var o profileTestOptions
	cmd := &cobra.Command{
		Use:   "test [SPEC] --snapshot FILE",
		Short: "Ask a spec's profiles of recorded snapshots",
		Long: `Ask the controls of the spec's profiles, its own among them, of clusters that "bulwark
profile snapshot" recorded, and show for each snapshot what "bulwark audit" would show of
the cluster. No machine is touched. The spec is asked for its profiles and waivers alone:
names, roles and all else of nodes are the snapshot's. Exit code 6 means that a control is
not met in one of them, or what --fail-on says.`,
		Example: `  bulwark profile test prod/ --snapshot good.json --snapshot bad.json
  bulwark profile test prod/ --snapshot good.json --profile acme --fail-on fail,unknown`,
		Args:              atMost(1),
		ValidArgsFunction: completeSpec,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.spec(args)
			if len(o.Snapshots) == 0 {
				return usagef("name the snapshots by --snapshot FILE; \"bulwark profile snapshot\" prints one")
			}
			return run(cmd.Context(), o)
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.StringArrayVar(&o.Snapshots, "snapshot", nil, "a `FILE` with what \"bulwark profile snapshot\" printed (repeatable)")
	f.StringArrayVar(&o.Profiles, "profile", nil, "ask this profile instead of the spec's: its `NAME`, or all for every control (repeatable)")
	f.StringArrayVar(&o.Controls, "control", nil, "only the controls whose `ID` it is, or a pattern such as ACME-* (repeatable)")
	o.FailOn = failOn{"fail"}
	f.Var(&o.FailOn, "fail-on", "end with 6 where there is one of these: fail, unknown, review, or never; a list")
	complete(cmd, "fail-on", append(failWords(), "never")...)
	formatFlag(cmd, &o.Output, "o")
	return cmd
}

func (a *app) profileTest(ctx context.Context, o profileTestOptions) error {
	return a.run(ctx, "profile test", o.Output, func(ctx context.Context, v View) error {
		in := a.input(o.specOptions, machineOptions{})
		in.Profiles, in.Controls = o.Profiles, o.Controls
		var files []provision.SnapshotFile
		for _, name := range o.Snapshots {
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			files = append(files, provision.SnapshotFile{Name: name, Text: text})
		}
		all, err := a.provision.AuditSnapshots(ctx, in, files)
		if err != nil {
			return err
		}
		found := false
		for _, one := range all {
			report := one.Report()
			v.Tested(one.Snapshot, report)
			found = found || report.Has(o.FailOn...)
		}
		if found {
			return errFindings
		}
		return nil
	})
}
