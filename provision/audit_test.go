package provision_test

import (
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/provision"
)

// The defaults meet every scored control of the CIS benchmark, and rendering alone can
// say so.
func TestTheScoredControlsHoldBeforeThereIsAMachine(t *testing.T) {
	a, err := provision.AuditRendered(t.Context(), provision.Input{Path: "../examples/three-control-planes"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Findings {
		if !f.Control.Scored {
			continue
		}
		if f.Verdict != profiles.Pass && (f.Verdict != profiles.NotApplicable || f.Node[:2] == "cp") {
			t.Errorf("%s on %s: %s: %+v", f.Control.ID, f.Node, f.Verdict, f.Seen)
		}
	}
	t.Logf("%d findings", len(a.Findings))
}
