package e2e_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// ask runs the program of a process that runs, under that process's name, with
// other arguments. The lab's Kubernetes is one program that goes by its name.
const ask = `
name=$1
shift
for p in /proc/[0-9]*; do
  [ "$(cut -c 1-15 "$p/comm" 2>/dev/null)" = "$(printf %.15s "$name")" ] || continue
  bash -c 'exec -a "$0" "$@"' "$name" "$p/exe" "$@" 2>&1 || :
  exit
done
exit 9`

// argument is a line of a program's help.
var argument = regexp.MustCompile(`(?m)^(?: {2}| {6})(?:-[a-z], )?--([a-z0-9-]+)`)

// testArguments: what a spec may name as an argument is what the programs of
// the cluster take. Their help is where to look; it leaves out arguments that
// are deprecated, and etcd's shows some that are gone, so that where help and
// list differ the program itself is asked.
func testArguments(t *testing.T, c *labCluster) {
	for _, component := range []string{cluster.CompAPIServer, cluster.CompControllerManager, cluster.CompScheduler, cluster.CompEtcd} {
		program, names := cluster.Program(component), cluster.Arguments(component)
		run := func(args ...string) string {
			return on(t, c, c.ControlPlane(), ask, append([]string{program}, append(args, "--help")...)...)
		}
		takes := func(name string) bool {
			said := run("--" + name + "=")
			return !strings.Contains(said, "unknown flag: --"+name) && !strings.Contains(said, "not defined: -"+name)
		}
		if takes("no-such-argument") {
			t.Errorf("%s does not say what it does not take", program)
		}
		var shown []string
		for _, m := range argument.FindAllStringSubmatch(run(), -1) {
			if m[1] != "help" && m[1] != "version" { // with these it says something and ends
				shown = append(shown, m[1])
			}
		}
		if len(shown) < 50 {
			t.Errorf("the help of %s shows only %d arguments", program, len(shown))
		}
		for _, name := range shown {
			if !slices.Contains(names, name) && takes(name) {
				t.Errorf("%s has --%s, and the list of its arguments has not", program, name)
			}
		}
		hidden := 0
		for _, name := range names {
			if slices.Contains(shown, name) {
				continue
			}
			hidden++
			if !takes(name) {
				t.Errorf("%s has no --%s", program, name)
			}
		}
		t.Logf("%s: %d arguments, %d of them not in its help", program, len(names), hidden)
	}
}
