package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/adopt"
)

func TestImportFlags(t *testing.T) {
	for name, c := range map[string]struct {
		args    string
		want    []provision.ImportHost
		refused string
	}{
		"an address":     {args: "d --host 10.0.0.11", want: []provision.ImportHost{{Address: "10.0.0.11"}}},
		"names":          {args: "--host cp-1=10.0.0.11 --host w-1=fd00::21", want: []provision.ImportHost{{Name: "cp-1", Address: "10.0.0.11"}, {Name: "w-1", Address: "fd00::21"}}},
		"no host":        {args: "d", refused: "needs a control plane"},
		"no address":     {args: "--host cp-1=", refused: "--host NAME=ADDRESS"},
		"no name":        {args: "--host =10.0.0.11", refused: "--host NAME=ADDRESS"},
		"the same twice": {args: "--host a --host b=a", refused: "named twice"},
		"two folders":    {args: "a b --host c", refused: "at most 1"},
		"nobody at work": {args: "--host a --parallelism 0", refused: "at least 1"},
	} {
		t.Run(name, func(t *testing.T) {
			var got importOptions
			err := parse(newImport(func(_ context.Context, o importOptions) error { got = o; return nil }), c.args)
			switch {
			case c.refused != "":
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("%v, want an error with %q", err, c.refused)
				}
			case err != nil:
				t.Error(err)
			default:
				if d := cmp.Diff(c.want, got.Hosts); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func adoption(findings ...provision.Finding) *provision.Adoption {
	return &provision.Adoption{Cluster: &Cluster{Name: "shop"}, Text: []byte("# a spec\n"), Findings: findings}
}

// A folder that holds a spec is left as it is, before any machine is asked.
func TestImportWritesASpecOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pr[o]d")
	f := newFake()
	f.adoption = adoption(provision.Finding{Kind: adopt.Weakens, Setting: "apiserver.args.profiling", Seen: "not set", Will: "false", Consequence: "closed"})
	args := "import " + dir + " --host cp-1=10.0.0.11 --ssh-user ops"
	c := (&console{args: args}).run(t, f)
	text, err := os.ReadFile(filepath.Join(dir, "cluster.hcl"))
	if c.code != 0 || err != nil || string(text) != "# a spec\n" || strings.Join(f.calls, " ") != "import load" {
		t.Fatalf("code %d after %v, %q, %v:\n%s", c.code, f.calls, text, err, c.stderr)
	}
	if f.imported.User != "ops" || f.imported.Hosts[0].Name != "cp-1" || f.in.Path != dir {
		t.Errorf("the facade was told %+v", f.imported)
	}
	says(t, "stdout", c.stdout, "apiserver.args.profiling", "not set -> false")
	says(t, "stderr", c.stderr, "Wrote "+filepath.Join(dir, "cluster.hcl"), "bulwark plan ")
	f.calls = nil
	if c = (&console{args: args}).run(t, f); c.code != 1 || len(f.calls) != 0 {
		t.Errorf("code %d after %v", c.code, f.calls)
	}
	says(t, "stderr", c.stderr, "holds a spec already")
}

func TestImportWritesNothingThatNoSpecCanSay(t *testing.T) {
	dir := t.TempDir()
	f := newFake()
	f.adoption = adoption(provision.Finding{Kind: adopt.Refused, Setting: "etcd.external", Seen: "elsewhere", Will: "here", Consequence: "data"})
	c := (&console{args: "import " + dir + " --host a"}).run(t, f)
	if _, err := os.Stat(filepath.Join(dir, "cluster.hcl")); c.code != 1 || err == nil {
		t.Errorf("code %d, %v", c.code, err)
	}
	says(t, "stdout", c.stdout, "etcd.external")
	says(t, "stderr", c.stderr, "none was written")
}
