package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulwark-k8s/bulwark/provision"
)

type renderOptions struct {
	specOptions
	Out    string
	Output Format
}

func newRender(run func(context.Context, renderOptions) error) *cobra.Command {
	var o renderOptions
	cmd := &cobra.Command{
		Use:   "render [SPEC] -o DIR",
		Short: "Write every file a spec comes to, without touching a machine",
		Long: `Write to DIR, for every node: each file with its mode and owner, kubeadm's
configuration, the arguments of each component, and the list of steps. The same spec
gives the same bytes on every machine, so that DIR can be kept in version control.
Values that exist only at run time (keys, tokens) are shown by name.

DIR must be new, empty, or from an earlier render, whose files are replaced.`,
		Example:           "  bulwark render prod/ -o rendered",
		Args:              atMost(1),
		ValidArgsFunction: completeSpec,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.spec(args)
			if o.Out == "" {
				return &usageError{text: "render needs a folder to write to", hint: "Usage: " + cmd.UseLine()}
			}
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVarP(&o.Out, "out", "o", "", "`DIR` to write to")
	o.flags(cmd)
	o.onFlag(cmd)
	formatFlag(cmd, &o.Output, "")
	_ = cmd.MarkFlagDirname("out")
	return cmd
}

func (a *app) render(ctx context.Context, o renderOptions) error {
	return a.run(ctx, "render", o.Output, func(ctx context.Context, v View) error {
		r, err := a.provision.Render(ctx, a.input(o.specOptions, machineOptions{}))
		if err != nil {
			return err
		}
		if err := writeRendering(o.Out, r.Files); err != nil {
			return err
		}
		v.Rendered(o.Out, r)
		return nil
	})
}

// rendering names the list of a rendering's files inside its folder. Only a
// folder that has one may be rendered into again, and only what it lists is
// taken away then.
const rendering = "RENDERED"

func writeRendering(dir string, files []provision.RenderedFile) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // nothing outside of it is written, whatever a path says
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // only a handle
	if err := removeRendering(root, dir); err != nil {
		return err
	}
	files = slices.SortedFunc(slices.Values(files), func(a, b provision.RenderedFile) int { return strings.Compare(a.Path, b.Path) })
	var list strings.Builder
	for _, f := range files {
		list.WriteString(f.Path + "\n")
	}
	// The list comes first: what a cut leaves behind is in it, and the next
	// render may take it away.
	if err := root.WriteFile(rendering, []byte(list.String()), 0o644); err != nil {
		return err
	}
	for _, f := range files {
		if err := root.MkdirAll(path.Dir(f.Path), 0o755); err != nil {
			return err
		}
		file, err := root.OpenFile(f.Path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Write(file), file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// removeRendering takes away an earlier rendering, and refuses a folder that
// holds something else.
func removeRendering(root *os.Root, dir string) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil || len(entries) == 0 {
		return err
	}
	list, err := root.ReadFile(rendering)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s holds files that no render wrote, and they would be mixed with new ones; name an empty folder", dir)
	}
	if err != nil {
		return err
	}
	for _, name := range strings.Fields(string(list)) {
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		// Folders that are empty now go as well; the first that is not ends it.
		for d := path.Dir(name); d != "." && root.Remove(d) == nil; d = path.Dir(d) {
		}
	}
	return nil
}
