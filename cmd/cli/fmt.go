package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

type fmtOptions struct {
	Spec   string
	Check  bool
	Diff   bool
	Write  bool
	Output Format
}

func newFmt(run func(context.Context, fmtOptions) error) *cobra.Command {
	var o fmtOptions
	cmd := &cobra.Command{
		Use:   "fmt [SPEC]",
		Short: "Bring a spec into the standard format",
		Long: `Bring a spec, or every *.hcl file of a folder, into the standard format, and name
the files that changed. With --check or --diff nothing is written unless --write
is given too. With - as SPEC, standard input is formatted to standard output.`,
		Example:           "  bulwark fmt\n  bulwark fmt --check --diff prod/",
		Args:              atMost(1),
		ValidArgsFunction: completeSpec,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Spec = "."
			if len(args) > 0 {
				o.Spec = args[0]
			}
			if !cmd.Flags().Changed("write") {
				o.Write = !o.Check && !o.Diff
			}
			return run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.Check, "check", false, "write nothing, and exit 1 when a file is not in the format")
	f.BoolVar(&o.Diff, "diff", false, "show what changes")
	f.BoolVar(&o.Write, "write", true, "write the files back")
	formatFlag(cmd, &o.Output, "o")
	return cmd
}

func (a *app) format(ctx context.Context, o fmtOptions) error {
	return a.run(ctx, "fmt", o.Output, func(_ context.Context, v View) error {
		if o.Spec == "-" {
			return a.formatInput(v, o)
		}
		files, err := specFiles(o.Spec)
		if err != nil {
			return err
		}
		var errs []error
		off := 0
		for _, path := range files {
			changed, err := a.formatFile(v, path, o)
			if changed {
				off++
			}
			errs = append(errs, err)
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
		return checked(o, off)
	})
}

// checked is the error of --check.
func checked(o fmtOptions, off int) error {
	if !o.Check || off == 0 {
		return nil
	}
	return fmt.Errorf("%d file(s) not in the standard format; bulwark fmt writes it", off)
}

func (a *app) formatFile(v View, path string, o fmtOptions) (changed bool, err error) {
	before, mode, err := readBounded(path)
	if err != nil {
		return false, err
	}
	after, err := a.provision.Format(before, path)
	if err != nil || bytes.Equal(before, after) {
		return false, err
	}
	v.Formatted(path)
	if o.Diff {
		v.Diff(path, before, after)
	}
	if o.Write {
		err = replaceFile(path, after, mode)
	}
	return true, err
}

func (a *app) formatInput(v View, o fmtOptions) error {
	before, err := readAll(a.sys.Stdin, "standard input")
	if err != nil {
		return err
	}
	after, err := a.provision.Format(before, "<stdin>")
	if err != nil {
		return err
	}
	off := 0
	if !bytes.Equal(before, after) {
		off = 1
	}
	switch {
	case o.Diff && off > 0:
		v.Diff("<stdin>", before, after)
	case !o.Check && !o.Diff:
		v.Data(after)
	}
	return checked(o, off)
}

// specFiles are the files SPEC means: itself, or the folder's that are not hidden.
func specFiles(spec string) ([]string, error) {
	info, err := os.Stat(spec)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{spec}, nil
	}
	entries, err := os.ReadDir(spec)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if n := e.Name(); strings.HasSuffix(n, ".hcl") && !strings.HasPrefix(n, ".") {
			files = append(files, filepath.Join(spec, n))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no *.hcl file; bulwark init writes a first one", spec)
	}
	return files, nil
}
