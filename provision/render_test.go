package provision

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// Every file that apply leaves on a machine is in the table, also those it
// makes of what it saw there.
func TestTheTableHasWhatApplyMakesAtRunTime(t *testing.T) {
	r, err := Render(context.Background(), specWith(t, "", map[string]string{}))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"cp-1/files.txt": 2, "w-1/files.txt": 1}
	for _, f := range r.Files {
		n, ok := want[f.Path]
		if !ok {
			continue
		}
		delete(want, f.Path)
		if got := strings.Count(string(f.Content), "root:root at-run-time /var/lib/bulwark/"); got != n {
			t.Errorf("%s lists %d, want %d:\n%s", f.Path, got, n, f.Content)
		}
	}
	if len(want) > 0 {
		t.Errorf("not rendered: %v", want)
	}
}

// The plan is written step by step, and in the bytes that it would have as a whole.
func TestAPlanIsWrittenAsJSONWritesIt(t *testing.T) {
	r, err := Render(context.Background(), specWith(t, "", map[string]string{}))
	if err != nil {
		t.Fatal(err)
	}
	whole := *r.Plan
	whole.Steps = slices.Clone(whole.Steps)
	for i, s := range whole.Steps {
		if s.File != nil {
			file := *s.File
			file.Want.Content = nil
			whole.Steps[i].File = &file
		}
	}
	odd := []plan.Step{{Title: `\\" { [ , : \`, After: []string{`"`, `\"\\`, ""}, Phase: &state.Phase{Args: []string{}}}}
	for _, p := range []plan.Plan{whole, {Cluster: "none", Steps: []plan.Step{}}, {Steps: odd}} {
		want, err := encode(p)
		if err != nil {
			t.Fatal(err)
		}
		var out, got bytes.Buffer
		if err := writePlan(&out, &p); err != nil {
			t.Fatal(err)
		}
		if err := json.Indent(&got, out.Bytes(), "", "  "); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("-whole +written:\n%s", diff)
		}
		if lines := strings.Count(out.String(), "\n    {"); lines != len(p.Steps) {
			t.Errorf("%d lines begin a step, of %d steps", lines, len(p.Steps))
		}
	}
}
