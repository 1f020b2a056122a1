package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulwark-k8s/bulwark/cmd/view"
	"github.com/bulwark-k8s/bulwark/provision"
)

type importOptions struct {
	Dir     string
	Hosts   []provision.ImportHost
	SSHUser string
	machineOptions
	Output Format
}

func newImport(run func(context.Context, importOptions) error) *cobra.Command {
	var o importOptions
	var hosts []string
	cmd := &cobra.Command{
		Use:   "import [SPEC-FOLDER] --host ADDRESS…",
		Short: "Write the spec of a cluster that somebody else made",
		Long: `Look at a living cluster that was made with kubeadm, write the spec that describes it
to cluster.hcl in SPEC-FOLDER, and list what that spec does not keep: what is weaker
than bulwark's defaults and will be set, what the spec has no word for, and what is for
you to decide. Nothing is changed on machines and in the API. One control plane has to
be named; other nodes are reached at the address that the API has of them, unless they
are named too. Their SSH keys have to be known. A file that is there is left alone.`,
		Example: "  bulwark import prod/ --host 10.0.0.11\n" +
			"  bulwark import prod/ --host cp-1=10.0.0.11 --host w-1=192.0.2.21 --ssh-user ops",
		Args: atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Dir = "."
			if len(args) > 0 {
				o.Dir = args[0]
			}
			var err error
			if o.Hosts, err = importHosts(hosts); err != nil {
				return err
			}
			if err := o.check(); err != nil {
				return err
			}
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringArrayVar(&hosts, "host", nil, "a machine of the cluster: `[NAME=]ADDRESS`, or a name of the SSH configuration as ADDRESS (repeatable)")
	cmd.Flags().StringVar(&o.SSHUser, "ssh-user", "", "log in as `USER`; it is written into the spec")
	o.flags(cmd.Flags())
	formatFlag(cmd, &o.Output, "o")
	return cmd
}

// importHosts reads [NAME=]ADDRESS.
func importHosts(args []string) ([]provision.ImportHost, error) {
	if len(args) == 0 {
		return nil, usagef("bulwark import needs a control plane of the cluster: --host ADDRESS")
	}
	var out []provision.ImportHost
	seen := map[string]bool{}
	for _, arg := range args {
		name, address, named := strings.Cut(arg, "=")
		if !named {
			name, address = "", arg
		}
		switch {
		case address == "" || named && name == "":
			return nil, usagef("--host %s: it is written --host ADDRESS or --host NAME=ADDRESS", arg)
		case seen[address]:
			return nil, usagef("--host %s: %s is named twice", arg, address)
		}
		seen[address] = true
		out = append(out, provision.ImportHost{Name: name, Address: address})
	}
	return out, nil
}

func (a *app) importCluster(ctx context.Context, o importOptions) error {
	return a.run(ctx, "import", o.Output, func(ctx context.Context, v View) error {
		file := filepath.Join(o.Dir, "cluster.hcl")
		if there, err := filepath.Glob(filepath.Join(globbed(o.Dir), "*.hcl")); err != nil || len(there) > 0 {
			return fmt.Errorf("%s holds a spec already (%s), which was left as it is; name another folder, or move it away first", o.Dir, strings.Join(there, ", "))
		}
		v.Say("Looking at the cluster of %s.", o.Hosts[0].Address)
		got, err := a.provision.Import(ctx, provision.ImportInput{
			Hosts: o.Hosts, User: o.SSHUser, SSHConfig: o.SSHConfig, Parallelism: o.Parallelism, Log: a.log.logger(),
		})
		if err != nil {
			return err
		}
		v.Findings(got.Findings)
		if got.Refused() {
			return fmt.Errorf("no spec can describe this cluster yet, and none was written: what stands against it is listed first")
		}
		if err := os.MkdirAll(o.Dir, 0o755); err != nil {
			return err
		}
		if err := writeNew(file, got.Text, 0o644); err != nil {
			return err
		}
		v.Wrote(file, "the spec of "+got.Cluster.Name+"; read it, and what was found")
		loaded, err := a.provision.Load(ctx, provision.Input{Path: o.Dir, LookupEnv: a.sys.LookupEnv})
		if err != nil {
			return err
		}
		v.Diagnostics(loaded.Warnings)
		v.Valid(loaded.Cluster)
		v.Next([]view.NextStep{{Command: "bulwark plan " + quote(o.Dir), Purpose: "shows what apply would change on the machines, and changes nothing"}})
		return nil
	})
}

// globbed is a path in which no letter means another one.
func globbed(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
