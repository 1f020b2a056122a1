package cli

import (
	"regexp"
	"strings"
)

// again is the command line of another verb for the same cluster, to be copied.
// Variables are named and not repeated: their values may be private.
func (o specOptions) again(verb string, m machineOptions) string {
	words := []string{"bulwark", verb}
	if o.Spec != "." {
		words = append(words, quote(o.Spec))
	}
	if o.OnKind {
		words = append(words, "--on", "kind")
	}
	if o.Overlay != "" {
		words = append(words, "--overlay", quote(o.Overlay))
	}
	if len(o.Vars) > 0 {
		words = append(words, "--var ...")
	}
	if m.SSHConfig != "" {
		words = append(words, "--ssh-config", quote(m.SSHConfig))
	}
	return strings.Join(words, " ")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// quote writes a word so that a shell reads it as one.
func quote(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
