package spec

import (
	"regexp"
	"sync"
)

// pattern compiles when it is first needed: a repetition with a bound costs as
// much as hundreds of letters, and most commands need few of all patterns.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
