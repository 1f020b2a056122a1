package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

type auditDiffOptions struct {
	Old, New string
	Output   Format
}

func newAuditDiff(run func(context.Context, auditDiffOptions) error) *cobra.Command {
	var o auditDiffOptions
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what changed between two audits",
		Long: `Compare two documents that "bulwark audit -o json" wrote, and say by control and node what
is new, what changed, what was not asked any more, and what is mended. No machine is
touched. Exit code 6 means that something got worse: it is not met, or not known, and was
better before.`,
		Example: "  bulwark audit diff monday.json tuesday.json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return nil
			}
			return &usageError{text: fmt.Sprintf("%s takes two documents and got %d", cmd.CommandPath(), len(args)), hint: "Usage: " + cmd.UseLine()}
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Old, o.New = args[0], args[1]
			return run(cmd.Context(), o)
		},
	}
	formatFlag(cmd, &o.Output, "o")
	return cmd
}

func (a *app) auditDiff(ctx context.Context, o auditDiffOptions) error {
	return a.run(ctx, "audit diff", o.Output, func(_ context.Context, v View) error {
		older, err := os.ReadFile(o.Old)
		if err != nil {
			return err
		}
		newer, err := os.ReadFile(o.New)
		if err != nil {
			return err
		}
		d, err := a.provision.CompareAudits(o.Old, older, o.New, newer)
		if err != nil {
			return err
		}
		v.AuditDiff(d)
		if d.Worse() {
			return errFindings
		}
		return nil
	})
}
