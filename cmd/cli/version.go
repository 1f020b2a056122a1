package cli

import (
	"context"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulwark-k8s/bulwark/cmd/view"
)

type versionOptions struct{ Output Format }

func newVersion(run func(context.Context, versionOptions) error) *cobra.Command {
	var o versionOptions
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Say which bulwark this is",
		Args:  atMost(0),
		RunE:  func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	formatFlag(cmd, &o.Output, "o")
	return cmd
}

func (a *app) version(ctx context.Context, o versionOptions) error {
	return a.run(ctx, "version", o.Output, func(_ context.Context, v View) error {
		v.Version(buildVersion())
		return nil
	})
}

// buildVersion reads what the Go tool wrote into the binary, so that it is
// right for every way to build, go install too.
func buildVersion() view.VersionInfo {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return versionOf(info)
}

func versionOf(info *debug.BuildInfo) view.VersionInfo {
	v := view.VersionInfo{
		Bulwark: strings.TrimPrefix(info.Main.Version, "v"), Go: runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, Kubernetes: "unknown", KubeadmAPI: "v1beta4",
	}
	if v.Bulwark == "" || v.Bulwark == "(devel)" {
		v.Bulwark = "development"
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	for _, m := range info.Deps {
		if m.Path == "k8s.io/kubernetes" {
			v.Kubernetes = m.Version
		}
	}
	return v
}
