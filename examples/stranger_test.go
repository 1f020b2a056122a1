package examples_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// block is the block of HCL in a page that begins with a comment.
func block(t *testing.T, page, comment string) string {
	t.Helper()
	for _, m := range regexp.MustCompile("(?s)```hcl\n(.*?)```").FindAllStringSubmatch(string(read(t, page)), -1) {
		if strings.HasPrefix(m[1], "# "+comment+"\n") {
			return m[1]
		}
	}
	t.Fatalf("%s has no block that begins with # %s", page, comment)
	return ""
}

// What the page of the language has as a whole profile works as it stands there, with
// the verdicts that it says.
func TestAStrangersProfile(t *testing.T) {
	spec, acme := block(t, profilesPage, "cluster.hcl"), block(t, profilesPage, "acme.hcl")
	audit := func(spec, acme string) (map[string]profiles.Finding, error) {
		a, err := provision.AuditRendered(t.Context(), provision.Input{Path: folder(t, map[string]string{"cluster.hcl": spec, "acme.hcl": acme})})
		if err != nil {
			return nil, err
		}
		all := map[string]profiles.Finding{}
		for _, f := range a.Findings {
			all[strings.TrimSpace(f.Control.ID+" "+f.Node)] = f
		}
		return all, nil
	}
	found, err := audit(spec, acme)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]profiles.Verdict{
		"CIS-1.2.17 cp-1": profiles.Pass, "CIS-1.2.17 w-1": profiles.NotApplicable, "CIS-5.3.1": profiles.Waived,
		"ACME-1 cp-1": profiles.Pass, "ACME-1 w-1": profiles.NotApplicable, "ACME-2": profiles.Unknown, "ACME-3": profiles.Review,
	}
	for at, verdict := range want {
		if f, ok := found[at]; !ok || f.Verdict != verdict {
			t.Errorf("%s is %q by %+v, want %q", at, f.Verdict, f.Seen, verdict)
		}
	}
	if len(found) != len(want) {
		t.Errorf("%d findings, want %d", len(found), len(want))
	}
	if w := found["CIS-5.3.1"].Waiver; w == nil || w.By != "platform@acme.example" || w.Expired {
		t.Errorf("the waiver is %+v", w)
	}

	// The day after its last one the waiver waives nothing.
	found, err = audit(spec, strings.Replace(acme, "2099-12-31", "2020-12-31", 1))
	if err != nil {
		t.Fatal(err)
	}
	if f := found["CIS-5.3.1"]; f.Verdict != profiles.Fail || f.Waiver == nil || !f.Waiver.Expired {
		t.Errorf("with an ended waiver it is %q, %+v", f.Verdict, f.Waiver)
	}
	// What it hardens, no spec can take back, and both lines are named.
	_, err = audit(strings.Replace(spec, "  firewall", "  audit { max_age = 90 }\n\n  firewall", 1), acme)
	if err == nil || !strings.Contains(err.Error(), "audit.max_age is 90") || !strings.Contains(err.Error(), "acme.hcl:") {
		t.Errorf("a weaker value is refused by %v", err)
	}
	// And a word that the language does not have is said where it stands.
	_, err = audit(spec, strings.Replace(acme, "p.system", "p.sistem", 1))
	if err == nil || !strings.Contains(err.Error(), "acme.hcl") || !strings.Contains(err.Error(), "sistem") {
		t.Errorf("a misspelt field is refused by %v", err)
	}
}

// What only a living cluster has, the same profile judges there: e2e asks it of a real one.
func TestAStrangersProfileOfALivingCluster(t *testing.T) {
	dir := folder(t, map[string]string{"cluster.hcl": block(t, profilesPage, "cluster.hcl"), "acme.hcl": block(t, profilesPage, "acme.hcl")})
	all, err := provision.Profiles(t.Context(), provision.Input{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	pod := func(name string, system, privileged bool) state.Pod {
		return state.Pod{Namespace: "shop", Name: name, System: system, Containers: []state.Container{{Name: "a"}, {Name: "b", Privileged: privileged}}}
	}
	has := func(pods ...state.Pod) *state.Cluster {
		return &state.Cluster{API: state.API{Inventory: &state.Inventory{Pods: pods,
			Grants: []state.Grant{{Binding: "team", Role: "cluster-admin", SubjectKind: "Group", Subject: "platform"}, {Binding: "other", Role: "view"}}}}}
	}
	for _, c := range []struct {
		id      string
		have    *state.Cluster
		verdict profiles.Verdict
		shows   string
	}{
		{"ACME-2", has(pod("web", false, false), pod("kube-proxy", true, true)), profiles.Pass, ""},
		{"ACME-2", has(pod("web", false, false), pod("odd", false, true)), profiles.Fail, "shop/odd"},
		{"ACME-2", &state.Cluster{}, profiles.Unknown, ""},
		{"ACME-3", has(), profiles.Review, "Group platform by team"},
	} {
		control, ok := all.Control(c.id)
		if !ok {
			t.Fatalf("there is no %s", c.id)
		}
		f, err := profiles.Audit(t.Context(), []profiles.Control{control}, check.Cluster{Kubernetes: "1.37.2"}, []cluster.Node{{Name: "cp-1"}}, c.have)
		if err != nil {
			t.Fatal(err)
		}
		var shown []string
		for _, s := range f[0].Seen {
			if s.What == "evidence" {
				shown = append(shown, s.Value)
			}
		}
		if len(f) != 1 || f[0].Verdict != c.verdict || strings.Join(shown, "; ") != c.shows {
			t.Errorf("%s is %s and shows %q, want %s and %q: %+v", c.id, f[0].Verdict, shown, c.verdict, c.shows, f[0].Seen)
		}
	}
}
