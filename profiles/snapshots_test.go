package profiles_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/check"
)

// tried is how a check is tried: the snapshot that it passes is the hardened one with one
// patch, and the one that it fails is that with another. Patches are of the form of [keyed].
type tried struct {
	Pass object `json:"pass"`
	Fail object `json:"fail"`
}

const snapshots = "testdata/snapshots/"

func readJSON[T any](t testing.TB, name string) (out T) {
	t.Helper()
	text, err := os.ReadFile(snapshots + name)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// asSnapshot is a keyed snapshot as the program reads it.
func asSnapshot(t *testing.T, of object) *check.Recorded {
	t.Helper()
	text, err := json.Marshal(plain(of))
	if err != nil {
		t.Fatal(err)
	}
	out, err := check.ReadSnapshot(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// verdicts are what a control says of each node of a snapshot, what does not concern a
// node left out.
func verdicts(t testing.TB, c profiles.Control, s *check.Recorded) (out []profiles.Verdict, findings []profiles.Finding) {
	t.Helper()
	findings = audited(t, []profiles.Control{c}, s.Cluster, s.Nodes, s.Have)
	for _, f := range findings {
		if f.Verdict != profiles.NotApplicable && !slices.Contains(out, f.Verdict) {
			out = append(out, f.Verdict)
		}
	}
	return out, findings
}

// No check is a constant: each passes one snapshot and fails another, which differs from
// the first by what the control asks for and no more.
func TestEveryCheckPassesASnapshotAndFailsAnother(t *testing.T) {
	controls, err := profiles.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	base, err := os.ReadFile(snapshots + "hardened.json")
	if err != nil {
		t.Fatal(err)
	}
	hardened := func() object {
		var out object
		if err := json.Unmarshal(base, &out); err != nil {
			t.Fatal(err)
		}
		return keyed(out)
	}
	written := map[string]map[string]tried{}
	for _, standard := range []string{"CIS", "STIG", "NSA", "PCI"} {
		written[standard] = readJSON[map[string]tried](t, strings.ToLower(standard)+".json")
	}
	for _, c := range controls {
		try, ok := written[c.Standard()][c.ID]
		delete(written[c.Standard()], c.ID)
		switch {
		case c.Check == nil && ok:
			t.Errorf("%s has no check to try", c.ID)
		case c.Check != nil && (!ok || try.Fail == nil):
			t.Errorf("%s has a check and no snapshot that it fails in %s%s.json", c.ID, snapshots, strings.ToLower(c.Standard()))
		}
		if c.Check == nil || !ok {
			continue
		}
		good := func() object { return patched(t, c.ID+" pass", hardened(), try.Pass).(object) }
		if is, findings := verdicts(t, c, asSnapshot(t, good())); !slices.Equal(is, []profiles.Verdict{profiles.Pass}) {
			t.Errorf("%s is %v of the snapshot that it should pass: %+v", c.ID, is, findings)
		}
		bad := patched(t, c.ID+" fail", good(), try.Fail).(object)
		if is, findings := verdicts(t, c, asSnapshot(t, bad)); !slices.Contains(is, profiles.Fail) || slices.Contains(is, profiles.Unknown) {
			t.Errorf("%s is %v of the snapshot that it should fail: %+v", c.ID, is, findings)
		}
	}
	for standard, left := range written {
		for id := range left {
			t.Errorf("%s%s.json tries %s, which is no control", snapshots, strings.ToLower(standard), id)
		}
	}
}

// The form that patches are of says the same as what was recorded.
func TestAKeyedSnapshotIsTheSnapshot(t *testing.T) {
	controls, err := profiles.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(snapshots + "hardened.json")
	if err != nil {
		t.Fatal(err)
	}
	read, err := check.ReadSnapshot(text)
	if err != nil {
		t.Fatal(err)
	}
	again := asSnapshot(t, keyed(readJSON[object](t, "hardened.json")))
	want := audited(t, controls, read.Cluster, read.Nodes, read.Have)
	for i, g := range audited(t, controls, again.Cluster, again.Nodes, again.Have) {
		if g.Verdict != want[i].Verdict || g.Node != want[i].Node {
			t.Errorf("%s on %s is %s, and %s of what was recorded", g.Control.ID, g.Node, g.Verdict, want[i].Verdict)
		}
	}
}
