package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// recorder prints, five times a second until a file is there, the node's time in
// nanoseconds, whether a URL is answered with 200, and a digest of what a script
// prints. Its arguments are the file, the URL and the script.
const recorder = `rm -f "$1"
while [ ! -e "$1" ]; do
  d=$(sh -c "$3" 2>/dev/null | sha256sum | cut -c1-12)
  r=$(curl -sk --max-time 1 -o /dev/null -w '%{http_code}' "$2")
  echo "$(date +%s%N) $r $d"
  sleep 0.2
done
rm -f "$1"`

// record is a line of the recorder.
type record struct {
	at     time.Time
	well   bool
	digest string
}

func records(text string) ([]record, error) {
	var out []record
	for line := range strings.Lines(text) {
		var at int64
		var code, digest string
		if _, err := fmt.Sscan(line, &at, &code, &digest); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		out = append(out, record{time.Unix(0, at), code == "200", digest})
	}
	return out, nil
}

// restoration is when what a node had changed, was put back, and worked again. What
// did not happen is zero.
type restoration struct{ written, restored, well time.Time }

// readRestoration finds it in records. Each of its times is of the first record that shows it,
// but for the writing, which may be as early as the one before. Well is when all that
// follows is well.
func readRestoration(all []record) restoration {
	var r restoration
	for i, rec := range all {
		before := rec.digest == all[0].digest
		switch {
		case !before && r.written.IsZero():
			r.written = all[i-1].at
		case before && !r.written.IsZero() && r.restored.IsZero():
			r.restored = rec.at
		case !before:
			r.restored = time.Time{} // it was written once more
		}
		if r.restored.IsZero() || !rec.well {
			r.well = time.Time{}
		} else if r.well.IsZero() {
			r.well = rec.at
		}
	}
	return r
}

// The most that may pass from the writing until what was before comes back, and
// from there until it answers.
const (
	mostToRestore = 120 * time.Second
	mostToAnswer  = 90 * time.Second
)

// late says what came too late, or not at all.
func (r restoration) late() error {
	switch {
	case r.written.IsZero():
		return fmt.Errorf("nothing was ever written")
	case r.restored.IsZero():
		return fmt.Errorf("it was not put back")
	case r.well.IsZero():
		return fmt.Errorf("what was put back does not answer")
	case r.restored.Sub(r.written) > mostToRestore:
		return fmt.Errorf("it was put back after %v", r.restored.Sub(r.written))
	case r.well.Sub(r.restored) > mostToAnswer:
		return fmt.Errorf("it answered %v after it was put back", r.well.Sub(r.restored))
	}
	return nil
}

func (r restoration) String() string {
	round := func(a, b time.Time) time.Duration { return b.Sub(a).Round(100 * time.Millisecond) }
	return fmt.Sprintf("put back %v after the write, and well %v later", round(r.written, r.restored), round(r.restored, r.well))
}

func TestReadingARestoration(t *testing.T) {
	for text, want := range map[string]string{
		"0 200 a\n1 200 a\n":                                              "nothing was ever written",
		"0 200 a\n1 200 a\n3 000 b\n100 200 b\n":                          "it was not put back",
		"0 200 a\n1 200 a\n3 000 b\n100 200 b\n110 000 a\n":               "what was put back does not answer",
		"0 200 a\n1 200 a\n3 000 b\n110 000 a\n130 200 a\n":               "",
		"0 200 a\n1 200 a\n3 000 b\n110 200 a\n120 000 a\n190 200 a\n":    "",
		"0 200 a\n1 200 a\n3 000 b\n110 200 a\n120 000 a\n201 200 a\n":    "it answered 1m31s after it was put back",
		"0 200 a\n1 200 a\n3 000 b\n122 200 a\n":                          "it was put back after 2m1s",
		"0 200 a\n1 200 a\n3 200 b\n50 200 a\n60 200 b\n122 200 a\n":      "it was put back after 2m1s",
		"0 200 a\n1 200 a\n3 000 b\n110 200 a\n120 200 a\n130 000 a\n131": "what was put back does not answer",
	} {
		var lines strings.Builder
		for line := range strings.Lines(text) {
			at, rest, _ := strings.Cut(line, " ")
			if rest != "" {
				fmt.Fprintf(&lines, "%s000000000 %s", at, rest)
			}
		}
		all, err := records(lines.String())
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		if err := readRestoration(all).late(); err != nil {
			said = err.Error()
		}
		if said != want {
			t.Errorf("%q: %q, want %q", text, said, want)
		}
	}
	if _, err := records("now 200 a\n"); err == nil {
		t.Error("that is no record")
	}
}
