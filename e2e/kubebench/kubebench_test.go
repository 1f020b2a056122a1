package kubebench

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// written is a run of two checks, in which some text is another.
func written(replace ...string) string {
	return strings.NewReplacer(replace...).Replace(`{"Controls":[{"id":"4","version":"cis-1.12","tests":[{"section":"4.1","results":[
{"test_number":"4.1.1","test_desc":"a","type":"","status":"PASS","actual_value":"permissions=600","scored":true},
{"test_number":"4.1.3","test_desc":"b","type":"manual","status":"WARN","reason":"no output","scored":false}]}]}],
"Totals":{"total_pass":1,"total_fail":0,"total_warn":1,"total_info":0}}`)
}

func TestParse(t *testing.T) {
	r, err := Parse([]byte(written()))
	if err != nil {
		t.Fatal(err)
	}
	want := []Check{
		{ID: "4.1.1", Text: "a", Status: "PASS", Actual: "permissions=600", Scored: true},
		{ID: "4.1.3", Text: "b", Status: "WARN", Type: "manual", Reason: "no output"},
	}
	if !slices.Equal(r.Checks, want) || r.Totals != (Totals{Pass: 1, Warn: 1}) || string(r.Document) != written() {
		t.Errorf("it is read as %+v", r)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, row := range map[string]struct{ document, says string }{
		"what is no JSON":          {"unable to detect the version\n", "unable to detect"},
		"another benchmark":        {written("cis-1.12", "cis-1.24"), `"cis-1.24"`},
		"a check twice":            {written("4.1.3", "4.1.1"), "twice"},
		"a verdict nobody knows":   {written("WARN", "SKIP"), `"SKIP" of 4.1.3`},
		"totals of something else": {written(`"total_fail":0`, `"total_fail":1`), "come to"},
		"nothing at all":           {`{"Controls":[],"Totals":{}}`, "0 checks"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse([]byte(row.document)); err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("it says %v", err)
			}
		})
	}
}

func TestPairs(t *testing.T) {
	reports := map[string]*Report{
		"cp": {Checks: []Check{
			{ID: "1.1", Status: "PASS", Scored: true}, {ID: "1.2", Status: "FAIL", Scored: true}, {ID: "1.3", Status: "WARN"},
			{ID: "1.4", Status: "WARN"}, {ID: "4.1", Status: "PASS", Scored: true}, {ID: "5.1", Status: "PASS"},
		}},
		"w": {Checks: []Check{{ID: "4.1", Status: "FAIL", Scored: true, Actual: "root:\n adm"}}},
	}
	verdicts := []Verdict{
		{"CIS-1.1", "cp", "pass", true}, {"CIS-1.1", "w", "not-applicable", true},
		{"CIS-1.2", "cp", "pass", true}, {"CIS-1.2", "w", "pass", true}, // both are wrong
		{"CIS-1.3", "cp", "needs-review", false},
		{"CIS-4.1", "cp", "pass", true}, {"CIS-4.1", "w", "unknown", true},
		{"CIS-5.1", "", "fail", false},
		{"STIG-V-1", "cp", "pass", false},
	}
	var differ []string
	pairs := Pairs([]string{"cp", "w"}, reports, verdicts)
	for _, p := range pairs {
		if p.Differs() {
			differ = append(differ, strings.Join(strings.Fields(p.String()), " "))
		}
	}
	want := []string{
		"CIS-1.2 cp kube-bench: FAIL bulwark: pass",
		"CIS-1.4 cp kube-bench: WARN bulwark: nothing",
		"CIS-5.1 cp kube-bench: PASS bulwark: fail",
		"CIS-4.1 w kube-bench: FAIL bulwark: unknown (root: adm)",
		"CIS-1.2 w kube-bench: nothing bulwark: pass",
	}
	if !slices.Equal(differ, want) {
		t.Errorf("these differ:\n%s", strings.Join(differ, "\n"))
	}
	if len(pairs) != 9 {
		t.Errorf("there are %d pairs: %v", len(pairs), pairs)
	}
}

// TestReviewIsNoVerdictOfWhatIsScored: what a machine has to decide is not left to people.
func TestReviewIsNoVerdictOfWhatIsScored(t *testing.T) {
	p := Pair{KubeBench: "WARN", Bulwark: "needs-review"}
	if p.Differs() {
		t.Error("a question for a person is taken for another thing than a warning")
	}
	if p.Scored = true; !p.Differs() {
		t.Error("a question for a person is taken for a verdict")
	}
}

func TestListed(t *testing.T) {
	page := `
| 1.1.1 | outside of every part | no |
<!-- a:begin -->
| line | why |
|---|---|
| 1.2.3 | it prints a warning | always |
| CIS-2.1.0-1.2.1 | of a newer text |
<!-- a:end -->
<!-- b:begin -->
| 4.5.6 | never ends |
`
	got := Listed(page, "a", "b", "c")
	want := map[string]string{"CIS-1.2.3": "always", "CIS-2.1.0-1.2.1": "of a newer text"}
	if !maps.Equal(got, want) {
		t.Errorf("listed are %q, want %q", got, want)
	}
}

// node is a machine that notes what it is told.
type node struct {
	told  []string
	files []string
	says  string
	fails string // the program that does not run
}

func (n *node) Exec(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	line := strings.Join(args, " ")
	n.told = append(n.told, line)
	if n.fails != "" && strings.Contains(line, n.fails) {
		return "", errors.New("it does not run")
	}
	if stdin != nil {
		for archive := tar.NewReader(stdin); ; {
			h, err := archive.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return "", err
			}
			n.files = append(n.files, fmt.Sprintf("%s %o", h.Name, h.Mode&0o777))
		}
	}
	if strings.Contains(line, " run ") {
		return n.says, ctx.Err()
	}
	return "", ctx.Err()
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "kube-bench"), []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	n := &node{says: written()}
	r, err := (&Program{dir}).Run(t.Context(), n, Worker)
	if err != nil || len(r.Checks) != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	if !slices.Equal(n.files, []string{"kube-bench 755"}) {
		t.Errorf("the node gets %q", n.files)
	}
	if run := n.told[1]; !strings.Contains(run, " --benchmark cis-1.12 ") || !strings.Contains(run, " --targets node ") {
		t.Errorf("it is run as %q", run)
	}
	for _, fails := range []string{"mkdir", " run "} {
		n := &node{fails: fails}
		if _, err := (&Program{dir}).Run(t.Context(), n, Worker); err == nil {
			t.Errorf("with no %q there is no error", fails)
		}
		if last := n.told[len(n.told)-1]; last != "rm -rf /opt/kube-bench" {
			t.Errorf("with no %q the last thing done is %q", fails, last)
		}
	}
}
