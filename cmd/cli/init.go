package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/bulwark-k8s/bulwark/cmd/view"
)

type initOptions struct{ File string }

func newInit(run func(context.Context, initOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a first spec, with comments, that validates",
		Long: `Write a first spec to FILE (cluster.hcl unless said): one control plane and one
worker, every block explained. A file that is there already is never written over.`,
		Example: "  bulwark init\n  bulwark init prod/cluster.hcl",
		Args:    atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := initOptions{File: "cluster.hcl"}
			if len(args) > 0 {
				o.File = args[0]
			}
			return run(cmd.Context(), o)
		},
	}
}

func (a *app) initSpec(ctx context.Context, o initOptions) error {
	return a.run(ctx, "init", Text, func(_ context.Context, v View) error {
		err := writeNew(o.File, a.provision.Starter(), 0o644)
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s is there already and was left as it is; name another file, or move it away first", o.File)
		}
		if err != nil {
			return err
		}
		v.Wrote(o.File, "a first spec; fill in the addresses of your machines")
		v.Next([]view.NextStep{{Command: "bulwark validate " + quote(o.File), Purpose: "says what is wrong with it, all at once"}})
		return nil
	})
}

// writeNew writes a file that must not exist yet.
func writeNew(path string, content []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}
