package cli

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulwark-k8s/bulwark/cmd/view"
	"github.com/bulwark-k8s/bulwark/provision"
)

type kubeconfigOptions struct {
	specOptions
	machineOptions
	// One of these says where it goes; none means standard output.
	Merge, Stdout bool
	File          string
	// SwitchContext makes the merged context the current one.
	SwitchContext bool
	TTL           time.Duration
	Output        Format
}

// minTTL is the shortest life the API gives a certificate, maxTTL the longest
// that still deserves to be called expiring.
const (
	minTTL = 10 * time.Minute
	maxTTL = 365 * 24 * time.Hour
)

func newKubeconfig(run func(context.Context, kubeconfigOptions) error) *cobra.Command {
	var o kubeconfigOptions
	cmd := &cobra.Command{
		Use:   "kubeconfig [SPEC]",
		Short: "Make a kubeconfig whose certificate expires",
		Long: `Make a key here, have the cluster sign a client certificate for it that expires, and
write a kubeconfig: to standard output, to a file, or into your own. Files get mode 0600.

--merge follows kubectl: the list in KUBECONFIG, else ~/.kube/config; the current
context stays what it is unless --switch-context is given.`,
		Example:           "  bulwark kubeconfig prod/ --merge\n  bulwark kubeconfig prod/ --ttl 1h --file /dev/shm/prod.kubeconfig",
		Args:              atMost(1),
		ValidArgsFunction: completeSpec,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.spec(args)
			if err := errors.Join(o.check(), o.checkTTL()); err != nil {
				return err
			}
			if cmd.Flags().Changed("file") && o.File == "" {
				return usagef("--file needs the name of a file")
			}
			if o.SwitchContext && !o.Merge {
				return usagef("--switch-context is about your own kubeconfig and needs --merge")
			}
			return run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.Merge, "merge", false, "put it into your own kubeconfig, as kubectl would")
	f.StringVar(&o.File, "file", "", "write it to `FILE`, replacing what is there")
	f.BoolVar(&o.Stdout, "stdout", false, "write it to standard output (what happens anyway without --merge and --file)")
	cmd.MarkFlagsMutuallyExclusive("merge", "file", "stdout")
	f.BoolVar(&o.SwitchContext, "switch-context", false, "with --merge, make it the current context")
	f.DurationVar(&o.TTL, "ttl", 24*time.Hour, "how long the certificate is valid")
	o.specOptions.flags(cmd)
	o.onFlag(cmd)
	o.machineOptions.flags(f)
	formatFlag(cmd, &o.Output, "o")
	return cmd
}

func (o *kubeconfigOptions) checkTTL() error {
	if o.TTL < minTTL || o.TTL > maxTTL {
		return usagef("--ttl is %s and must be from %s to %s: the API signs nothing shorter, and what lives longer does not expire in any useful sense", o.TTL, minTTL, maxTTL)
	}
	return nil
}

func (a *app) kubeconfig(ctx context.Context, o kubeconfigOptions) error {
	return a.run(ctx, "kubeconfig", o.Output, func(ctx context.Context, v View) (err error) {
		in := a.input(o.specOptions, o.machineOptions)
		in.ReadOnly = true // whoever works on the machines may go on
		s, err := a.provision.Open(ctx, in)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		text, err := s.Kubeconfig(ctx, provision.KubeconfigOptions{TTLSeconds: int(o.TTL / time.Second)})
		if err != nil {
			return err
		}
		return a.deliver(ctx, v, o, text)
	})
}

// deliver puts a kubeconfig where it was asked for.
func (a *app) deliver(ctx context.Context, v View, o kubeconfigOptions, text []byte) error {
	what := "a kubeconfig whose certificate is valid for " + o.TTL.String()
	switch {
	case o.Merge:
		written, err := a.provision.MergeKubeconfig(ctx, text, a.kubeconfigPaths(), o.SwitchContext)
		for _, path := range written {
			v.Wrote(path, what)
		}
		if err == nil {
			v.Next([]view.NextStep{{Command: "kubectl config get-contexts", Purpose: "lists the contexts, the new one among them"}})
		}
		return err
	case o.File != "":
		if err := replaceFile(o.File, text, 0o600); err != nil {
			return err
		}
		v.Wrote(o.File, what)
		v.Next([]view.NextStep{{Command: "kubectl --kubeconfig " + quote(o.File) + " get nodes", Purpose: "uses it"}})
		return nil
	}
	v.Data(text)
	return nil
}

// kubeconfigPaths are the files kubectl would read, in its order.
func (a *app) kubeconfigPaths() []string {
	if list, _ := a.sys.LookupEnv("KUBECONFIG"); list != "" {
		var paths []string
		for _, p := range filepath.SplitList(list) {
			if p = strings.TrimSpace(p); p != "" {
				paths = append(paths, p)
			}
		}
		if len(paths) > 0 {
			return paths
		}
	}
	home, _ := a.sys.LookupEnv("HOME")
	return []string{filepath.Join(home, ".kube", "config")}
}
