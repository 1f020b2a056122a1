package examples_test

import (
	"bytes"
	"context"
	"go/ast"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/cmd/cli"
	"github.com/bulwark-k8s/bulwark/provision"
)

// watched takes a watch and looks at nothing; all else would be a panic.
type watched struct {
	cli.Provision
	in      provision.Input
	options provision.WatchOptions
}

func (w *watched) Watch(_ context.Context, in provision.Input, o provision.WatchOptions) error {
	w.in, w.options = in, o
	return nil
}

const program = "/usr/local/bin/bulwark "

// commands are the command lines of bulwark in a text of units.
func commands(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if _, args, ok := strings.Cut(strings.TrimSpace(line), "ExecStart="+program); ok {
			out = append(out, args)
		}
	}
	return out
}

// The command line takes what the units, and their README, give it.
func TestWatchUnitsAreCommandsOfBulwark(t *testing.T) {
	for file, once := range map[string]bool{"bulwark-watch.service": false, "bulwark-watch-once.service": true, "README.md": false} {
		all := commands(string(read(t, filepath.Join("watch", file))))
		if len(all) != 1 {
			t.Errorf("%s has %d commands", file, len(all))
			continue
		}
		// The port of the example may be taken here.
		args := strings.Fields(strings.ReplaceAll(all[0], "127.0.0.1:9911", "127.0.0.1:0"))
		w := &watched{}
		var out, said bytes.Buffer
		code := cli.Run(t.Context(), cli.System{Args: args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &said,
			LookupEnv: func(string) (string, bool) { return "", false }, Now: time.Now, Divert: func(*slog.Logger) {}}, w)
		if code != 0 || w.in.Path != "/etc/bulwark-watch" || w.options.Once != once || w.options.Repair != (file == "README.md") {
			t.Errorf("%s: bulwark %s: exit %d, %+v %+v\n%s", file, all[0], code, w.in, w.options, &said)
		}
	}
}

// systemd understands the units, and finds nothing to say about them.
func TestWatchUnitsAreUnits(t *testing.T) {
	bin, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Fatal("systemd-analyze is not installed; apt-get install systemd")
	}
	units, err := filepath.Glob("watch/*.[st]*")
	if err != nil || len(units) != 3 {
		t.Fatalf("%v, %v", units, err)
	}
	dir := t.TempDir()
	args := []string{"verify", "--man=no", "--recursive-errors=no"}
	for _, u := range units {
		// bulwark may not be installed where this runs.
		text := strings.ReplaceAll(string(read(t, u)), program, "/bin/true ")
		to := filepath.Join(dir, filepath.Base(u))
		if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, to)
	}
	out, err := exec.CommandContext(t.Context(), bin, args...).CombinedOutput()
	if err != nil || bytes.Contains(out, []byte(dir)) {
		t.Errorf("%v\n%s", err, out)
	}
}

// The README names every file that it is about.
func TestWatchReadmeIsComplete(t *testing.T) {
	files, err := os.ReadDir("watch")
	if err != nil {
		t.Fatal(err)
	}
	text := string(read(t, "watch/README.md"))
	for _, f := range files {
		if name := f.Name(); name != "README.md" && !strings.Contains(text, "`"+name+"`") {
			t.Errorf("watch/README.md does not mention %s", name)
		}
	}
}

// Every metric, every member of a line and every word of their values is in
// the page about the watch.
func TestWatchPageIsComplete(t *testing.T) {
	page := string(read(t, "../docs/watch.md"))
	var metrics, members, values []string
	ast.Inspect(parse(t, "../cmd/metrics/metrics.go"), func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			if f, ok := c.Fun.(*ast.Ident); ok && f.Name == "describe" {
				metrics = append(metrics, "`bulwark_watch_"+unquoted(c.Args[0]))
			}
		}
		return true
	})
	ast.Inspect(parse(t, "../cmd/view/lines.go"), func(n ast.Node) bool {
		if f, ok := n.(*ast.Field); ok && f.Tag != nil {
			tag, _ := strconv.Unquote(f.Tag.Value)
			name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
			members = append(members, name)
		}
		return true
	})
	ast.Inspect(parse(t, "../provision/pass.go"), func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 || v.Type == nil {
			return true
		}
		values = append(values, unquoted(v.Values[0]))
		return true
	})
	values = slices.DeleteFunc(values, func(w string) bool { return w == "begun" }) // never told
	if len(metrics) != 12 || len(values) != 7 {
		t.Errorf("does this test still read the code? %v %v", metrics, values)
	}
	for _, m := range metrics {
		if !strings.Contains(page, m) {
			t.Errorf("docs/watch.md does not mention %s`", m)
		}
	}
	mentions(t, "../docs/watch.md", append(members, values...))
}
