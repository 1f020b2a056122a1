package state

import (
	"bytes"
	"fmt"
	"regexp"
	"sort"
)

// A reference stands in text for a value that exists only at run time: a key,
// a token, a pod prefix. It is written <<bulwark:NAME>>, and only apply
// resolves it, on the way to the machine; plans and rendered files show the name.

var refPattern = regexp.MustCompile(`<<bulwark:([a-z0-9][a-z0-9./-]*)>>`)

// RefMark begins every reference. Text that users write may not hold it.
const RefMark = "<<bulwark:"

// Ref is the text that stands for the value called name.
func Ref(name string) string { return RefMark + name + ">>" }

// Refs are the names referred to in text, sorted, each once.
func Refs(text []byte) []string {
	seen := map[string]bool{}
	var out []string
	for _, m := range refPattern.FindAllSubmatch(text, -1) {
		if n := string(m[1]); !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	sort.Strings(out)
	return out
}

// Resolve replaces every reference by its value. A reference without a value
// is an error: nothing half resolved ever reaches a machine.
func Resolve(text []byte, value func(name string) ([]byte, bool)) ([]byte, error) {
	if !bytes.Contains(text, []byte(RefMark)) {
		return text, nil
	}
	var err error
	out := refPattern.ReplaceAllFunc(text, func(m []byte) []byte {
		name := string(refPattern.FindSubmatch(m)[1])
		v, ok := value(name)
		if !ok && err == nil {
			err = fmt.Errorf("%s has no value yet", Ref(name))
		}
		return v
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
