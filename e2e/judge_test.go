//go:build planes

package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/bulwark-k8s/bulwark/e2e/kubebench"
	"github.com/bulwark-k8s/bulwark/e2e/lab"
)

// scoredControls are those of the CIS benchmark that a machine has to decide, of so many
// in all.
const scoredControls, allControls = 65, 131

// TestJudgeStock: of a cluster as kubeadm makes it bulwark says what kube-bench says, of
// every control that is scored.
func TestJudgeStock(t *testing.T) {
	c := newLabCluster(t, "cp-1", "w-1")
	if !step(t, "kubeadm makes a cluster", func(t *testing.T) { stockCluster(t, c, "") }) {
		t.Fatal("there is no cluster to judge")
	}
	config := c.file(t, "ssh_config", sshConfig(c.set.Key, c.set.KnownHosts))
	audit := func() outcome {
		return c.run(t, "audit", "--host", lab.User+"@"+c.Address("cp-1").String(), "--ssh-config", config, "-o", "json")
	}
	if cp := judged(t, c, audit)["cp-1"]; cp.Totals.Fail == 0 {
		t.Error("kube-bench finds nothing that a stock cluster fails: it does not see the cluster")
	}
}

// hardest is how many controls kube-bench has to pass of a control plane that is held to
// the whole benchmark.
const hardest = 95

// heldToCIS are lines of a cluster that is held to the benchmark, and what the lab cannot
// have of it.
const heldToCIS = `
  profiles = ["cis"]

  waive "CIS-1.2.11" {
    reason = "images are loaded onto the lab's machines, and no registry answers"
  }
  waive "CIS-5.3.1" {
    reason = "the pod network of these tests enforces no NetworkPolicies"
  }
  waive "CIS-5.3.2" {
    reason = "as CIS-5.3.1"
  }
`

// TestJudgeHardened: a cluster that bulwark holds to the benchmark fails nothing by
// kube-bench, bulwark says the same of it, and what any cluster is good for it is good for
// too.
func TestJudgeHardened(t *testing.T) {
	c := newLabCluster(t)
	spec := c.standard()
	spec.More = heldToCIS
	c.write(t, spec)
	if !step(t, "bootstrap", func(t *testing.T) { allPassed(t, c.Bulwark(t, "apply", "--auto-approve", "-o", "json")) }) {
		t.Fatal("there is no cluster to judge")
	}
	reports := judged(t, c, func() outcome { return c.Bulwark(t, "audit", "-o", "json") })
	for node, r := range reports {
		for _, check := range r.Checks {
			if check.Status == "FAIL" {
				t.Errorf("%s fails %s: %s (%q)", node, check.ID, check.Text, check.Actual)
			}
		}
	}
	if got := reports["cp-1"].Totals.Pass; got < hardest {
		t.Errorf("kube-bench passes %d controls of the control plane, want %d", got, hardest)
	}
	c.Bulwark(t, "audit").want(t, 0)
	acceptance(t, c)
}

// judged has kube-bench judge every node of a living cluster, and bulwark audit it as told, and
// reports each scored control of which they do not say the same, and each other one for
// whose difference docs/standards.md gives no reason. What kube-bench wrote, and the audit,
// are artefacts of the test.
func judged(t *testing.T, c *labCluster, audit func() outcome) map[string]*kubebench.Report {
	t.Helper()
	reports := kubeBench(t, c)
	out := audit()
	keep(t, "bulwark.json", []byte(out.Stdout))
	if out.Code != 0 && out.Code != 6 {
		t.Fatalf("the audit ends with %v", out)
	}
	verdicts := audited(t, out)
	pairs := kubebench.Pairs(c.Nodes(), reports, verdicts)

	page, err := os.ReadFile("../docs/standards.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := kubebench.Listed(string(page), "manual", "differ")
	scored := map[string]bool{}
	both, differ := 0, 0
	var lines []string
	for _, p := range pairs {
		if p.Scored && p.KubeBench != kubebench.Nothing {
			scored[p.ID] = true
			both++
		}
		switch {
		case p.Differs() && p.Scored:
			differ++
			t.Errorf("of a scored control they do not say the same: %v", p)
		case p.Differs():
			lines = append(lines, p.String())
			if listed[p.ID] == "" {
				t.Errorf("docs/standards.md gives no reason why they do not say the same: %v", p)
			}
		}
	}
	if len(scored) != scoredControls {
		t.Errorf("kube-bench was asked %d controls that are scored, want %d", len(scored), scoredControls)
	}
	t.Logf("of %d scored controls kube-bench has %d verdicts on these nodes, and bulwark's differ in %d; of the %d others these differ:\n%s",
		len(scored), both, differ, allControls-scoredControls, strings.Join(lines, "\n"))
	return reports
}

// kubeBench runs kube-bench on every node, and shows how its checks ended.
func kubeBench(t *testing.T, c *labCluster) map[string]*kubebench.Report {
	t.Helper()
	program, err := kubebench.Build(t.Context(), "kubebench/build.sh")
	if err != nil {
		t.Fatal(err)
	}
	reports := map[string]*kubebench.Report{}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "node\tPASS\tFAIL\tWARN\tINFO\tof\t")
	for _, n := range c.Nodes() {
		targets := kubebench.Worker
		if strings.HasPrefix(n, "cp-") {
			targets = kubebench.ControlPlane
		}
		step(t, "kube-bench on "+n, func(t *testing.T) {
			r, err := program.Run(t.Context(), c.set.Machine(n), targets)
			if err != nil {
				t.Fatal(err)
			}
			reports[n] = r
		})
		r := reports[n]
		if r == nil {
			t.Fatal("without kube-bench there is nothing to compare with")
		}
		keep(t, "kube-bench-"+n+".json", r.Document)
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t\n", n, r.Totals.Pass, r.Totals.Fail, r.Totals.Warn, r.Totals.Info, len(r.Checks))
	}
	w.Flush()
	t.Logf("kube-bench, %s\n%s", kubebench.Benchmark, table.String())
	for _, n := range c.Nodes() {
		t.Logf("%s\n%s", n, unmet(reports[n]))
	}
	if got := len(reports["cp-1"].Checks); got != allControls {
		t.Errorf("kube-bench asked %d controls of a control plane, the benchmark has %d", got, allControls)
	}
	return reports
}

// unmet are the checks that did not pass, a line each.
func unmet(r *kubebench.Report) string {
	var s strings.Builder
	for _, check := range r.Checks {
		if check.Status != "PASS" {
			fmt.Fprintf(&s, "%s %-6s %s %s\n", check.Status, check.ID, check.Text, check.Reason)
		}
	}
	return s.String()
}

// audited are the verdicts of an audit.
func audited(t *testing.T, out outcome) []kubebench.Verdict {
	t.Helper()
	var d struct {
		Audit struct {
			Findings []struct {
				ID, Node, Verdict string
				Scored            bool
			}
		}
	}
	if err := json.Unmarshal([]byte(out.Stdout), &d); err != nil {
		t.Fatalf("standard output is not one JSON document: %v\n%v", err, out)
	}
	var all []kubebench.Verdict
	for _, f := range d.Audit.Findings {
		all = append(all, kubebench.Verdict{ID: f.ID, Node: f.Node, Verdict: f.Verdict, Scored: f.Scored})
	}
	return all
}

// keep writes a file that outlives the test where `go test` has -artifacts. Its folder is
// named by chance, and the file by the test.
func keep(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), t.Name()+"-"+name), text, 0o644); err != nil {
		t.Error(err)
	}
}
