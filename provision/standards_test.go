package provision_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

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

// The example that is held to four standards is accepted without a word.
func TestAllStandardsIsAcceptedWithoutAWord(t *testing.T) {
	l, err := provision.Load(t.Context(), provision.Input{Path: "../examples/all-standards"})
	if err != nil || len(l.Warnings) > 0 {
		t.Errorf("%v %v", err, l)
	}
}
