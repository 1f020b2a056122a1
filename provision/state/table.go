package state

import "slices"

// ConfirmedTablePath is where a machine keeps what [ConfirmedTable] made of
// the table it last confirmed.
const ConfirmedTablePath = "/var/lib/bulwark/firewall.confirmed"

// ConfirmedTable ties a table's text to what was live once it was loaded: the
// digests of both. Counters and handles must not be in live.
func ConfirmedTable(text Text, live string) []byte {
	return []byte("v1 " + SHA256(text) + " " + SHA256([]byte(live)))
}

// Text is bytes that JSON holds as text. A table is so long, and so many nodes have
// one, that it must be the very bytes of the file beside it.
type Text []byte

// MarshalText is the text itself.
func (t Text) MarshalText() ([]byte, error) { return t, nil }

// UnmarshalText keeps a copy.
func (t *Text) UnmarshalText(text []byte) error {
	*t = slices.Clone(text)
	return nil
}
