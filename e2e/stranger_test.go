package e2e_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// testStranger asks a living cluster the profile that docs/profiles.md has as a whole
// one, as it stands there.
func testStranger(t *testing.T, s subject) {
	page, err := os.ReadFile("../docs/profiles.md")
	if err != nil {
		t.Fatal(err)
	}
	acme := regexp.MustCompile("(?s)```hcl\n# acme.hcl\n(.*?)```").FindSubmatch(page)
	if acme == nil {
		t.Fatal("the page has no profile")
	}
	before, err := os.ReadFile(s.SpecFile())
	if err != nil {
		t.Fatal(err)
	}
	named := strings.Replace(string(before), "  defaults   = 1\n", "  defaults   = 1\n  profiles   = [\"acme\"]\n", 1)
	var alone []string // where the cluster is held to another profile too
	if own := regexp.MustCompile(`(?m)^  profiles = \[(.+)\]$`); own.Match(before) {
		named = own.ReplaceAllString(string(before), `  profiles = [$1, "acme"]`)
		alone = []string{"--profile", "acme"}
	}
	if named == string(before) {
		t.Fatalf("the spec has no place for profiles:\n%s", before)
	}
	write := func(text string) {
		if err := os.WriteFile(s.SpecFile(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	defer write(string(before))
	write(named + string(acme[1]))

	// Nothing fails, and of the living cluster what rendering leaves open is known.
	living, rendered := "pass", "unknown"
	for _, look := range []struct {
		args []string
		pods string
	}{{nil, living}, {[]string{"--rendered"}, rendered}} {
		out := s.Bulwark(t, "audit", slices.Concat(look.args, alone, []string{"-o", "json"})...).want(t, 0)
		var d struct {
			Audit struct {
				Findings []struct {
					ID, Node, Verdict string
					Evidence          []struct{ What, Value string }
				}
			}
		}
		if err := json.Unmarshal([]byte(out.Stdout), &d); err != nil {
			t.Fatalf("%v: %v", err, out)
		}
		want := map[string]string{"ACME-2": look.pods, "ACME-3": "needs-review", "CIS-5.3.1": "waived"}
		for _, n := range s.Workers() {
			want["ACME-1 "+n], want["CIS-1.2.17 "+n] = "not-applicable", "not-applicable"
		}
		want["ACME-1 "+s.ControlPlane()], want["CIS-1.2.17 "+s.ControlPlane()] = "pass", "pass"
		got := map[string]string{}
		for _, f := range d.Audit.Findings {
			got[strings.TrimSpace(f.ID+" "+f.Node)] = f.Verdict
			if f.ID == "ACME-3" && look.pods == living && !slices.ContainsFunc(f.Evidence, func(e struct{ What, Value string }) bool {
				return strings.Contains(e.Value, "kubeadm:cluster-admins")
			}) {
				t.Errorf("the administrators are %+v", f.Evidence)
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%v says %v, want %v", look.args, got, want)
		}
	}
}
