package profiles_test

import (
	"slices"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/profiles/check"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// A check that failed says what failed it, where the control can show that; one that
// passed has nothing to show.
func TestAFailureIsShown(t *testing.T) {
	controls, diags := profiles.Load("acme.hcl", []byte(`control "ACME-1" {
  title    = "t"
  remedy   = "r"
  check    = all([for p in ["/etc/a", "/etc/b"] : path(p) == null])
  evidence = [for p in ["/etc/a", "/etc/b"] : "there is ${p}" if path(p) != null]
}
`))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for _, test := range []struct {
		b       string
		verdict profiles.Verdict
		shown   bool
	}{
		{"absent", profiles.Pass, false},
		{"file", profiles.Fail, true},
		{"", profiles.Unknown, false},
	} {
		files := map[string]state.HaveFile{"/etc/a": {Type: "absent"}}
		if test.b != "" {
			files["/etc/b"] = state.HaveFile{Type: test.b, Owner: "root:root"}
		}
		have := &state.Cluster{Nodes: map[string]*state.Node{"cp-1": {Name: "cp-1", Files: files}}}
		f := controls[0].Audit(t.Context(), check.Subject{Node: cluster.Node{Name: "cp-1"}, Have: have})
		if shown := slices.Contains(f.Seen, check.Seen{What: "evidence", Value: "there is /etc/b"}); f.Verdict != test.verdict || shown != test.shown {
			t.Errorf("/etc/b is %q: %s, %+v; want %s", test.b, f.Verdict, f.Seen, test.verdict)
		}
	}
}
