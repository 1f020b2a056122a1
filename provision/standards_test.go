package provision_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/spec"
)

// The quickstart with four profiles and no settlement is refused with everything that has
// to be settled, each with ready blocks; and these blocks settle it.
func TestWhatStandardsCannotAgreeOnIsSettledByReadyBlocks(t *testing.T) {
	text, err := os.ReadFile("../examples/quickstart/cluster.hcl")
	if err != nil {
		t.Fatal(err)
	}
	load := func(more string) error {
		dir := t.TempDir()
		whole := strings.Replace(string(text), "cluster \"quickstart\" {\n", "cluster \"quickstart\" {\n  profiles = [\"nsa-cisa\", \"cis\", \"stig\", \"pci\"]\n"+more, 1)
		if err := os.WriteFile(filepath.Join(dir, "cluster.hcl"), []byte(whole), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := provision.Load(t.Context(), provision.Input{Path: dir})
		return err
	}
	refused, ok := errors.AsType[*spec.Error](load(""))
	if !ok {
		t.Fatal("four profiles need no settlement")
	}
	ready := regexp.MustCompile(`(?m)^  waive "([^"]+)" \{$`)
	var ids, first []string
	for _, d := range refused.Diags {
		if spec.CodeOf(d) != spec.CodeSettle {
			continue
		}
		// Of a contradiction the first side is taken, and of what has a price the last way.
		ways := strings.Split(d.Detail, "\nTo ")
		way := ways[len(ways)-1]
		if strings.Contains(d.Summary, "contradict") {
			way = ways[1]
		}
		_, blocks, found := strings.Cut(way, "\n")
		if !found || !ready.MatchString(blocks) {
			t.Errorf("%s has no ready block: %s", d.Summary, d.Detail)
		}
		first = append(first, strings.ReplaceAll(blocks, "…", "it is decided so"))
		for _, m := range ready.FindAllStringSubmatch(d.Detail, -1) {
			ids = append(ids, m[1])
		}
	}
	slices.Sort(ids)
	want := []string{"CIS-1.2.11", "PCI-3.2", "PCI-3.3", "STIG-V-242393", "STIG-V-242394", "STIG-V-242403"}
	if !slices.Equal(ids, want) {
		t.Errorf("to be settled are %v, want %v", ids, want)
	}
	if err := load(strings.Join(first, "\n") + "\n"); err != nil {
		t.Errorf("with the blocks that were asked for: %v", err)
	}
}

// A namespace that the spec holds to less than its profiles, or to nothing, is refused with
// every control that asks for more; and where nothing refuses it, their checks see it.
func TestNamespacesThatAreHeldToLessThanAProfile(t *testing.T) {
	text, err := os.ReadFile("../examples/quickstart/cluster.hcl")
	if err != nil {
		t.Fatal(err)
	}
	folder := func(lines string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "cluster.hcl"), []byte(strings.Replace(string(text), "cluster \"quickstart\" {\n", "cluster \"quickstart\" {\n"+lines+"\n", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	const less, exempt = "policy {\n namespace \"shop\" { pod_security = \"baseline\" }\n}", "admission { exempt_namespaces = [\"ingress\"] }"
	for _, test := range []struct{ profile, lines, want string }{
		{"cis", less, "CIS-5.2.6 asks for \"restricted\" (cis/5.2.hcl:"},
		{"nsa-cisa", less, "NSA-PS-1 asks for \"restricted\" (nsa/pods.hcl:"},
		{"pci", less, "PCI-12.3 asks for \"restricted\" (pci/12-images.hcl:"},
		{"cis", exempt, "CIS-5.2.1 exempts at most [\"kube-node-lease\", \"kube-public\", \"kube-system\"] (cis/5.2.hcl:"},
		{"cis-level-1", exempt, "CIS-5.2.1 exempts at most"},
		{"stig", exempt, "STIG-V-254800 exempts at most"},
		{"nsa-cisa", exempt, "NSA-PS-1 exempts at most"},
		{"pci", exempt, "PCI-3.1 exempts at most"},
		{"pci", "policy {\n images {\n  digests = true\n  registries = [\"registry.example.com\"]\n  mode = \"enforce\"\n  exempt_namespaces = [\"ci\"]\n }\n}", "PCI-3.2 exempts at most [\"kube-system\"]"},
	} {
		_, err := provision.Load(t.Context(), provision.Input{Path: folder("profiles = [\"" + test.profile + "\"]\n" + test.lines)})
		refused, ok := errors.AsType[*spec.Error](err)
		if !ok || !slices.ContainsFunc(refused.Diags, func(d *hcl.Diagnostic) bool {
			return spec.CodeOf(d) == spec.CodeWeak && strings.Contains(d.Detail, test.want)
		}) {
			t.Errorf("%s with %s is not refused by %q: %v", test.profile, test.lines, test.want, err)
		}
	}
	for lines, ids := range map[string][]string{
		less:   {"CIS-5.2.6", "CIS-5.2.7", "CIS-5.2.8", "CIS-5.2.9", "NSA-PS-1", "NSA-PS-4d", "NSA-APP-C", "PCI-12.3"},
		exempt: {"CIS-5.2.1", "STIG-V-254800", "NSA-PS-1", "NSA-APP-C", "PCI-3.1", "PCI-12.3"},
	} {
		a, err := provision.AuditRendered(t.Context(), provision.Input{Path: folder(lines), Controls: ids})
		if err != nil {
			t.Fatal(err)
		}
		failed := map[string]bool{}
		for _, f := range a.Findings {
			failed[f.Control.ID] = failed[f.Control.ID] || f.Verdict == profiles.Fail
		}
		for _, id := range ids {
			if !failed[id] {
				t.Errorf("%s does not see %s", id, lines)
			}
		}
	}
}

// The example that is held to four standards is accepted without a word.
func TestAllStandardsIsAcceptedWithoutAWord(t *testing.T) {
	l, err := provision.Load(t.Context(), provision.Input{Path: "../examples/all-standards"})
	if err != nil || len(l.Warnings) > 0 {
		t.Errorf("%v %v", err, l)
	}
}
