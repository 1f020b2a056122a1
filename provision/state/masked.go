package state

import "regexp"

// keyLine is a line of an EncryptionConfiguration, as bulwark writes it, that holds
// a key, or the reference to one. The look has a node mask the same lines, see
// lookfiles.sh; whatever else stands behind "secret:" is not masked, and differs.
var keyLine = regexp.MustCompile(`(?m)^( *secret: )(?:[A-Za-z0-9+/=]+|<<bulwark:[a-z0-9./-]+>>)$`)

// Masked is a text without its keys: of a key file what it says beside them, which is
// the same before and after its references are resolved.
func Masked(text []byte) []byte { return keyLine.ReplaceAll(text, []byte("${1}masked")) }
