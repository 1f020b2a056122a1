package cli

import (
	"github.com/spf13/cobra"
)

const rootLong = `bulwark turns one HCL file into a hardened Kubernetes cluster, on machines over
SSH or on kind, and proves what it made by asking it.

SPEC is a file or a folder with one cluster in it; without it the current folder
is meant. Results go to standard output, everything else to standard error.`

const exitCodes = `Exit codes:
  0  done, or nothing to do         6  a control is not met (audit)
  1  error                          7  a lock is held, or the plan is stale
  2  changes, or drift              8  applied in part; apply again goes on
  3  the spec is refused           64  the command line cannot be meant
  4  a host not reached or trusted 130  interrupted
  5  a command on a host failed`

// root is the tree of verbs.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:     "bulwark",
		Short:   "One HCL file, one hardened Kubernetes cluster",
		Long:    rootLong + "\n\n" + exitCodes,
		Version: buildVersion().Bulwark,
		Args:    cobra.ArbitraryArgs,
		RunE:    verbs,
		// Errors are the view's to show, and a page of usage would hide them.
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(a.sys.Stdout)
	root.SetErr(a.sys.Stderr)
	root.SetFlagErrorFunc(flagError)
	root.SetVersionTemplate("bulwark {{.Version}}\n")
	a.globals.flags(root.PersistentFlags())
	root.AddGroup(
		&cobra.Group{ID: "spec", Title: "A spec, without touching a machine:"},
		&cobra.Group{ID: "cluster", Title: "A cluster:"},
	)
	add := func(group string, cmds ...*cobra.Command) {
		for _, c := range cmds {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("spec", newInit(a.initSpec), newFmt(a.format), newValidate(a.validate), newRender(a.render), newProfile(profileRuns{a.profileList, a.profileShow, a.profileExplain, a.profileSnapshot, a.profileTest}))
	add("cluster", newPlan(a.plan), newApply(a.apply), newWatch(a.watch), newAudit(a.audit, a.auditDiff), newReset(a.reset), newKubeconfig(a.kubeconfig), newImport(a.importCluster), newKind(a.kindCreate, a.kindDelete))
	add("", newVersion(a.version))
	return root
}

// complete offers words for a flag's value.
func complete(cmd *cobra.Command, flag string, words ...string) {
	// It can only fail for a flag that is not there, which a test would see.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// completeSpec offers specs for the first argument.
func completeSpec(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"hcl"}, cobra.ShellCompDirectiveFilterFileExt
}
