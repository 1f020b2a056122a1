package profiles

import (
	"fmt"
	"slices"
	"strings"
)

// Verdict is what an audit says of one control and one node.
type Verdict string

// The verdicts. What is unknown is never taken for passed.
const (
	Pass          Verdict = "pass"
	Fail          Verdict = "fail"
	Waived        Verdict = "waived"
	NotApplicable Verdict = "not applicable"
	Review        Verdict = "needs review"
	Unknown       Verdict = "unknown"
)

// Verdicts are all there are, in the order of a report: what has to be mended first.
func Verdicts() []Verdict {
	return []Verdict{Fail, Waived, Unknown, Review, Pass, NotApplicable}
}

// MarshalText is the verdict as documents have it, in one word.
func (v Verdict) MarshalText() ([]byte, error) {
	return []byte(strings.ReplaceAll(string(v), " ", "-")), nil
}

// UnmarshalText reads what MarshalText wrote, and refuses every other word: a verdict
// that nobody knows must not be taken for one that is harmless.
func (v *Verdict) UnmarshalText(text []byte) error {
	read := Verdict(strings.ReplaceAll(string(text), "-", " "))
	if !slices.Contains(Verdicts(), read) {
		return fmt.Errorf("%q is no verdict", text)
	}
	*v = read
	return nil
}
