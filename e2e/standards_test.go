//go:build planes

package e2e_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/e2e/lab"
)

// violation is one thing that somebody did to a cluster that meets four standards.
type violation struct {
	name string
	// on is the node where it is done, the control plane where it says none.
	on string
	// files are kept before and put back afterwards; the first one is $f to plant.
	files string
	// plant does it, and undo takes back what is not in files: scripts of sh, with the
	// words of tools.
	plant, undo string
	// fails are all controls that pass before and fail now, of that node where they are
	// asked of nodes, or of the node after an @.
	fails string
}

// tools are what a violation's scripts may say. A manifest is changed in one piece, since
// the kubelet looks at the folder at any time.
const tools = `
kept=/var/tmp/e2e-kept
k() { kubectl --kubeconfig /etc/kubernetes/admin.conf --cache-dir ` + kubectlCache + ` --request-timeout 30s "$@"; }
edit() { cp -a "$f" /etc/kubernetes/.e2e; sed "$1" "$f" >/etc/kubernetes/.e2e
  ! cmp -s "$f" /etc/kubernetes/.e2e || { echo "nothing to plant in $f: $1" >&2; exit 1; }; mv /etc/kubernetes/.e2e "$f"; }
again() { f=/etc/kubernetes/manifests/kube-apiserver.yaml edit '/^  annotations:/a\    e2e: again'; }
kubelet() { systemctl daemon-reload; systemctl restart kubelet; }
grant() { k create clusterrole e2e --verb="$1" --resource="$2"; k create clusterrolebinding e2e --clusterrole=e2e --user=e2e; }
revoke() { k delete clusterrole,clusterrolebinding e2e; }
pod() { sed "s/name: decent/name: e2e/;$1" $kept/pod.yaml | k create -f -; }
`

// untilSeen is how long a planted thing may take until an audit sees it: an API server
// that is started again takes the longest.
const untilSeen = 2 * time.Minute

// TestStandards: a cluster that is held to four standards meets them, by what is rendered
// and by what is there; and whatever is done to it is found, by all controls that ask for
// it and by no others.
func TestStandards(t *testing.T) {
	c := newLabCluster(t, "cp-1", "w-1")
	c.write(t, c.standard())
	c.spec = c.file(t, "cluster.hcl", allStandards(t, c))
	if !step(t, "bootstrap", func(t *testing.T) { allPassed(t, c.Bulwark(t, "apply", "--auto-approve", "-o", "json")) }) {
		t.Fatal("there is no cluster to audit")
	}
	shell(t, c, "cp-1", tools+"mkdir -p $kept; cat >$kept/pod.yaml <<'EOF'\n"+decentPod+"EOF\n")
	decent := mustKubectl(t, c, decentNamespace+decentPod, "create", "-f", "-")
	t.Logf("a team that keeps to the rules: %s", strings.Join(strings.Split(decent, "\n"), ", "))
	eventually(t, 30*time.Second, "the team's service account is there", func() error {
		_, err := kubectl(t, c, "", "-n", "team", "patch", "serviceaccount", "default", "-p", `{"automountServiceAccountToken": false}`)
		return err
	})

	first := verdictsOf(t, c.Bulwark(t, "audit", "-o", "json").want(t, 0))
	for key, v := range first {
		if v == "unknown" || v == "fail" {
			t.Errorf("%s: %s", key, v)
		}
	}
	if len(first) < everyControl {
		t.Errorf("%d verdicts, want %d at least", len(first), everyControl)
	}
	rendered := verdictsOf(t, c.Bulwark(t, "audit", "--rendered", "-o", "json").want(t, 0))
	if d := differences(known(rendered, first)); len(d) > 0 {
		t.Errorf("what is rendered and what is there differ: %q", d)
	}
	if t.Failed() {
		t.FailNow() // what is planted would be seen in no list
	}
	for _, v := range violations() {
		if !step(t, v.name, func(t *testing.T) { testViolation(t, c, v, first) }) {
			out := c.Bulwark(t, "audit", "-o", "json")
			if d := differences(first, verdictsOf(t, out)); len(d) > 0 {
				t.Fatalf("%s was not undone: %q", v.name, d)
			}
		}
	}
}

// testViolation plants one violation, sees what it changes, undoes it, and sees that all
// is as it was.
func testViolation(t *testing.T, c *labCluster, v violation, first verdicts) {
	node := v.on
	if node == "" {
		node = "cp-1"
	}
	var want []string
	for _, id := range strings.Fields(v.fails) {
		if _, ofNode := first[keyOf(id, node)]; ofNode {
			id = keyOf(id, node)
		}
		want = append(want, changed(id, "pass", "fail"))
	}
	slices.Sort(want)
	if len(want) == 0 {
		t.Fatal("a violation that no control finds proves nothing")
	}
	f, _, _ := strings.Cut(v.files, " ")
	before := tools + fmt.Sprintf("f=%q\nfor x in %s; do mkdir -p $kept; cp -a $x $kept/$(echo $x | tr / _); done\n", f, v.files)
	after := tools + fmt.Sprintf("for x in %s; do cp -a $kept/$(echo $x | tr / _) /etc/kubernetes/.e2e; mv /etc/kubernetes/.e2e $x; done\n", v.files)
	shell(t, c, node, before+v.plant)
	seen(t, c, first, want)
	shell(t, c, node, after+v.undo)
	seen(t, c, first, nil)
}

// comeBack has the kubelet start again what lost its lease while there was no API server:
// it would wait for minutes with that, since it had to do so before.
const comeBack = tools + `[ "$(crictl ps -q --name '^kube-(controller-manager|scheduler)$' | wc -l)" -ge 2 ] || ! k get --raw /readyz >/dev/null 2>&1 || kubelet`

// seen audits until so much changed, and ends the test where it never does. An audit in
// between may see a component that starts.
func seen(t *testing.T, c *labCluster, first verdicts, want []string) {
	t.Helper()
	code := 0
	if len(want) > 0 {
		code = 6
	}
	eventually(t, untilSeen, "an audit sees what changed, and nothing else", func() error {
		out := c.Bulwark(t, "audit", "-o", "json")
		got := differences(first, verdictsOf(t, out))
		if out.Code == code && slices.Equal(got, want) {
			return nil
		}
		shell(t, c, "cp-1", comeBack)
		return fmt.Errorf("exit %d, these are too many: %q; these are missing: %q", out.Code, without(got, want), without(want, got))
	})
}

// without are those of a list that another one does not have.
func without(all, others []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(others, s) })
}

// allStandards is examples/all-standards for the lab's machines: nothing of its profiles
// and of what it settles is changed.
func allStandards(t *testing.T, c *labCluster) string {
	t.Helper()
	text, err := os.ReadFile("../examples/all-standards/cluster.hcl")
	if err != nil {
		t.Fatal(err)
	}
	spec := string(text)
	put := map[string]string{
		"203.0.113.0/24": c.set.Admin.String() + "/32",
		"192.0.2.11":     c.Address("cp-1").String(),
		"192.0.2.21":     c.Address("w-1").String(),
		"  firewall {":   fmt.Sprintf("  ssh { user = %q }\n\n  firewall {", lab.User),
	}
	for _, was := range slices.Sorted(maps.Keys(put)) {
		if strings.Count(spec, was) != 1 {
			t.Fatalf("the example has %q %d times", was, strings.Count(spec, was))
		}
		spec = strings.Replace(spec, was, put[was], 1)
	}
	return spec
}
