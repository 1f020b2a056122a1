package cli

import (
	"slices"
	"testing"
)

func TestProfileShowsWhatIsAskedFor(t *testing.T) {
	for _, c := range []struct {
		args  string
		code  int
		calls []string
		out   string
		err   string
	}{
		{"profile list", 0, []string{"profiles"}, "CIS Kubernetes Benchmark", ""},
		{"profile list prod --controls", 0, []string{"profiles"}, "CIS-1.2.16", ""},
		{"profile show stig", 0, []string{"profiles"}, "STIG-V-242376", ""},
		{"profile show CIS-1.2.16 prod", 0, []string{"profiles"}, `control "CIS-1.2.16" {`, ""},
		{"profile show CIS-1.2.16 -o json", 0, []string{"profiles"}, `"decided_by": "check"`, ""},
		{"profile show CIS-1.2.99", 1, []string{"profiles"}, "", `did you mean "CIS-1.2.9"?`},
		{"profile explain audit.max_age prod", 0, []string{"explain audit.max_age"}, "audit.max_age", ""},
		{"profile show", 64, nil, "", "bulwark profile show needs the name of a profile or the id of a control"},
		{"profile explain", 64, nil, "", "needs the path of a setting"},
		{"profile explain a b c", 64, nil, "", "at most 2"},
		{"profile lsit", 64, nil, "", "list"},
	} {
		f := newFake()
		got := (&console{args: c.args}).run(t, f)
		if got.code != c.code || !slices.Equal(f.calls, c.calls) {
			t.Errorf("%s: code %d after %v:\n%s", c.args, got.code, f.calls, got.stderr)
		}
		says(t, c.args, got.stdout, c.out)
		says(t, c.args, got.stderr, c.err)
	}
}
