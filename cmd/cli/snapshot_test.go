package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bulwark-k8s/bulwark/profiles"
	"github.com/bulwark-k8s/bulwark/provision"
)

func TestASnapshotIsAllThatGoesToStandardOutput(t *testing.T) {
	for args, call := range map[string]string{
		"profile snapshot prod --node cp-1":                      "snapshot",
		"profile snapshot prod --rendered --node cp-1":           "snapshot rendered",
		"profile snapshot prod --on kind --node cp-1 --verbose":  "snapshot",
		"profile snapshot prod --var a=b --node cp-1 --no-color": "snapshot",
	} {
		f := newFake()
		f.recorded = &provision.Recorded{Text: []byte("{\n \"nodes\": []\n}\n"), Notes: []string{"w-1 was not looked at: no route"}}
		got := (&console{args: args}).run(t, f)
		if got.code != 0 || !slices.Equal(f.calls, []string{call}) || f.in.Path != "prod" || !slices.Equal(f.in.Nodes, []string{"cp-1"}) {
			t.Errorf("%s: code %d after %v of %+v:\n%s", args, got.code, f.calls, f.in, got.stderr)
		}
		if got.stdout != string(f.recorded.Text) {
			t.Errorf("%s: standard output\n%s", args, got.stdout)
		}
		says(t, args, got.stderr, "w-1 was not looked at")
		if strings.Contains(args, "--on kind") != f.in.OnKind || strings.Contains(got.stderr, "Looking at") == strings.Contains(args, "--rendered") {
			t.Errorf("%s: %+v\n%s", args, f.in, got.stderr)
		}
	}
}

func TestProfilesAreTriedOnSnapshots(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one.json"), filepath.Join(dir, "two.json")
	for _, name := range []string{one, two} {
		if err := os.WriteFile(name, []byte("of "+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	failed, met, unknown := audited(profiles.Fail), audited(profiles.Pass), audited(profiles.Unknown)
	for _, c := range []struct {
		args   string
		answer *Audited
		code   int
		says   []string
	}{
		{"--snapshot " + one + " --snapshot " + two, failed, 6, []string{one + " has it: 0 passed, 1 failed", two + " has it: 0 passed, 1 failed", "FAIL CIS-1"}},
		{"--snapshot " + one, met, 0, []string{"1 passed, 0 failed"}},
		{"--snapshot " + one, unknown, 0, []string{"1 unknown"}},
		{"--snapshot " + one + " --fail-on unknown", unknown, 6, []string{"1 unknown"}},
		{"--snapshot " + one + " --fail-on never", failed, 0, []string{"1 failed"}},
		{"--snapshot " + one + " --snapshot " + two + " -o json", failed, 6, []string{`"tested"`, `"snapshot": "` + two + `"`, `"verdict": "fail"`, `"exit_code": 6`}},
	} {
		f := newFake()
		f.audited = c.answer
		got := (&console{args: "profile test prod --profile acme --control ACME-* " + c.args}).run(t, f)
		if got.code != c.code || !slices.Equal(f.calls, []string{"audit snapshots"}) || f.in.Path != "prod" {
			t.Errorf("%s: code %d after %v:\n%s", c.args, got.code, f.calls, got.stderr)
		}
		if !slices.Equal(f.in.Profiles, []string{"acme"}) || !slices.Equal(f.in.Controls, []string{"ACME-*"}) {
			t.Errorf("%s: the facade was told %+v", c.args, f.in)
		}
		if f.tested[0].Name != one || string(f.tested[0].Text) != "of "+one || len(f.tested) != strings.Count(c.args, "--snapshot") {
			t.Errorf("%s: tried on %q", c.args, f.tested)
		}
		says(t, c.args, got.stdout, c.says...)
	}
}

func TestATestNeedsSnapshotsThatAreThere(t *testing.T) {
	for args, want := range map[string]struct {
		code int
		says string
	}{
		"profile test prod":                       {exitUsage, "--snapshot FILE"},
		"profile test prod --snapshot nowhere/at": {exitError, "nowhere/at"},
	} {
		f := newFake()
		got := (&console{args: args}).run(t, f)
		if got.code != want.code || len(f.calls) > 0 {
			t.Errorf("%s: code %d after %v", args, got.code, f.calls)
		}
		says(t, args, got.stderr, want.says)
	}
}
