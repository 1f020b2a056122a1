package e2e_test

import (
	"fmt"
	"slices"
	"testing"
)

// verdicts are those of an audit, each by its control and the node that it is about: of
// the cluster as a whole that is none.
type verdicts map[string]string

// verdictsOf reads an audit.
func verdictsOf(t testing.TB, out outcome) verdicts {
	t.Helper()
	d := out.JSON(t)
	if d.Audit == nil {
		t.Fatalf("an audit without its document: %v", out)
	}
	all := verdicts{}
	for _, f := range d.Audit.Findings {
		all[keyOf(f.ID, f.Node)] = f.Verdict
	}
	return all
}

// keyOf is a control of a node.
func keyOf(id, node string) string {
	if node == "" {
		return id
	}
	return id + "@" + node
}

// differences are verdicts that changed.
func differences(was, is verdicts) []string {
	var out []string
	for key, v := range was {
		if is[key] != v {
			out = append(out, changed(key, v, is[key]))
		}
	}
	for key, v := range is {
		if was[key] == "" {
			out = append(out, changed(key, "not asked", v))
		}
	}
	slices.Sort(out)
	return out
}

func changed(key, was, is string) string { return fmt.Sprintf("%s: %s, then %s", key, was, is) }

// known leaves out of two audits what the first does not decide: what only a living
// cluster has, and what a person has to judge.
func known(rendered, living verdicts) (verdicts, verdicts) {
	was, is := verdicts{}, verdicts{}
	for key, v := range rendered {
		if v != "unknown" && v != "needs-review" {
			was[key], is[key] = v, living[key]
		}
	}
	return was, is
}

// everyControl is at least how many controls there are of four standards; fewer would say
// that some were not asked.
const everyControl = 350

// testAudit asks every control that there is of what the spec comes to, and of the living
// cluster: what the first knows the second says too, by machines and not by files. What
// is broken on purpose is found, and nothing else.
func testAudit(t *testing.T, s subject) {
	const all = "--profile=all"
	// A spec without profiles fails some of their controls: by how many is not asked here.
	audit := func(args ...string) verdicts {
		t.Helper()
		v := verdictsOf(t, s.Bulwark(t, "audit", append(args, all, "-o", "json")...).want(t, 6))
		if len(v) < everyControl {
			t.Fatalf("%d verdicts of %q, want %d at least", len(v), args, everyControl)
		}
		return v
	}
	now := audit()
	for key, v := range now {
		if v == "unknown" {
			t.Errorf("%s is unknown of a living cluster", key)
		}
	}
	if d := differences(known(audit("--rendered"), now)); len(d) > 0 {
		t.Errorf("what is rendered and what is there differ: %q", d)
	}

	cp := s.ControlPlane()
	const conf = "/etc/kubernetes/scheduler.conf"
	shell(t, s, cp, "chmod 0644 "+conf)
	defer shell(t, s, cp, "chmod 0600 "+conf)
	// The STIG lets everybody read it.
	want := []string{changed(keyOf("CIS-1.1.15", cp), "pass", "fail"), changed(keyOf("NSA-KC-1", cp), "pass", "fail")}
	out := s.Bulwark(t, "audit", all, "-o", "json").want(t, 6)
	if d := differences(now, verdictsOf(t, out)); !slices.Equal(d, want) {
		t.Errorf("with a mode of %s that everybody can read it by these changed: %q, want %q", conf, d, want)
	}
	out.says(t, "file 0644 root:root", "chmod 0600 "+conf)
}
