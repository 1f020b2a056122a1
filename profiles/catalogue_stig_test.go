package profiles_test

import (
	"regexp"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
)

// The STIG's current text has 92 rules, 18 of them of category I and the rest of II, and
// ten rules that earlier texts had are known as retired.
func TestTheSTIGIsWhole(t *testing.T) {
	all, err := profiles.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	id, rule := regexp.MustCompile(`^STIG-V-\d{6}$`), regexp.MustCompile(`^CNTR-K8-\d{6}$`)
	ref := regexp.MustCompile(`^(CIS-\d+(\.\d+)+|NSA-[A-Z]+-(\d+[a-z]?|[A-N])|PCI-\d+\.\d+)$`)
	counts := map[string]int{}
	rules := map[string]string{}
	for _, c := range all {
		if c.Standard() != "STIG" {
			continue
		}
		if !id.MatchString(c.ID) || !rule.MatchString(c.Rule) || c.Level != 0 || c.Scored || c.Section != "" {
			t.Errorf("%s of rule %q, level %d, scored %v, section %q is no rule of the STIG's", c.ID, c.Rule, c.Level, c.Scored, c.Section)
		}
		for _, r := range c.Refs {
			if !ref.MatchString(r) {
				t.Errorf("%s refers to %q", c.ID, r)
			}
		}
		if c.Retired != "" {
			counts["retired"]++
			if c.Check != nil || c.Question != "" || c.Harden != nil || c.Cat != 0 {
				t.Errorf("%s is retired and asks something", c.ID)
			}
			continue
		}
		counts["current"]++
		switch c.Cat {
		case 1:
			counts["CAT I"]++
		case 2:
			counts["CAT II"]++
		default:
			t.Errorf("%s is of category %d", c.ID, c.Cat)
		}
		if other := rules[c.Rule]; other != "" {
			t.Errorf("%s and %s are both rule %s", other, c.ID, c.Rule)
		}
		rules[c.Rule] = c.ID
	}
	for what, want := range map[string]int{"current": 92, "retired": 10, "CAT I": 18, "CAT II": 74} {
		if counts[what] != want {
			t.Errorf("%d rules of the STIG are %s, want %d", counts[what], what, want)
		}
	}
}
