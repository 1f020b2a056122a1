package examples_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/spec"
)

const standardsPage = "../docs/standards.md"

// decided is who decides a control.
type decided string

const (
	byRendering decided = "before a deploy"
	byMachine   decided = "by a machine"
	byAPI       decided = "by the API"
	byPerson    decided = "by a person"
	retired     decided = "retired"
)

// catalogue are all controls, with who decides each: what rendering leaves open of an
// example, a look at machines or the API decides.
func catalogue(t *testing.T) ([]profiles.Control, map[string]decided) {
	t.Helper()
	all, err := profiles.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	a, err := provision.AuditRendered(t.Context(), provision.Input{Path: "quickstart", Profiles: []string{"all"}})
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]bool{}
	for _, f := range a.Findings {
		if f.Verdict == profiles.Unknown {
			open[f.Control.ID] = true
		}
	}
	out := map[string]decided{}
	for _, c := range all {
		switch {
		case c.Retired != "":
			out[c.ID] = retired
		case c.Check == nil:
			out[c.ID] = byPerson
		case !open[c.ID]:
			out[c.ID] = byRendering
		case len(c.Needs().Lists) > 0:
			out[c.ID] = byAPI
		default:
			out[c.ID] = byMachine
		}
	}
	return all, out
}

// versions are the texts that the catalogue has, by the beginning of their ids.
var versions = []struct{ standard, text string }{
	{"CIS", "CIS Kubernetes Benchmark 2.0.1, and 2.1.0's wording of 1.2.1"}, {"STIG", "DISA Kubernetes STIG V2R6"},
	{"NSA", "NSA/CISA Kubernetes Hardening Guidance 1.2"}, {"PCI", "PCI SSC guidance for containers and container orchestration 1.0"},
}

func TestWhoDecides(t *testing.T) {
	all, by := catalogue(t)
	columns := []decided{byRendering, byMachine, byAPI, byPerson, retired}
	var b strings.Builder
	fmt.Fprintf(&b, "| standard | controls |")
	for _, d := range columns {
		fmt.Fprintf(&b, " %s |", d)
	}
	fmt.Fprintf(&b, "\n|---|---|%s\n", strings.Repeat("---|", len(columns)))
	total := 0
	for _, v := range versions {
		counts := map[decided]int{}
		n := 0
		for _, c := range all {
			if c.Standard() == v.standard {
				counts[by[c.ID]]++
				n++
			}
		}
		total += n
		fmt.Fprintf(&b, "| %s | %d |", v.text, n)
		for _, d := range columns {
			fmt.Fprintf(&b, " %d |", counts[d])
		}
		b.WriteString("\n")
	}
	if total != len(all) {
		t.Errorf("the table has %d of %d controls", total, len(all))
	}
	generated(t, standardsPage, "counts", b.String())
}

func TestWhatPersonsDecide(t *testing.T) {
	all, by := catalogue(t)
	var b strings.Builder
	for _, v := range versions {
		fmt.Fprintf(&b, "\n### %s\n\n| control | what holds where it is met | what a person has to judge |\n|---|---|---|\n", v.standard)
		for _, c := range all {
			if c.Standard() == v.standard && by[c.ID] == byPerson {
				fmt.Fprintf(&b, "| %s | %s | %s |\n", c.ID, cell(c.Title), cell(c.Question))
			}
		}
	}
	generated(t, standardsPage, "persons", b.String()+"\n")
}

// cell is text as a cell of a table.
func cell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
}

// What rendering cannot know of a control that has a check.
func TestWhatRenderingLeavesOpen(t *testing.T) {
	all, by := catalogue(t)
	var b strings.Builder
	for _, d := range []decided{byMachine, byAPI} {
		var ids []string
		for _, c := range all {
			if by[c.ID] == d {
				ids = append(ids, c.ID)
			}
		}
		fmt.Fprintf(&b, "\nDecided %s (%d): %s.\n", d, len(ids), strings.Join(ids, ", "))
	}
	generated(t, standardsPage, "open", wrapped(b.String())+"\n")
}

// wrapped breaks lines as the pages have them.
func wrapped(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		at := 0
		for i, w := range strings.Fields(line) {
			switch {
			case i == 0:
			case at+1+len(w) > 150:
				b.WriteString("\n")
				at = 0
			default:
				b.WriteString(" ")
				at++
			}
			b.WriteString(w)
			at += len(w)
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Controls whose settings have a price, and settings that controls want otherwise.
func TestWhatASpecSettles(t *testing.T) {
	all, _ := catalogue(t)
	var b strings.Builder
	fmt.Fprintf(&b, "| control | what it asks | what it costs |\n|---|---|---|\n")
	for _, c := range all {
		if c.Settle != "" {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", c.ID, cell(c.Title), cell(c.Settle))
		}
	}
	generated(t, standardsPage, "settle", b.String())

	// All four standards without a word of settlement are refused with what the page names.
	four := strings.Replace(string(read(t, "quickstart/cluster.hcl")), `cluster "quickstart" {`, `cluster "quickstart" {
  profiles = ["cis", "stig", "nsa-cisa", "pci"]
`, 1)
	_, err := provision.Load(t.Context(), provision.Input{Path: folder(t, map[string]string{"cluster.hcl": four})})
	var refused *spec.Error
	if !errors.As(err, &refused) {
		t.Fatalf("four standards are not refused: %v", err)
	}
	page, settled := string(read(t, standardsPage)), 0
	for _, d := range refused.Diags {
		first, _, _ := strings.Cut(d.Detail, " ")
		if d.Severity != hcl.DiagError {
			continue
		}
		if settled++; !strings.Contains(page, "| "+first+" |") && !strings.Contains(page, "| `"+first+"` |") {
			t.Errorf("the page does not say how this is settled: %s", d.Detail)
		}
	}
	if settled < 2 {
		t.Errorf("only %d cases are to be settled", settled)
	}
}

// manual are the lines of kube-bench's that say WARN whatever is true.
var manual = []string{
	"1.2.20", "3.1.1", "3.1.2", "3.1.3", "3.2.2", "5.1.7", "5.1.8", "5.1.9", "5.1.10", "5.1.11", "5.1.12", "5.1.13", "5.2.1", "5.2.7", "5.2.8", "5.2.9",
	"5.2.10", "5.2.11", "5.2.12", "5.3.1", "5.3.2", "5.4.1", "5.4.2", "5.5.1", "5.6.1", "5.6.2", "5.6.3", "5.6.4",
}

// Every line that kube-bench does not pass is there: 28 that it asks a person, and ten
// that it looks at.
func TestKubeBenchWarnings(t *testing.T) {
	all, by := catalogue(t)
	var b strings.Builder
	fmt.Fprintf(&b, "| line | what holds where it is met | bulwark decides it |\n|---|---|---|\n")
	for _, line := range manual {
		i := slices.IndexFunc(all, func(c profiles.Control) bool { return c.ID == "CIS-"+line })
		if i < 0 {
			t.Errorf("the catalogue has no CIS-%s", line)
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", line, cell(all[i].Title), by[all[i].ID])
	}
	generated(t, standardsPage, "manual", b.String())
	_, rest, _ := strings.Cut(string(read(t, standardsPage)), "<!-- manual:end -->")
	looked := regexp.MustCompile(`(?m)^\| (\d\.\d\.\d+) \|`).FindAllStringSubmatch(rest, -1)
	if len(manual) != 28 || len(looked) != 10 {
		t.Errorf("%d lines are marked manual and %d are looked at; kube-bench has 28 and 10", len(manual), len(looked))
	}
	for _, m := range looked {
		if by["CIS-"+m[1]] == "" || slices.Contains(manual, m[1]) {
			t.Errorf("%s is no line, or marked manual", m[1])
		}
	}
}
