package provision

import (
	"context"
	"strings"
	"testing"
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
