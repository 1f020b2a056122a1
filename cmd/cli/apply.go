package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulwark-k8s/bulwark/cmd/view"
	"github.com/bulwark-k8s/bulwark/provision"
)

type applyOptions struct {
	specOptions
	machineOptions
	scopeOptions
	AutoApprove bool
	TakeLock    bool
	Output      Format
}

func newApply(run func(context.Context, applyOptions) error) *cobra.Command {
	var o applyOptions
	cmd := &cobra.Command{
		Use:   "apply [SPEC | FILE]",
		Short: "Make the cluster what the spec says",
		Long: `Look at every machine, show what would be done, ask, do it, and verify the outcome by
asking the cluster. A cluster that is as the spec wants it is left alone, and a run
that was cut is gone on with.

A FILE that "bulwark plan --out" wrote is applied without a question, and refused when
a machine, or the plan for it, is not what it was. It names the spec's cluster itself.`,
		Example: "  bulwark apply prod/\n  bulwark apply prod/ --on kind\n  bulwark apply monday.plan\n" +
			"  bulwark apply prod/ --auto-approve -o json > result.json",
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
	approveFlag(cmd, &o.AutoApprove)
	takeLockFlag(cmd, &o.TakeLock)
	formatFlag(cmd, &o.Output, "o")
	return cmd
}

func approveFlag(cmd *cobra.Command, approve *bool) {
	cmd.Flags().BoolVarP(approve, "auto-approve", "y", false, "do not ask")
}

func takeLockFlag(cmd *cobra.Command, take *bool) {
	cmd.Flags().BoolVar(take, "take-lock", false, "take the lock of machines away from a run that holds it and will never end")
}

func (a *app) apply(ctx context.Context, o applyOptions) error {
	saved, err := savedPlan(o)
	if err != nil {
		return err
	}
	if saved != nil {
		o.AutoApprove = true // it was looked at when it was made
	}
	if err := a.canAsk("apply", o.AutoApprove, o.Output); err != nil {
		return err
	}
	return a.run(ctx, "apply", o.Output, func(ctx context.Context, v View) error {
		if saved != nil {
			v.Say("Looking at the nodes of the saved plan %s.", o.Spec)
			return a.applySession(ctx, v, o, nil, func(in provision.Input) (Session, error) { return a.provision.OpenSaved(ctx, in, saved) })
		}
		return a.applySpec(ctx, v, o, nextAfterApply(o))
	})
}

// applySpec looks, shows, asks, applies and verifies, and ends with what a
// person is likely to want next.
func (a *app) applySpec(ctx context.Context, v View, o applyOptions, next []view.NextStep) error {
	v.Say("Looking at the nodes of %s.", o.Spec)
	return a.applySession(ctx, v, o, next, func(in provision.Input) (Session, error) { return a.provision.Open(ctx, in) })
}

// savedPlan is the text of a saved plan, or nil where a spec is meant.
func savedPlan(o applyOptions) ([]byte, error) {
	info, err := os.Stat(o.Spec)
	if err != nil || !info.Mode().IsRegular() || strings.HasSuffix(o.Spec, ".hcl") {
		return nil, nil //nolint:nilerr // who reads specs says what is wrong
	}
	text, err := os.ReadFile(o.Spec)
	if err != nil || !provision.IsSaved(text) {
		return nil, err
	}
	if len(o.Vars) > 0 || o.Overlay != "" || o.OnKind || o.Remove || len(o.Nodes) > 0 {
		return nil, usagef("%s is a saved plan: what --var, --overlay, --on, --node and --remove said is in it", o.Spec)
	}
	return text, nil
}

// applySession is all of it once somebody has looked.
func (a *app) applySession(ctx context.Context, v View, o applyOptions, next []view.NextStep, open func(provision.Input) (Session, error)) (err error) {
	in := a.input(o.specOptions, o.machineOptions)
	in.Remove, in.Nodes, in.TakeLock = o.Remove, o.Nodes, o.TakeLock
	s, err := open(in)
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
	if look.Plan.Empty() {
		if look.Verified {
			return nil
		}
		// A run that was cut, or that failed its verification, comes to this.
		return a.verify(ctx, v, s, next)
	}
	if !o.AutoApprove {
		question := fmt.Sprintf("Do this to the cluster %s?", look.Cluster.Name)
		yes, err := v.Ask(ctx, a.sys.Stdin, question)
		if err != nil {
			return err
		}
		if !yes {
			return provision.ErrDeclined
		}
	}
	v.Begin(look.Plan)
	result, err := s.Apply(ctx, provision.ApplyOptions{Events: v.Event})
	v.Finish()
	// A run that was refused before its first step has no result to show.
	if err == nil || len(result.Done)+len(result.Failed) > 0 {
		v.Applied(result)
	}
	if err != nil {
		return err
	}
	return a.verify(ctx, v, s, next)
}

// verify asks the cluster, and ends with what a person is likely to want next.
func (a *app) verify(ctx context.Context, v View, s Session, next []view.NextStep) error {
	v.Say("Verifying, by asking the cluster.")
	checks, err := s.Verify(ctx)
	v.Checks(checks)
	if err = errors.Join(err, provision.NotPassed(checks)); err != nil {
		return err
	}
	v.Next(next)
	return nil
}

// canAsk refuses early where nobody could answer the question that will come.
func (a *app) canAsk(verb string, approved bool, format Format) error {
	switch {
	case approved:
		return nil
	case format == JSON:
		return &usageError{
			text: verb + " asks before it changes anything, and -o json leaves no room for a question",
			hint: "Give --auto-approve to go on without one.",
		}
	case !a.sys.StdinTTY:
		return &usageError{
			text: verb + " asks before it changes anything, and there is no terminal to answer on",
			hint: "Give --auto-approve to go on without a question.",
		}
	}
	return nil
}

func blocking(problems []provision.Problem) bool {
	for _, p := range problems {
		if !p.Warning {
			return true
		}
	}
	return false
}

func nextAfterApply(o applyOptions) []view.NextStep {
	return []view.NextStep{
		{Command: o.again("kubeconfig", o.machineOptions) + " --merge", Purpose: "adds the cluster to your kubeconfig"},
		{Command: o.again("apply", o.machineOptions), Purpose: "changes nothing while all is as the spec wants it"},
	}
}
