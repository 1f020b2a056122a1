package provision_test

import (
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/provision"
)

// The defaults meet every rule of the STIG that arguments and fields decide, and rendering
// alone can say so. What asks of machines, of documents or of the API besides may be
// unknown before there is one; what fails is what the STIG alone wants.
func TestTheSTIGBeforeThereIsAMachine(t *testing.T) {
	a, err := provision.AuditRendered(t.Context(), provision.Input{Path: "../examples/quickstart"})
	if err != nil {
		t.Fatal(err)
	}
	fails := map[string]string{
		"STIG-V-242403": "by default the bodies of Secrets are kept out of the audit log, as CIS and NSA want it",
	}
	passed := 0
	for _, f := range a.Findings {
		c, n := f.Control, f.Control.Needs()
		if c.Standard() != "STIG" {
			continue
		}
		besides := len(n.Paths) + len(n.Owners) + len(n.Units) + len(n.Sysctls) + len(n.Folders) + len(n.Documents) + len(n.Lists)
		switch f.Verdict {
		case profiles.Pass:
			passed++
		case profiles.Fail:
			if fails[c.ID] == "" {
				t.Errorf("%s on %s fails: %+v", c.ID, f.Node, f.Seen)
			}
		case profiles.Unknown:
			if besides == 0 {
				t.Errorf("%s on %s is unknown, and asks of nothing but arguments and fields: %+v", c.ID, f.Node, f.Seen)
			}
			t.Logf("%s on %q is unknown: %+v", c.ID, f.Node, f.Seen)
		case profiles.Review:
			if c.Check != nil || c.Question == "" {
				t.Errorf("%s on %s needs review: %+v", c.ID, f.Node, f.Seen)
			}
		case profiles.NotApplicable, profiles.Waived:
		}
	}
	if passed < 60 {
		t.Errorf("%d findings of the STIG pass, want 60 at least", passed)
	}
}
