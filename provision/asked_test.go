package provision_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

func TestAnAuditAsksWhatWasChosen(t *testing.T) {
	for name, c := range map[string]struct {
		controls, nodes []string
		want            []string // "id node", or
		refused         string
	}{
		"an id":               {controls: []string{"CIS-1.2.15"}, want: []string{"CIS-1.2.15 cp-1", "CIS-1.2.15 cp-2", "CIS-1.2.15 cp-3", "CIS-1.2.15 w-1", "CIS-1.2.15 w-2"}},
		"in small letters":    {controls: []string{"cis-1.2.15"}, nodes: []string{"cp-2"}, want: []string{"CIS-1.2.15 cp-2"}},
		"a pattern and an id": {controls: []string{"CIS-1.4.*", "CIS-2.1"}, nodes: []string{"cp-1", "cp-1"}, want: []string{"CIS-1.4.1 cp-1", "CIS-1.4.2 cp-1", "CIS-2.1 cp-1"}},
		"a node nobody has":   {nodes: []string{"cp-9"}, refused: "--node cp-9: there is no such node, only cp-1"},
		"an id nobody has":    {controls: []string{"CIS-1.2.15", "CIS-99"}, refused: "--control CIS-99: no control has such an id"},
		"no pattern":          {controls: []string{"CIS-[1"}, refused: "--control CIS-[1: that is no pattern"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := provision.AuditRendered(t.Context(), provision.Input{Path: "../examples/three-control-planes", Controls: c.controls, Nodes: c.nodes})
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("%v, want %q", err, c.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range a.Findings {
				got = append(got, f.Control.ID+" "+f.Node)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
			if spec := a.Report().Spec; spec.File != "../examples/three-control-planes/cluster.hcl" {
				t.Errorf("the spec is at %+v", spec)
			}
		})
	}
}

// What a spec waives is shown as waived until the day is over, and what these machines
// cannot have as theirs.
func TestWhatIsWaivedIsShown(t *testing.T) {
	write := func(expires string) string {
		t.Helper()
		dir := t.TempDir()
		text := `cluster "demo" {
  profiles = ["nsa-cisa"]
  firewall { admins = ["203.0.113.0/24"] }
  encryption { provider = "secretbox" }
  waive "NSA-SE-1" {
    reason  = "no validated cipher is asked of us"
    by      = "security@example.com"
    expires = "` + expires + `"
  }
  waive "NSA-APP-H" { reason = "as NSA-SE-1" }
  waive "NSA-APP-I" { reason = "as NSA-SE-1" }
  node "cp-1" {
    role    = "control-plane"
    address = "10.0.0.11"
  }
}
`
		if err := os.WriteFile(filepath.Join(dir, "cluster.hcl"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for expires, want := range map[string]profiles.Verdict{"2999-12-31": profiles.Waived, "2020-01-01": profiles.Fail} {
		a, err := provision.AuditRendered(t.Context(), provision.Input{Path: write(expires), Controls: []string{"NSA-SE-1"}})
		if err != nil {
			t.Fatal(err)
		}
		f := a.Findings[0]
		if f.Verdict != want || f.Waiver == nil || f.Waiver.By != "security@example.com" || f.Waiver.Expired != (want == profiles.Fail) {
			t.Errorf("%s: %s %+v", expires, f.Verdict, f.Waiver)
		}
	}
	overlay := filepath.Join(t.TempDir(), "overlay.hcl")
	text := "deviation \"shared-kernel\" {\n  reason = \"the kernel is the host's\"\n  kubelet { config = { protectKernelDefaults = false } }\n}\n"
	if err := os.WriteFile(overlay, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for with, want := range map[string]profiles.Verdict{"": profiles.Pass, overlay: profiles.Waived} {
		a, err := provision.AuditRendered(t.Context(), provision.Input{Path: "../examples/quickstart", Overlay: with, Controls: []string{"STIG-V-242434"}})
		if err != nil {
			t.Fatal(err)
		}
		if f := a.Findings[0]; f.Verdict != want || want == profiles.Waived && f.Waiver.Reason != "the kernel is the host's" {
			t.Errorf("overlay %q: %s %+v", with, f.Verdict, f.Waiver)
		}
	}
}

// The baseline is what the defaults do before there is a machine, and all of that.
func TestTheBaselineIsWhatTheDefaultsDo(t *testing.T) {
	in := provision.Input{Path: "../examples/quickstart"}
	a, err := provision.AuditRendered(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	holds := map[string]bool{}
	for _, f := range a.Findings {
		holds[f.Control.ID] = true
		if f.Verdict != profiles.Pass && f.Verdict != profiles.NotApplicable {
			t.Errorf("%s on %s is in the baseline and %s: %+v", f.Control.ID, f.Node, f.Verdict, f.Seen)
		}
	}
	in.Profiles = []string{"all"}
	if a, err = provision.AuditRendered(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	met := map[string]bool{}
	for _, f := range a.Findings {
		switch f.Verdict {
		case profiles.Pass:
			if _, known := met[f.Control.ID]; !known {
				met[f.Control.ID] = true
			}
		case profiles.NotApplicable:
		default:
			met[f.Control.ID] = false
		}
	}
	for id, is := range met {
		if is && !holds[id] {
			t.Errorf("the defaults meet %s, which is not in the baseline", id)
		}
	}
}

// What was written for another release is said, with what changed since.
func TestAnOldTextIsSaid(t *testing.T) {
	a, err := provision.AuditRendered(t.Context(), provision.Input{Path: "../examples/quickstart", Profiles: []string{"stig"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Notes) != 1 || !strings.Contains(a.Notes[0], "stig was written for Kubernetes 1.34 to 1.35, and this is v1.37.2") {
		t.Errorf("%q", a.Notes)
	}
	for _, f := range a.Findings {
		if f.Control.ID == "STIG-V-245541" && !slices.ContainsFunc(f.Notes, func(n string) bool { return strings.HasPrefix(n, "since 1.34 ") }) {
			t.Errorf("%s says nothing of 1.34: %q", f.Control.ID, f.Notes)
		}
	}
	for release, older := range map[string]bool{"": false, "1.36": true, "1.37": false, "1.34 to 1.36": true, "1.34 to 1.37": false, "1.34 to 1.40": false} {
		if (profiles.Profile{Kubernetes: release}).Older(cluster.Version{Major: 1, Minor: 37, Patch: 2}) != older {
			t.Errorf("%q", release)
		}
	}
}
