package profiles_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
)

// idOf is the catalogue's id of a row of testdata/ids.txt: a framework, and the number
// that it gives its rule.
func idOf(t *testing.T, row string) string {
	t.Helper()
	framework, number, _ := strings.Cut(row, " ")
	before := map[string]string{
		"CIS": "CIS-", "CIS-delta": "CIS-2.1.0-", "DISA-STIG": "STIG-", "DISA-STIG-retired": "STIG-", "NSA-CISA": "NSA-", "PCI-SSC": "PCI-",
	}[framework]
	if before == "" || number == "" {
		t.Fatalf("testdata/ids.txt: %q is no framework and number", row)
	}
	return before + number
}

// allIDs are the catalogue's ids of every rule that there is.
func allIDs(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/ids.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for row := range strings.Lines(string(text)) {
		out = append(out, idOf(t, strings.TrimSuffix(row, "\n")))
	}
	return out
}

// The catalogue holds exactly the rules of the standards.
func TestTheCatalogueIsWhole(t *testing.T) {
	want := allIDs(t)
	if len(want) != 343 {
		t.Errorf("testdata/ids.txt has %d rows, want 343", len(want))
	}
	all, err := profiles.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, c := range all {
		have = append(have, c.ID)
	}
	for _, id := range want {
		if !slices.Contains(have, id) {
			t.Errorf("the catalogue has no %s", id)
		}
	}
	for _, id := range have {
		if !slices.Contains(want, id) {
			t.Errorf("%s is in no standard", id)
		}
	}
	if slices.Sort(want); len(slices.Compact(want)) != len(want) {
		t.Error("testdata/ids.txt has a row twice")
	}
}

// What a control refers to is a rule of a standard, and not the control itself.
func TestReferencesLeadSomewhere(t *testing.T) {
	all, err := profiles.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	known := allIDs(t)
	for _, c := range all {
		for i, ref := range c.Refs {
			if !slices.Contains(known, ref) || ref == c.ID || slices.Contains(c.Refs[:i], ref) {
				t.Errorf("%s: %s refers to %s", c.Range, c.ID, ref)
			}
		}
	}
}
